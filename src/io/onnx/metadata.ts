// Labels and preprocessing of a model, as entries of a file's metadata.

import { FormatError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { shown } from '../../base/shown.js';
import type { Model } from '../../core.js';

/** What is written: a model's properties, each as JSON. */
const words = ['labels', 'preprocessing'] as const;

const keyOf = (word: (typeof words)[number]): string => `wasmgrad.${word}`;

/** The entries for a model, as JSON. */
export function metadataOf(model: Pick<Model, (typeof words)[number]>): Record<string, string> {
  const given = words.filter((word) => model[word] !== undefined);
  return Object.fromEntries(given.map((word) => [keyOf(word), JSON.stringify(model[word])]));
}

/** Sets what the entries say. @throws {FormatError} {@link ValueError} for what no model says */
export function describe(model: Model, metadata: ReadonlyMap<string, string>): void {
  for (const word of words) {
    const text = metadata.get(keyOf(word));
    if (text === undefined) continue;
    naming(`the metadata ${keyOf(word)}`, () => {
      model[word] = parsed(text);
    });
  }
}

function parsed(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    throw new FormatError(`not JSON: ${shown(text)}`);
  }
}
