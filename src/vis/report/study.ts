// What all sections of a report are about: the model, the images, and what the model says of them.

import { ShapeError, ValueError } from '../../base/errors.js';
import { purpose, Random } from '../../base/random.js';
import { show } from '../../base/shape.js';
import { type Data, type History, type Model, Tensor } from '../../core.js';
import { endOf, probabilities } from '../../model/classify.js';
import { numbersOf } from '../../tensor/numbers.js';
import { conceptsOf, type DissectOptions } from '../dissect.js';
import { type Light, lightOf } from '../light.js';
import { draw, type Picture } from '../picture.js';
import { samplesOf } from '../samples.js';
import type { Keep } from '../temporary.js';

/** The images of a report. */
export interface ReportData {
  /** [n, ...inputShape], as the model takes them. */
  readonly x: Data;
  /** Their classes: indices [n], or one-hot rows [n, classes]. */
  readonly y?: Data;
}

/** What the sections share. */
export interface Study {
  readonly model: Model;
  /** [n, ...inputShape]. */
  readonly x: Tensor;
  readonly count: number;
  /** Names of the classes; none if the output is no list of scores. */
  readonly classes: readonly string[];
  /** The class of each image, where it was given. */
  readonly right: Int32Array | undefined;
  readonly history: History | undefined;
  /** The norms of each layer's gradients in the training. */
  readonly norms: Readonly<Record<string, readonly number[]>> | undefined;
  /** Where concepts are in the images, by name: [n, height, width] each. */
  readonly masks: Readonly<Record<string, Tensor>>;
  /** The images that work which takes long is done for. */
  readonly chosen: readonly number[];
  /** About how long a prediction of one image takes, in seconds. */
  readonly seconds: number;
  /** Images at a time. */
  readonly batchSize: number;
  readonly signal: AbortSignal | undefined;
  /** How numbers become pixels; undefined for a model that takes no images. */
  readonly light: Light | undefined;
  /** Remembers a tensor that is needed while a section is made. */
  readonly keep: Keep;
  /** What the model says of each image: filled in first. */
  said: readonly Said[];
}

/** What the model says of an image. */
export interface Said {
  /** The most probable class. */
  readonly best: number;
  /** Of each class. */
  readonly chances: readonly number[];
}

/** Multiply-adds that a core does in a second. */
const SPEED = 1e10;
/** Seconds that an image takes beside them, and seconds after which others get their turn. */
const [ANYWAY, TURN] = [2e-4, 0.05];

/** A study before anything is computed. @param keep remembers the images @throws {ShapeError} {@link ValueError} for data that do not fit */
export function studyOf(
  model: Model,
  data: ReportData,
  options: {
    readonly classes?: readonly string[];
    readonly history?: History;
    readonly norms?: Readonly<Record<string, readonly number[]>>;
    readonly masks?: DissectOptions['masks'];
    readonly samples: number;
    readonly signal?: AbortSignal;
  },
  keep: Keep,
): Study {
  const x = keep(samplesOf(model, data.x));
  const [count] = x.shape;
  const classes = namesOf(model, options.classes);
  const work = model.summary({ print: null }).reduce((sum, row) => sum + row.multiplyAdds, 0);
  const seconds = ANYWAY + work / SPEED;
  return {
    ...{ model, x, count, classes, history: options.history, norms: options.norms },
    masks: conceptsOf(options.masks, x.shape.slice(0, -1)),
    signal: options.signal,
    right: data.y === undefined ? undefined : rightOf(data.y, count, classes.length),
    chosen: someOf(count, options.samples),
    seconds,
    batchSize: Math.max(1, Math.min(32, Math.floor(TURN / seconds))),
    light: model.inputShape.length === 3 ? lightOf(model, x) : undefined,
    keep,
    said: [],
  };
}

/** Some of the numbers below `count`, at random but always the same: data sets have their classes in turns or in a row. */
function someOf(count: number, most: number): number[] {
  const all = Int32Array.from({ length: count }, (_, i) => i);
  new Random(0, purpose.shuffle).shuffle(all);
  return Array.from(all.subarray(0, most)).sort((a, b) => a - b);
}

/** Some of the numbers below `count`, at equal distances. */
export const evenly = (count: number, most: number): number[] => {
  const some = Math.min(count, most);
  return Array.from({ length: some }, (_, i) => Math.floor((i * count) / some));
};

