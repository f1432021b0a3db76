// What a file's metadata say of a model that was written: labels and preprocessing, and which inputs and outputs have
// their channels last in the model.

import { FormatError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { shown } from '../../base/shown.js';
import type { Model, SymbolicTensor, Tensors } from '../../core.js';

/** The properties of a model that are written, each as JSON. */
const words = ['labels', 'preprocessing'] as const;

const keyOf = (word: (typeof words)[number] | 'channelsLast'): string => `wasmgrad.${word}`;

/** The entries for a model, as JSON. */
export function metadataOf(model: Model<Tensors>): Record<string, string> {
  const channelsLast = [
    ...named(model.inputs, model.inputNames),
    ...named(model.outputs, model.outputNames),
  ];
  const said = words.filter((word) => model[word] !== undefined);
  return {
    [keyOf('channelsLast')]: JSON.stringify(channelsLast),
    ...Object.fromEntries(said.map((word) => [keyOf(word), JSON.stringify(model[word])])),
  };
}

/** The names of tensors that have channels and something before them. */
const named = (tensors: readonly SymbolicTensor[], names: readonly string[]): string[] =>
  names.filter((_, i) => tensors[i].shape.length > 1);

/** An entry's value; undefined where there is none. @throws {FormatError} for anything but JSON */
function entry(metadata: ReadonlyMap<string, string>, key: string) {
  const text = metadata.get(key);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new FormatError(`the metadata ${key} are not JSON: ${shown(text)}`);
  }
}

/** The inputs and outputs whose channels come last in the model, by their names in the file. */
export function channelsLast(metadata: ReadonlyMap<string, string>): ReadonlySet<unknown> {
  const names = entry(metadata, keyOf('channelsLast'));
  return new Set(Array.isArray(names) ? names : []);
}

/** Sets what the entries say. @throws {FormatError} {@link ValueError} for what no model says */
export function describe(model: Model, metadata: ReadonlyMap<string, string>): void {
  for (const word of words) {
    const value = entry(metadata, keyOf(word));
    if (value !== undefined)
      naming(`the metadata ${keyOf(word)}`, () => {
        model[word] = value;
      });
  }
}
