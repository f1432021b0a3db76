// What can be seen of a network: what its layers make of an image, what training has changed, what it takes for what.

import { type Data, type Layer, Model, metrics, type Weight } from 'wasmgrad/core';
import { PIXELS, SIDE } from './datasets.js';
import type { Changes, Maps, Stage } from './inside.js';
import type { LoadedData } from './loading.js';
import type { Mistake, TestResult } from './messages.js';

/** Maps of a layer, and mistakes, that are shown at most. */
const MOST = 16;
const MOST_MISTAKES = 24;

/** Rows of scores to probabilities. */
export function softmax(scores: Float32Array, classes: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(scores.length);
  for (let at = 0; at < scores.length; at += classes) {
    const row = scores.subarray(at, at + classes);
    const most = Math.max(...row);
    const powers = row.map((score) => Math.exp(score - most));
    const sum = powers.reduce((a, b) => a + b);
    result.set(
      powers.map((power) => power / sum),
      at,
    );
  }
  return result;
}

/** Whether each row is of shares that sum to 1 already: scores as they come never are. */
function areProbabilities(scores: Float32Array, classes: number): boolean {
  let sum = 0;
  return scores.every((score, i) => {
    sum = (i % classes ? sum : 0) + score;
    return score >= 0 && ((i + 1) % classes !== 0 || Math.abs(sum - 1) < 1e-3);
  });
}

const argmax = (row: Float32Array): number =>
  row.reduce((best, value, i) => (value > row[best] ? i : best), 0);

/** The channels of [height, width, channels] as pictures, the first ones where there are many; all of a vector. */
function picturesOf(title: string, shape: readonly number[], numbers: Float32Array): Maps {
  const [height, width, channels] = sidesOf(shape, numbers.length);
  const count = shape.length === 3 ? Math.min(MOST, channels) : channels;
  const data = new Float32Array(count * height * width);
  for (let channel = 0, to = 0; channel < count; channel++)
    for (let pixel = 0; pixel < height * width; pixel++)
      data[to++] = numbers[pixel * channels + channel];
  return { title, count, of: channels, height, width, data };
}

/** The sides of a shape as maps: what has no height and width is a vector, maps of one pixel. */
const sidesOf = (shape: readonly number[], size: number): readonly number[] =>
  shape.length === 3 ? shape : [1, 1, size];

/** A kernel as filters for the image, if it is one: a convolution's, or a dense layer's that sees the image. */
function filtersOf(name: string, shape: readonly number[], data: Float32Array): Maps | undefined {
  if (shape.length === 4) {
    const [height, width, channels, filters] = shape;
    // The picture of a filter is its first channel; images here have just one.
    const first = data.filter((_, i) => Math.floor(i / filters) % channels === 0);
    return picturesOf(name, [height, width, filters], first);
  }
  return shape[0] === PIXELS ? picturesOf(name, [SIDE, SIDE, shape[1]], data) : undefined;
}

/** What a layer makes of an image, as maps. */
export interface Made {
  readonly layer: Layer;
  /** The numbers of the stages that it is made of; -1 is the image. */
  readonly below: readonly number[];
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** [height, width, channels] */
  readonly data: Float32Array;
}

export class Watcher {
  readonly model: Model;
  /** The same layers, with the output of each. */
  readonly #inner: Model<Model['outputs']>;
  /** The weights as they came, by name. */
  readonly #start: ReadonlyMap<string, Float32Array>;

  constructor(model: Model) {
    this.model = model;
    const outputs = model.layers.map(({ output }) => output);
    this.#inner = new Model({ inputs: model.inputs, outputs, name: `${model.name}'s layers` });
    const copies = model.weights.map(
      ({ name, tensor }) => [name, Float32Array.from(tensor.data)] as const,
    );
    this.#start = new Map(copies);
  }

  dispose(): void {
    this.#inner.dispose();
    this.model.dispose();
  }

  /** Probabilities of the classes. */
  probabilities(x: Data): Float32Array<ArrayBuffer> {
    using scores = this.model.predict(x, { batchSize: 100 });
    const [, classes] = scores.shape;
    const numbers = Float32Array.from(scores.data);
    // A model from a file may end in softmax, and in layers after it that change nothing.
    return areProbabilities(numbers, classes) ? numbers : softmax(numbers, classes);
  }

  /** What training has changed since the weights came. */
  changes(): Changes {
    const { layers, weights } = this.model;
    const kernel = weights.find(({ name }) => name.endsWith('/kernel'));
    const show = (data: Float32Array) =>
      kernel && filtersOf(kernel.name, kernel.tensor.shape, data);
    const before = kernel && show(this.#startOf(kernel));
    const now = kernel && show(kernel.tensor.data);
    const moved = layers.flatMap(({ name }, stage) => {
      const own = weights.filter((one) => one.trainable && one.name.startsWith(`${name}/`));
      const share = this.#moved(own);
      return share === undefined ? [] : [{ stage, name, share }];
    });
    return { filters: before && now && { before, now }, moved };
  }

  #startOf({ name }: Weight): Float32Array {
    return this.#start.get(name) as Float32Array;
  }

  /** How far weights are from where they began, as a share of their length there; none where that is 0. */
  #moved(weights: readonly Weight[]): number | undefined {
    let [way, length] = [0, 0];
    for (const weight of weights) {
      const now = weight.tensor.data;
      for (const [i, start] of this.#startOf(weight).entries()) {
        way += (now[i] - start) ** 2;
        length += start ** 2;
      }
    }
    return length > 0 ? Math.sqrt(way / length) : undefined;
  }

  /** What each layer makes of an image. */
  outputs(x: Float32Array): readonly Made[] {
    const { layers } = this.model;
    const numberOf = new Map(layers.map((layer, i) => [layer, i]));
    return this.#inner.predict(x).map((tensor, i) => {
      const layer = layers[i];
      const below = layer.output.inputs.map((one) => numberOf.get(one.layer) ?? -1);
      const data = Float32Array.from(tensor.data);
      const [height, width, channels] = sidesOf(layer.output.shape, data.length);
      tensor.dispose();
      return { layer, below, height, width, channels, data };
    });
  }

  /** The same as pictures. */
  activations(x: Float32Array): readonly Stage[] {
    return this.outputs(x).map(({ layer: { name, type, output }, data }) => ({
      ...picturesOf(name, output.shape, data),
      type,
    }));
  }

  test({ test: { x, y, pixels } }: LoadedData): TestResult {
    const all = this.probabilities(x);
    const classes = all.length / y.length;
    const rowOf = (i: number) => all.subarray(i * classes, (i + 1) * classes);
    const predictions = Int32Array.from(y, (_, i) => argmax(rowOf(i)));
    const { matrix, accuracy } = metrics.confusionMatrix(y, predictions, { classes });
    const wrong = Array.from(y.keys()).filter((i) => predictions[i] !== y[i]);
    const mistakes = wrong
      .map(
        (i): Mistake => ({
          pixels: pixels.slice(i * PIXELS, (i + 1) * PIXELS) as Uint8Array<ArrayBuffer>,
          label: y[i],
          predicted: predictions[i],
          probability: rowOf(i)[predictions[i]],
        }),
      )
      .sort((a, b) => b.probability - a.probability);
    return { matrix, accuracy, wrong: wrong.length, mistakes: mistakes.slice(0, MOST_MISTAKES) };
  }
}
