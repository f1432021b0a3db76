// The signature of an op's call: its name, the shapes and types of its tensors, and all its options, nested ones too.
// Calls with the same signature can share a program.

import type { Signature } from '../program/cache.js';
import { Tensor } from './tensor.js';

/** A call's signature, and its tensors in the order of the arguments, each once. */
export interface Call extends Signature {
  readonly tensors: readonly Tensor[];
}

/** The most parts of a signature: comparing more takes too long, and an argument may be circular. */
const MOST_PARTS = 128;

/** Markers in a signature. Symbols, so that no value of a user's equals them. */
const LIST = Symbol('list');
const OBJECT = Symbol('object');
const TENSOR = Symbol('tensor');

/** Reads a call; undefined where an argument is no tensor, number, word, flag, list or plain object. */
export function readCall(name: string, args: readonly unknown[]): Call | undefined {
  const parts: unknown[] = [name];
  const tensors: Tensor[] = [];
  for (const value of args) if (!read(value, parts, tensors)) return undefined;
  if (!tensors.length || parts.length > MOST_PARTS) return undefined;
  return { hash: hashOf(parts), parts, tensors };
}

/** Appends a value's description to `parts`; returns false if it has none. */
function read(value: unknown, parts: unknown[], tensors: Tensor[]): boolean {
  if (typeof value !== 'object' || value === null) {
    parts.push(value);
    return typeof value !== 'function';
  }
  if (parts.length > MOST_PARTS) return false;
  if (value instanceof Tensor) {
    const index = tensors.indexOf(value);
    parts.push(TENSOR, index);
    if (index >= 0) return true;
    tensors.push(value);
    parts.push(value.dtype, value.shape.length);
    for (const side of value.shape) parts.push(side);
    return true;
  }
  if (Array.isArray(value)) {
    if (value.length > MOST_PARTS) return false;
    parts.push(LIST, value.length);
    for (const part of value) if (!read(part, parts, tensors)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  const words = Object.keys(value);
  parts.push(OBJECT, words.length);
  for (const word of words) {
    parts.push(word);
    if (!read((value as Record<string, unknown>)[word], parts, tensors)) return false;
  }
  return true;
}

/** FNV-1a over numbers and letters. Calls of the same hash are then compared in full. */
function hashOf(parts: readonly unknown[]): number {
  let hash = 0x811c9dc5;
  const add = (number: number): void => {
    hash = Math.imul(hash ^ number, 0x01000193);
  };
  for (const part of parts) {
    if (typeof part === 'number') add((part | 0) === part ? part : part * 0x9e3779b1);
    else if (typeof part === 'string')
      for (let i = 0; i < part.length; i++) add(part.charCodeAt(i));
    else add(part === true ? 1 : 2);
  }
  return hash;
}
