// A file's JSON by type: what is missing or of another kind is an error that names it.

import { FormatError } from '../../base/errors.js';
import { shown } from '../../base/shown.js';

/** An object of a file. */
export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** What JSON says. @throws {FormatError} for anything but JSON */
export function parsed(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${what} is no JSON (${(cause as Error).message})`, { cause });
  }
}

/** An object, called `what` in messages. @throws {FormatError} for anything else */
export function objectAt(what: string, value: unknown): Json {
  if (isObject(value)) return value;
  throw new FormatError(`${what} must be an object, not ${shown(value)}`);
}

/** A list, called `what` in messages. @throws {FormatError} for anything else */
export function listAt(what: string, value: unknown): readonly unknown[] {
  if (isList(value)) return value;
  throw new FormatError(`${what} must be a list, not ${shown(value)}`);
}

/** Text, called `what` in messages. @throws {FormatError} for anything else */
export function textAt(what: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new FormatError(`${what} must be text, not ${shown(value)}`);
}

/** Sides of a shape, or of windows: whole numbers ≥ `least`. @throws {FormatError} for anything else */
export function sidesAt(what: string, value: unknown, least = 0): number[] {
  const isSide = (side: unknown): side is number =>
    Number.isSafeInteger(side) && (side as number) >= least;
  if (isList(value) && value.every(isSide)) return [...value];
  throw new FormatError(`${what} must be whole numbers ≥ ${least}, not ${shown(value)}`);
}

/** The configuration of a layer. What it leaves out, and null, is the default. */
export class Config {
  readonly json: Json;

  constructor(json: Json) {
    this.json = json;
  }

  /** The first of these words that the file has. Versions of Keras differ in some. */
  get(...words: readonly string[]): unknown {
    const word = words.find((one) => Object.hasOwn(this.json, one) && this.json[one] !== null);
    return word === undefined ? undefined : this.json[word];
  }

  number(word: string, otherwise?: number): number {
    const value = this.get(word) ?? otherwise;
    if (typeof value === 'number') return value;
    throw new FormatError(`its ${word} must be a number, not ${shown(value)}`);
  }

  flag(word: string, otherwise: boolean): boolean {
    const value = this.get(word) ?? otherwise;
    if (typeof value === 'boolean') return value;
    throw new FormatError(`its ${word} must be true or false, not ${shown(value)}`);
  }

  text(word: string, otherwise: string): string {
    return textAt(`its ${word}`, this.get(word) ?? otherwise);
  }

  /** `count` whole numbers; a single number stands for all of them. */
  sides(word: string, count: number, otherwise?: number | readonly number[], least = 1): number[] {
    const value = this.get(word) ?? otherwise;
    const list = isList(value) ? value : new Array(count).fill(value);
    if (list.length === count) return sidesAt(`its ${word}`, list, least);
    throw new FormatError(`its ${word} must be ${count} numbers, not ${shown(value)}`);
  }

  /** Axes of a sample, of a number or a list of those of a batch. @param rank the batch's */
  axes(word: string, rank: number, otherwise: number): number[] {
    const value = this.get(word) ?? otherwise;
    return (isList(value) ? value : [value]).map((axis) => {
      const own = (axis as number) < 0 ? (axis as number) + rank : (axis as number);
      if (Number.isInteger(own) && own >= 1 && own < rank) return own - 1;
      throw new FormatError(
        `its ${word} is ${shown(value)}, of ${rank} dimensions with the batch, which it cannot be`,
      );
    });
  }
}
