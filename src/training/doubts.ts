// Warnings of what is probably a mistake, but may be meant: each is given once for each model, and nothing is refused.

import { sizeOf } from '../base/shape.js';
import { IGNORED } from '../operators/loss/loss.emit.js';
import type { Engine } from './engine.js';
import type { Range } from './measure.js';
import type { Samples, TargetSource } from './samples.js';

/** The warnings that each model's engine has given. */
const said = new WeakMap<Engine, Set<string>>();

function warnOnce(engine: Engine, { where }: Samples, what: string): void {
  const before = said.get(engine) ?? new Set();
  said.set(engine, before);
  if (!before.has(what)) console.warn(`wasmgrad: ${where}: ${what}`);
  before.add(what);
}

/**
 * Warns if the validation has classes that the training lacks, as the end of a sorted data set does: the model cannot
 * learn them, and the accuracy of the validation means nothing.
 */
export function warnOfUnseenClasses(engine: Engine, trained: Range, validated: Range): void {
  trained.samples.y.forEach((source, i) => {
    const classes = engine.network.graph.outputs[i].shape.at(-1) as number;
    const known = classesIn(source, classes, trained);
    if (!known) return;
    const other = classesIn(validated.samples.y[i], classes, validated) ?? known;
    const unseen = [...other].filter((label) => !known.has(label)).sort((a, b) => a - b);
    if (unseen.length === 0) return;
    const list = unseen.length > 10 ? `${unseen.slice(0, 10).join(', ')}, …` : unseen.join(', ');
    warnOnce(
      engine,
      trained.samples,
      `the validation has samples of ${unseen.length === 1 ? 'class' : 'classes'} ${list} in ${source.name}, of which training has none: are the samples sorted? data.split(x, y) takes the same share of each class`,
    );
  });
}

/** The classes of some samples, whose targets are indices, one-hot rows, or single numbers −1, 0 and 1; else undefined. */
function classesIn(
  { kind, size, copy }: TargetSource,
  classes: number,
  { from, to }: Range,
): Set<number> | undefined {
  const found = new Set<number>();
  const row = kind === 'labels' ? new Int32Array(size) : new Float32Array(size);
  for (let sample = from; sample < to && found.size < Math.max(classes, 2); sample++) {
    copy(sample, row, 0);
    const width = kind === 'labels' ? 1 : classes;
    for (let at = 0; at < size; at += width) {
      const label = width === 1 ? row[at] : oneHot(row.subarray(at, at + width));
      if (kind === 'labels' && row[at] === IGNORED) continue;
      if (label === undefined || (kind === 'targets' && width === 1 && ![-1, 0, 1].includes(label)))
        return undefined;
      found.add(label);
    }
  }
  return found;
}

function oneHot(row: Int32Array | Float32Array): number | undefined {
  const label = row.indexOf(1);
  const isOneHot = label >= 0 && row.every((value, k) => value === (k === label ? 1 : 0));
  return isOneHot ? label : undefined;
}

/** How many samples are looked at, spread evenly over all of them. */
const LOOKS = 64;

/** No pixel of a normalized image is this large. Even dark images of bytes from 0 to 255 have one that is. */
const BRIGHT = 32;

/** Rows of so many whole numbers from 0 to 255 are images that were made flat, such as MNIST's 784 pixels. */
const PIXELS = 64;

/**
 * Warns of images with pixels from 0 to 255, unless the first layer is a batch norm: training on them explodes, or
 * learns little.
 */
export function warnOfRawPixels(
  engine: Engine,
  samples: Samples,
  from = 0,
  to = samples.count,
): void {
  const { inputs, nodes } = engine.network.graph;
  inputs.forEach((input, i) => {
    const { shape } = input;
    const isFlat = shape.length === 1 && shape[0] >= PIXELS;
    const isImage = isFlat || (shape.length === 3 && [1, 3, 4].includes(shape[2]));
    const readers = nodes.filter((node) => node.inputs.includes(input));
    if (!isImage || readers.every(({ layer }) => layer.type === 'batchNorm')) return;
    const image = new Float32Array(sizeOf(shape));
    let most = 0;
    for (let look = 0; look < LOOKS; look++) {
      samples.x[i].copy(from + Math.floor((look * (to - from)) / LOOKS), image, 0);
      for (const value of image) {
        if (!(value >= 0 && value <= 255) || (isFlat && value % 1)) return;
        most = Math.max(most, value);
      }
    }
    if (most <= BRIGHT) return;
    warnOnce(
      engine,
      samples,
      `the images in ${samples.x[i].name} have numbers from 0 to ${most}: networks learn badly on others than about −1 to 1; data.normalize(images) makes such of bytes`,
    );
  });
}