function namesOf({ outputShape, labels }: Model, given: readonly string[] | undefined): string[] {
  if (outputShape.length !== 1) return [];
  // One number is the probability of the second of two classes.
  const length = Math.max(2, outputShape[0]);
  const names = given ?? labels;
  if (names && names.length !== length)
    throw new ValueError(`the model has ${length} classes, but there are ${names.length} names`);
  return Array.from({ length }, (_, k) => names?.[k] ?? `${k}`);
}

function rightOf(y: Data, count: number, classes: number): Int32Array {
  if (classes === 0) throw new ValueError('the model has no classes, so y has no meaning');
  const given = numbersOf('y', y);
  const shape = given.shape ?? [given.length];
  const numbers = Float32Array.from(given.array());
  if (shape[0] !== count || given.length % count > 0)
    throw new ShapeError(`y must have a class for each of ${count} images, not ${show(shape)}`);
  const columns = given.length / count;
  if (columns !== 1 && columns !== classes)
    throw new ShapeError(`y must be [n] or [n, ${classes}], not ${show(shape)}`);
  return Int32Array.from({ length: count }, (_, i) => {
    const row = numbers.subarray(i * columns, (i + 1) * columns);
    const k = columns === 1 ? row[0] : row.indexOf(Math.max(...row));
    if (Number.isInteger(k) && k >= 0 && k < classes) return k;
    throw new ValueError(`y: image ${i} is ${k}, which is no class from 0 to ${classes - 1}`);
  });
}

/** What the model says, from its outputs [n, d]. */
export function saidOf({ model }: Study, outputs: Tensor): Said[] {
  const [count, size] = outputs.shape;
  const end = endOf(model.outputs[0]);
  return Array.from({ length: count }, (_, i) => {
    const row = outputs.numbers.subarray(i * size, (i + 1) * size);
    const chances = probabilities(row, end);
    return { chances, best: chances.indexOf(Math.max(...chances)) };
  });
}

/** Some of the images, as a tensor that is there while the section is made. */
export function imagesOf({ x, keep }: Study, indices: readonly number[]): Tensor {
  const size = x.size / x.shape[0];
  const numbers = new Float32Array(indices.length * size);
  for (const [i, index] of indices.entries())
    numbers.set(x.numbers.subarray(index * size, (index + 1) * size), i * size);
  return keep(Tensor.from(numbers, [indices.length, ...x.shape.slice(1)]));
}

/** An image as a picture. */
export function pictureOf({ x, light }: Study, index: number): Picture {
  const [, height, width, channels] = x.shape;
  const { numbers } = x;
  return draw(width, height, (row, column) =>
    (light as Light)(numbers, ((index * height + row) * width + column) * channels),
  );
}

/** 'is 7, says 9 (54 %)'; without the right class what it says. */
export function verdict({ right, said, classes }: Study, index: number): string {
  const { best, chances } = said[index];
  const says = `says ${classes[best]} (${(100 * chances[best]).toFixed(0)} %)`;
  return right ? `is ${classes[right[index]]}, ${says}` : says;
}

/** The class that an attribution is for: a model of one number has one score. */
export const scoreOf = ({ model }: Study, k: number): number =>
  model.outputShape[0] === 1 ? 0 : k;

/** Images that are taken for what they are, of different classes, and the worst mistakes; of unknown classes some. */
export function examplesOf(study: Study): number[] {
  const { right, said, count, classes } = study;
  if (!right) return evenly(count, 5);
  const found = evenly(classes.length, 3).map((k) =>
    said.findIndex(({ best }, i) => right[i] === k && best === k),
  );
  const good = found.filter((index) => index >= 0);
  const all = [...good, ...mistakesOf(study).slice(0, 5 - good.length)];
  return all.length > 0 ? all : [0];
}

/** The images that the model is wrong about, those first whose right class it thinks the least probable. */
export function mistakesOf({ right, said }: Study): number[] {
  if (!right) return [];
  const chance = (i: number): number => said[i].chances[right[i]];
  return said
    .flatMap(({ best }, i) => (best === right[i] ? [] : [i]))
    .sort((a, b) => chance(a) - chance(b) || a - b);
}
