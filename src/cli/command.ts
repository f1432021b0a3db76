// What a command is: its help as data, its options and what may stand behind them, and the work. cli.ts runs it.

import { parseArgs } from 'node:util';
import { nearest } from '../base/options.js';
import type { Terminal } from './terminal.js';

/** The command line was wrong, not what it led to: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** An option of a command. */
export interface Option<T = unknown> {
  /** What stands behind it, for the help: 'N', 'FILE', 'a|b'; a flag has nothing. */
  readonly value?: string;
  readonly help: string;
  /** One letter that is short for it. */
  readonly short?: string;
  /** Reads what stands behind it. @throws {UsageError} which begins with 'must be' */
  read(text: string): T;
}

/** Options by their names in code: `learningRate` is --learning-rate. */
export type Options = Readonly<Record<string, Option>>;
/** What was given for options. */
export type Values<O extends Options> = {
  readonly [W in keyof O]?: O[W] extends Option<infer T> ? T : never;
};

/** A command. */
export interface Command<O extends Options = Options> {
  /** What stands behind 'wasmgrad', such as 'predict MODEL IMAGE…'. */
  readonly usage: string;
  /** What it does, in a few lines. */
  readonly about: string;
  /** The options under their headings in the help. */
  readonly sections: Readonly<Record<string, Options>>;
  /** All of them. */
  readonly options: O;
  /** What one may type, and what comes of it. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** How many words there must be beside options; most: 1 where it is not given. */
  readonly words: { readonly least: number; readonly most?: number };
  /** @returns the exit code, 0 where it is nothing */
  // A method, so that commands of all options have this type.
  run(words: readonly string[], values: Values<O>, terminal: Terminal): Promise<number | undefined>;
}

/** Makes a command; infers the types of its options' values. */
export const command = <O extends Options>(made: Command<O>): Command<O> => made;

const must = (what: string): never => {
  throw new UsageError(`must be ${what}`);
};

/** An option without a value. */
export const flag = (help: string): Option<boolean> => ({ help, read: () => true });

/** An option with any text. */
export const text = (value: string, help: string, short?: string): Option<string> => ({
  value,
  help,
  short,
  read: (given) => given || must('a text that is not empty'),
});

/** A number that fits. @param wanted in words, such as 'a number > 0' */
export const number = (
  help: string,
  fits: (value: number) => boolean,
  wanted: string,
): Option<number> => ({
  value: 'N',
  help,
  read: (given) => {
    const value = given.trim() === '' ? Number.NaN : Number(given);
    return Number.isFinite(value) && fits(value) ? value : must(wanted);
  },
});

/** A whole number of at least `least`. */
export const whole = (help: string, least = 1): Option<number> =>
  number(
    help,
    (value) => Number.isSafeInteger(value) && value >= least,
    `a whole number ≥ ${least}`,
  );

/** A number > 0. */
export const positive = (help: string): Option<number> =>
  number(help, (value) => value > 0, 'a number > 0');

/** A number ≥ 0. */
export const atLeast0 = (help: string): Option<number> =>
  number(help, (value) => value >= 0, 'a number ≥ 0');

/** A number from 0 to less than 1. */
export const share = (help: string): Option<number> =>
  number(help, (value) => value >= 0 && value < 1, 'a number from 0 to less than 1');

/** One of some words. */
export const choice = <W extends string>(words: readonly W[], help: string): Option<W> => ({
  value: words.join('|'),
  help,
  read: (given) => {
    const found = words.find((word) => word === given);
    const all = `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
    return found ?? must(`${all}${nearest(given, words)}`);
  },
});

/** Sides of an image: 'N', or 'HEIGHTxWIDTH'. */
export const size = (help: string): Option<readonly [number, number]> => ({
  value: 'N|HxW',
  help,
  read: (given) => {
    const [, height, width = height] =
      /^([1-9]\d{0,4})(?:[x×]([1-9]\d{0,4}))?$/.exec(given) ??
      must('a side in pixels such as 64, or height and width such as 48x64');
    return [Number(height), Number(width)];
  },
});

/** The shape of an input: sides with an x between them. */
export const shape = (help: string): Option<readonly number[]> => ({
  value: 'HxWxC',
  help,
  read: (given) => {
    if (!/^[1-9]\d{0,8}([x×][1-9]\d{0,8})*$/.test(given))
      must('height, width and channels such as 224x224x3');
    return given.split(/[x×]/).map(Number);
  },
});

/** The name of an option as it is typed: 'learningRate' is 'learning-rate'. */
export const dashed = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * Reads the words and options of a command.
 *
 * @throws {UsageError} for an unknown option, one without its value, a value that does not fit, too few or many words
 */
export function readArguments<O extends Options>(
  { options, words: { least, most = 1 }, usage }: Command<O>,
  args: readonly string[],
): { words: string[]; values: Values<O> } {
  const known = new Map(
    Object.entries(options).map(([name, one]) => [dashed(name), { name, one }]),
  );
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      [...known].map(([name, { one }]) => [
        name,
        {
          type: one.value === undefined ? ('boolean' as const) : ('string' as const),
          ...(one.short ? { short: one.short } : {}),
        },
      ]),
    ),
  });
  const words: string[] = [];
  const values: Record<string, unknown> = {};
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { rawName: typed, value } = token;
    const found = known.get(token.name);
    if (!found)
      throw new UsageError(
        `there is no option ${typed}${nearest(
          typed,
          [...known.keys()].map((name) => `--${name}`),
        )}`,
      );
    const { name, one } = found;
    if (one.value === undefined && value !== undefined)
      throw new UsageError(`${typed} takes no value: there is '${value}'`);
    // '--epochs --seed 1': the next option is no value.
    if (one.value !== undefined && (value === undefined || /^--\D/.test(value)))
      throw new UsageError(`${typed} needs a value: ${typed} ${one.value}`);
    try {
      values[name] = one.read(value ?? '');
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`${typed} ${error.message}, not '${value}'`);
    }
  }
  if (words.length < least) throw new UsageError(`too few words: wasmgrad ${usage}`);
  if (words.length > most)
    throw new UsageError(`one word too many, '${words[most]}': wasmgrad ${usage}`);
  return { words, values: values as Values<O> };
}
