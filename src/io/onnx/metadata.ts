// What a file's metadata say of a model that was written: labels and preprocessing, and which inputs and outputs have
// their channels last in the model.

import { FormatError } from '../../base/errors.js';
import { shown } from '../../base/shown.js';
import type { Model, Tensors } from '../../core.js';

const keyOf = (word: string): string => `wasmgrad.${word}`;

/**
 * The entries for a model, as JSON.
 *
 * @param channelsLast the names of inputs and outputs in the file that have channels, which come last in the model
 */
export function metadataOf(
  model: Model<Tensors>,
  channelsLast: readonly string[],
): Record<string, string> {
  const { labels, preprocessing } = model;
  const said = Object.entries({ channelsLast, labels, preprocessing });
  return Object.fromEntries(
    said
      .filter(([, value]) => value !== undefined)
      .map(([word, value]) => [keyOf(word), JSON.stringify(value)]),
  );
}

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

/**
 * Sets what the entries say.
 *
 * @param layout the order of the model's sides: preprocessing is about channels that come last
 * @throws {FormatError} {@link ValueError} for what no model says
 */
export function describe(
  model: Model,
  metadata: ReadonlyMap<string, string>,
  layout: 'nhwc' | 'nchw' = 'nhwc',
): void {
  const labels = entry(metadata, keyOf('labels'));
  const preprocessing = entry(metadata, keyOf('preprocessing'));
  if (labels !== undefined) model.labels = labels;
  if (preprocessing !== undefined && layout === 'nhwc') model.preprocessing = preprocessing;
}
