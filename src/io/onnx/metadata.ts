// What a file's metadata say of a model that was written: labels and preprocessing, which inputs and outputs have their
// channels last in the model, and which layers do not learn.

import { FormatError } from '../../base/errors.js';
import { shown } from '../../base/shown.js';
import type { Layer, Model, Tensors } from '../../core.js';

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
  const names = model.layers.filter(doesNotLearn).map(({ name }) => name);
  const frozen = names.length > 0 ? names : undefined;
  const said = Object.entries({ channelsLast, labels, preprocessing, frozen });
  return Object.fromEntries(
    said
      .filter(([, value]) => value !== undefined)
      .map(([word, value]) => [keyOf(word), JSON.stringify(value)]),
  );
}

/** Whether a layer has weights that training leaves as they are. */
const doesNotLearn = ({ trainable, parameters }: Layer): boolean =>
  !trainable && parameters.length > 0;

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

/** A list of names. */
function namesIn(metadata: ReadonlyMap<string, string>, word: string): ReadonlySet<unknown> {
  const names = entry(metadata, keyOf(word));
  return new Set(Array.isArray(names) ? names : []);
}

/** The inputs and outputs whose channels come last in the model, by their names in the file. */
export const channelsLast = (metadata: ReadonlyMap<string, string>): ReadonlySet<unknown> =>
  namesIn(metadata, 'channelsLast');

/** The names of layers that do not learn. Their weights in the file begin with these. */
export const frozenLayers = (metadata: ReadonlyMap<string, string>): ReadonlySet<unknown> =>
  namesIn(metadata, 'frozen');

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
