// What can be seen of a network: its first weights, what its layers make of an image, what it takes for what.

import { type Data, Model, metrics } from 'wasmgrad/core';
import { PIXELS, SIDE } from './datasets.js';
import type { LoadedData } from './loading.js';
import type { Maps, Mistake, TestResult } from './messages.js';

/** Maps of a layer, and mistakes, that are shown at most. */
const MOST = 16;
const MOST_MISTAKES = 24;

/** Rows of scores to probabilities. */
function softmax(scores: Float32Array, classes: number): Float32Array<ArrayBuffer> {
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

/** The channels of [height, width, channels] as pictures, the first ones where there are many. */
function picturesOf(title: string, shape: readonly number[], numbers: Float32Array): Maps {
  const [height, width, channels] = shape.length === 3 ? shape : [1, shape[0], 1];
  const count = Math.min(MOST, channels);
  const data = new Float32Array(count * height * width);
  for (let channel = 0, to = 0; channel < count; channel++)
    for (let pixel = 0; pixel < height * width; pixel++)
      data[to++] = numbers[pixel * channels + channel];
  return { title, count, of: channels, height, width, data };
}

export class Watcher {
  readonly model: Model;
  /** The same layers, with the output of each. */
  readonly #inner: Model<Model['outputs']>;

  constructor(model: Model) {
    this.model = model;
    const outputs = model.layers.map(({ output }) => output);
    this.#inner = new Model({ inputs: model.inputs, outputs, name: `${model.name}'s layers` });
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

  /** The filters of the first convolution, or the weights of a dense layer that sees the image. */
  filters(): Maps | undefined {
    const weights = this.model.weights.find(({ name }) => name.endsWith('/kernel'));
    if (!weights) return undefined;
    const { shape, data } = weights.tensor;
    if (shape.length === 4) {
      const [height, width, channels, filters] = shape;
      // The picture of a filter is its first channel; images here have just one.
      return picturesOf(
        weights.name,
        [height, width, filters],
        data.filter((_, i) => Math.floor(i / filters) % channels === 0),
      );
    }
    if (shape[0] !== PIXELS) return undefined;
    return picturesOf(weights.name, [SIDE, SIDE, shape[1]], data);
  }

  activations(x: Float32Array): readonly Maps[] {
    const outputs = this.#inner.predict(x);
    const maps = outputs.map((tensor, i) => {
      const { name } = this.model.layers[i];
      return picturesOf(name, tensor.shape.slice(1), tensor.data);
    });
    for (const tensor of outputs) tensor.dispose();
    return maps;
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
