// Scores of a model for labelled images, batch by batch: bytes are normalized as the model's file says.

import { type Model, type PreprocessingOptions, ValueError } from '../core.js';
import { type LabelledImages, normalize } from '../data/index.js';
import { listed } from './faults.js';

/** Images at a time. */
const BATCH = 64;

/** Raw pixels, where a model has no preprocessing: as `classify` takes them. */
const AS_THEY_ARE = { scale: 1 };

/** What the model takes for bytes. Folders are brought to its size before, so what it resizes is left out. */
export function inputOf({ preprocessing = AS_THEY_ARE }: Model, bytes: Uint8Array): Float32Array {
  const { resize: _resize, ...options }: PreprocessingOptions = preprocessing;
  return normalize(bytes, options);
}

/** The outputs of the first output for all images, a row for each. @param onProgress is told how many are done */
export function scoresOf(
  model: Model,
  { images, labels, shape }: LabelledImages,
  onProgress: (done: number) => void,
): Float32Array[] {
  const size = shape.slice(1).reduce((all, side) => all * side, 1);
  const rows: Float32Array[] = [];
  for (let first = 0; first < labels.length; first += BATCH) {
    const part = images.subarray(first * size, (first + BATCH) * size);
    const x = inputOf(model, part);
    const results = [model.predict(x, { batchSize: BATCH })].flat();
    const numbers = Float32Array.from(results[0].data);
    const columns = numbers.length / (part.length / size);
    for (let at = 0; at < numbers.length; at += columns)
      rows.push(numbers.subarray(at, at + columns));
    for (const result of results) result.dispose();
    onProgress(rows.length);
  }
  return rows;
}

/** What a single number must be above to mean class 1: ½ of a probability, 0 of a logit. */
export function thresholdOf({ outputs: [{ layer }] }: Pick<Model, 'outputs'>): number {
  const { activation } = layer.options as { activation?: string };
  return layer.type === 'sigmoid' || activation === 'sigmoid' ? 0.5 : 0;
}

/** Classes from the most to the least probable; a single number means class 1 above `threshold`, else class 0. */
export function ranked(row: Float32Array, threshold: number): number[] {
  if (row.length === 1) return row[0] > threshold ? [1, 0] : [0, 1];
  return [...row.keys()].sort((a, b) => row[b] - row[a]);
}

/**
 * The number that each class of a data set has in the model: by its name, or by its place where the model has no
 * labels or the files no names.
 *
 * @throws {ValueError} for classes that the model does not know
 */
export function classMap(
  model: Pick<Model, 'labels' | 'outputShape'>,
  classes: readonly string[],
): number[] {
  const { labels, outputShape } = model;
  const count = Math.max(2, outputShape[0]);
  const isNumbered = classes.every((name, k) => name === `${k}`);
  if (labels && classes.every((name) => labels.includes(name)))
    return classes.map((name) => labels.indexOf(name));
  if ((!labels || isNumbered) && classes.length <= count) return classes.map((_, k) => k);
  const unknown = classes.filter((name) => !labels?.includes(name));
  throw new ValueError(
    labels && !isNumbered
      ? `the model does not know ${listed(unknown.map((name) => `'${name}'`))}: its labels are ${listed(labels)}`
      : `the data have ${classes.length} classes, but the model ${count}`,
  );
}
