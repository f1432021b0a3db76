// Options objects: a misspelt word or a value of another type must not be ignored in silence.

import { ValueError } from './errors.js';
import { naming } from './naming.js';
import { shown } from './shown.js';

/** What an option must be, in words, unless the value is it. */
export type Check = ((value: unknown) => string | undefined) & { readonly isRequired?: true };

/** What each option must be. */
export type Words<O = Record<string, unknown>> = { readonly [W in keyof O]?: Check };

const check =
  (fits: (value: unknown) => boolean, wanted: string): Check =>
  (value) =>
    fits(value) ? undefined : wanted;

const isNumber = (value: unknown): value is number => Number.isFinite(value);

/** true or false. */
export const flag = check((value) => typeof value === 'boolean', 'true or false');
/** A function. */
export const callable = check((value) => typeof value === 'function', 'a function');
/** A function, or null for none. */
export const callableOrNull = check(
  (value) => value === null || typeof value === 'function',
  'a function, or null for none',
);
/** Text that is not empty. */
export const text = check(
  (value) => typeof value === 'string' && value !== '',
  'text that is not empty',
);
/** Whether the number is finite in float32 too, in which kernels compute. */
export const isFloat32 = (value: number): boolean => Number.isFinite(Math.fround(value));

/** A number that is not finite in float32, for a message that goes on. */
export const notFloat32 = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN';
  return `${value}, ${Number.isFinite(value) ? '' : 'or '}more than float32 holds,`;
};

/** A number that fits, and that is finite in float32. */
export const number =
  (fits: (value: number) => boolean, wanted: string): Check =>
  (value) => {
    if (!isNumber(value) || !fits(value)) return wanted;
    return isFloat32(value) ? undefined : `${wanted}, and one that float32 holds`;
  };
/** A finite number. */
export const finite = number(() => true, 'a number');
/** A finite number > 0. */
export const positive = number((value) => Math.fround(value) > 0, 'a number > 0');
/** A number ≥ 0 that is not rounded to 0 by float32. */
export const epsilon = number(
  (value) => value === 0 || Math.fround(value) > 0,
  'a number ≥ 0 that float32 holds',
);
/** A number from 0 to less than 1. */
export const share = number((value) => value >= 0 && value < 1, 'a number from 0 to less than 1');
/** A number between 0 and 1. */
export const fraction = number(
  (value) => value > 0 && value < 1,
  'a number between 0 and 1, such as 0.2',
);
/** A finite number of at least `least`, and at most `most`. */
export const between = (least: number, most = Number.POSITIVE_INFINITY): Check =>
  number(
    (value) => value >= least && value <= most,
    most === Number.POSITIVE_INFINITY ? `a number ≥ ${least}` : `a number from ${least} to ${most}`,
  );
/** The largest whole number that kernels count with. */
export const MOST = 2 ** 31 - 1;

/** A whole number of at least `least`, and at most `most`. */
export const whole =
  (least: number, most = MOST): Check =>
  (value) => {
    const isWhole = Number.isInteger(value);
    if (isWhole && (value as number) >= least && (value as number) <= most) return undefined;
    // What kernels cannot count is only worth saying where it was tried.
    const isOpen = most === MOST && !(isWhole && (value as number) > most);
    return `a whole number ${isOpen ? `≥ ${least}` : `from ${least} to ${most}`}`;
  };
/** A seed of random numbers. */
export const anySeed = whole(0, Number.MAX_SAFE_INTEGER);
/** One of some words; the nearest is named where it is none. */
export const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string) ? undefined : `${listed(words)}${nearest(value, words)}`;
/** An AbortSignal. */
export const abortSignal = check(
  (value) =>
    typeof (value as AbortSignal | null)?.addEventListener === 'function' &&
    typeof (value as AbortSignal).aborted === 'boolean',
  'an AbortSignal, such as the signal of new AbortController()',
);
/** What another check wants, or one word. */
export const or = (wanted: Check, word: string): Check => {
  return (value) => {
    const missed = value === word ? undefined : wanted(value);
    return missed && `${missed} or '${word}'`;
  };
};
/** Nothing: whoever takes the options looks at it. */
export const any: Check = () => undefined;
/** Options that whoever takes them looks at. */
export const forwarded = (...words: readonly string[]): Words =>
  Object.fromEntries(words.map((word) => [word, any]));
/** Options that must be given; without this word they need not. */
export const required = (words: Words): Words =>
  Object.fromEntries(
    Object.entries<Check | undefined>(words).map(([word, wanted]) => [
      word,
      Object.assign((value: unknown) => wanted?.(value), { isRequired: true } as const),
    ]),
  );

/**
 * The options, once they are known to be right: each word is known, and each value what it must be. Values that
 * are undefined are options that were not given.
 *
 * @throws {ValueError} for anything but an object, for a word that there is not, and for a value of another kind
 */
export function optionsOf<O extends object>(options: O, words: Words<O>): O {
  const known = Object.keys(words);
  const given = { ...objectOf<Record<string, unknown>>(options as never, known[0]) };
  const unknown = Object.keys(given).find((word) => !known.includes(word));
  if (unknown !== undefined) {
    throw new ValueError(
      `there is no option ${shown(unknown)}${inOurWords(unknown, known)}; there are ${known.join(', ') || 'none'}${together(options, known)}`,
    );
  }
  for (const [word, wanted] of Object.entries<Check | undefined>(words))
    if (wanted && (given[word] !== undefined || wanted.isRequired))
      checkValue(word, given[word], wanted);
  return options;
}

/** The same for options of the call or layer of this name. */
export const checkOptions = <O extends object>(where: string, options: O, words: Words<O>): O =>
  naming(where, () => optionsOf(options, words));

/** What others call some options. */
const foreign: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  p: 'rate',
  eps: 'epsilon',
  ignore_index: 'ignoreClass',
};

function inOurWords(word: string, known: readonly string[]): string {
  if (word === 'inputShape') return ', which is one of new Sequential(layers, { inputShape })';
  const own = Object.hasOwn(foreign, word) ? foreign[word] : '';
  return known.includes(own) ? ` (did you mean '${own}'?)` : nearest(word, known);
}

/** What to say of something that was made to be an option, not the options: an optimizer, a layer, a tensor. */
function together(given: object, known: readonly string[]): string {
  const prototype = Object.getPrototypeOf(given);
  const isMade = 'type' in given || (prototype !== null && prototype !== Object.prototype);
  return isMade ? `, together in one object, { ${known.slice(0, 2).join(', ')} }` : '';
}

/** One value that must be something. @throws {ValueError} */
export function checkValue(name: string, value: unknown, wanted: Check): void {
  const missed = wanted(value);
  if (missed) throw new ValueError(`${name} must be ${missed}, not ${shown(value)}`);
}

/** The options, whatever they are called. @throws {ValueError} for anything but an object that can be read */
export function objectOf<O extends object>(options: O, example = 'name'): O {
  try {
    if (typeof options === 'object' && options !== null && !isList(options)) {
      if (Object.entries(options).length > 0 || isPlain(options)) return options;
    }
  } catch (cause) {
    throw new ValueError('the options cannot be read', { cause });
  }
  const what =
    typeof options === 'object' && options !== null && isList(options)
      ? 'an array'
      : shown(options);
  throw new ValueError(`expected an options object, such as { ${example}: … }, not ${what}`);
}

/** The same for options of the call or layer of this name. */
export const checkObject = <O extends object>(where: string, options: O, example?: string): O =>
  naming(where, () => objectOf(options, example));

/** Whether an object is of no class: a tensor in place of options has no words either. */
function isPlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const isList = (value: object): boolean => Array.isArray(value) || ArrayBuffer.isView(value);

/** 'a', 'b' or 'c'. */
function listed(words: readonly string[]): string {
  const quoted = words.map((word) => `'${word}'`);
  return [quoted.slice(0, -1).join(', '), quoted.at(-1)].filter(Boolean).join(' or ');
}

/** Which of some words was meant, as part of a message; nothing where none is near. */
export function nearest(word: unknown, words: readonly string[]): string {
  if (typeof word !== 'string' || word.length > 40) return '';
  const plain = (one: string): string => one.toLowerCase().replace(/[_-]/g, '');
  const given = plain(word);
  for (let edits = 0; edits <= Math.min(4, Math.max(1, word.length / 3)); edits++) {
    // A shortened word is as near as can be: 'acc' of 'accuracy'.
    const found = words.find(
      (other) =>
        (given.length > 2 && plain(other).startsWith(given)) || isNear(given, plain(other), edits),
    );
    if (found) return ` (did you mean '${found}'?)`;
  }
  return '';
}

/** Whether a word becomes another by so many letters put in, left out, replaced, or swapped with the next (Damerau). */
function isNear(a: string, b: string, edits: number): boolean {
  if (a === b) return true;
  const after = (i: number, j = i): boolean => isNear(a.slice(i), b.slice(j), edits - 1);
  if (a[0] === b[0]) return isNear(a.slice(1), b.slice(1), edits);
  if (edits < 1) return false;
  return after(1, 0) || after(0, 1) || after(1) || (a[1] + a[0] === b.slice(0, 2) && after(2));
}
