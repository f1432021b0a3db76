// Feature visualization: an image that a unit answers to, found by climbing its gradient (Erhan et al., 2009; Olah et
// al., Distill 2017).

import { ShapeError } from '../base/errors.js';
import { namingAsync } from '../base/namingasync.js';
import {
  abortSignal,
  anySeed,
  between,
  callable,
  checkOptions,
  positive,
  required,
  text,
  whole,
} from '../base/options.js';
import { purpose, Random } from '../base/random.js';
import { show } from '../base/shape.js';
import { Model, type SymbolicTensor, Tensor } from '../core.js';
import { checkModel } from './samples.js';
import { temporarilyAsync } from './temporary.js';
import { checkUnit, layerOf } from './units.js';

/** Options of `vis.maximize`. */
export interface MaximizeOptions {
  /** The layer whose unit is meant; a dense layer's units before its softmax are classes. */
  layer: string;
  /** The channel of its maps, or the index in its vector. */
  unit: number;
  /** 256 by default. */
  steps?: number;
  /** How far a step goes, as a share of the image's usual number: 0.05 by default. */
  learningRate?: number;
  /** Before each step the image moves by up to so many pixels, so that no pixel pattern fits one place: 4 by default. */
  jitter?: number;
  /** After every fourth step the image is blurred by so many pixels, which keeps high frequencies down: 0.5 by default. */
  blur?: number;
  /**
   * The weight of a penalty on the squared differences between neighbouring pixels, which grow with the square of the
   * frequency, 0 to 1: how much of a pixel's distance to its neighbours' mean each step takes away. 0 by default.
   */
  frequencyPenalty?: number;
  /** 0 by default. */
  seed?: number;
  /** Called after each step with the share of the work that is done, from 0 to 1. */
  onProgress?: (done: number) => void;
  /** Aborts between two steps. */
  signal?: AbortSignal;
}

const words = {
  ...required({ layer: text, unit: whole(0) }),
  steps: whole(1),
  learningRate: positive,
  jitter: whole(0),
  blur: between(0),
  frequencyPenalty: between(0, 1),
  seed: anySeed,
  onProgress: callable,
  signal: abortSignal,
};

/** Steps from one blur to the next. */
const EVERY = 4;

/**
 * An image that a unit answers to strongly, in the numbers that the model takes: mean 0, variance 1.
 *
 * @returns [height, width, channels]
 * @throws {ShapeError} for a model that takes no images
 * @throws {ValueError} for an unknown layer or unit
 * @throws {StateError} after the model's `dispose`
 */
export async function maximize(model: Model, options: MaximizeOptions): Promise<Tensor> {
  return namingAsync('vis.maximize', async () => {
    checkModel(model);
    const {
      layer,
      unit,
      steps = 256,
      learningRate = 0.05,
      jitter = 4,
      blur = 0.5,
      frequencyPenalty = 0,
      seed = 0,
      onProgress,
      signal,
    } = checkOptions('vis.maximize', options, words);
    const { inputShape } = model;
    if (inputShape.length !== 3)
      throw new ShapeError(
        `the model takes ${show(inputShape)}, not images [height, width, channels]`,
      );
    // Throws after dispose: a model made of its layers would have new weights.
    void model.weights;
    const node = layerOf(model, layer);
    const output = checkUnit(node, unit);
    const random = new Random(seed, purpose.augment);
    let image = Float32Array.from(
      { length: inputShape.reduce((a, b) => a * b) },
      () => 0.1 * random.truncatedNormal(),
    );
    const part = new Model({ inputs: model.inputs[0], outputs: node });
    try {
      for (let step = 0; step < steps; step++) {
        const shift = [0, 0].map(() => Math.round((random.uniform() * 2 - 1) * jitter));
        image = rolled(image, inputShape, shift);
        climb(image, await gradientOf(part, image, output, signal), learningRate);
        if (frequencyPenalty > 0) image = smoothed(image, inputShape, frequencyPenalty);
        image = rolled(
          image,
          inputShape,
          shift.map((one) => -one),
        );
        if (blur > 0 && step % EVERY === EVERY - 1) image = blurred(image, inputShape, blur);
        onProgress?.((step + 1) / steps);
      }
    } finally {
      part.dispose();
    }
    return Tensor.from(standardized(image), inputShape);
  });
}

function gradientOf(
  part: Model<SymbolicTensor>,
  image: Float32Array,
  output: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  return temporarilyAsync(async (keep) => {
    const x = keep(Tensor.from(image, [1, ...part.inputShape]));
    const how = { output, logits: true, wanted: 'input', signal } as const;
    return Float32Array.from(keep(await part.gradients(x, how)).numbers);
  });
}

const rms = (numbers: Float32Array): number =>
  Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0) / numbers.length);

/** A step uphill: as long for small gradients as for large ones. */
function climb(image: Float32Array, gradient: Float32Array, rate: number): void {
  const size = rms(gradient);
  if (size > 0) for (let i = 0; i < image.length; i++) image[i] += (rate * gradient[i]) / size;
}

function standardized(image: Float32Array): Float32Array {
  const mean = image.reduce((a, b) => a + b, 0) / image.length;
  const moved = image.map((value) => value - mean);
  const size = rms(moved) || 1;
  return moved.map((value) => value / size);
}

/** The image moved down and right; what leaves on one side comes in on the other. */
function rolled(
  image: Float32Array,
  [height, width, channels]: readonly number[],
  [down, right]: readonly number[],
): Float32Array<ArrayBuffer> {
  const to = new Float32Array(image.length);
  const line = width * channels;
  const turn = (((right % width) + width) % width) * channels;
  for (let row = 0; row < height; row++) {
    const at = ((((row + down) % height) + height) % height) * line;
    const from = image.subarray(row * line, (row + 1) * line);
    to.set(from.subarray(0, line - turn), at + turn);
    to.set(from.subarray(line - turn), at);
  }
  return to;
}

/** A step down the penalty: every pixel so far towards the mean of its neighbours; beyond an edge it is its own. */
function smoothed(
  image: Float32Array,
  [height, width, channels]: readonly number[],
  share: number,
): Float32Array<ArrayBuffer> {
  const line = width * channels;
  return Float32Array.from(image, (value, i) => {
    const [row, column] = [Math.floor(i / line), Math.floor(i / channels) % width];
    const up = row > 0 ? image[i - line] : value;
    const down = row < height - 1 ? image[i + line] : value;
    const left = column > 0 ? image[i - channels] : value;
    const right = column < width - 1 ? image[i + channels] : value;
    return value + share * ((up + down + left + right) / 4 - value);
  });
}

/** Gaussian blur; at the edges, of what is there. */
function blurred(
  image: Float32Array,
  [height, width, channels]: readonly number[],
  deviation: number,
): Float32Array<ArrayBuffer> {
  const reach = Math.ceil(3 * deviation);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)),
  );
  const along = (from: Float32Array, length: number, stride: number): Float32Array<ArrayBuffer> =>
    Float32Array.from(from, (_, i) => {
      const place = Math.floor(i / stride) % length;
      let [sum, whole] = [0, 0];
      for (let tap = -reach; tap <= reach; tap++) {
        if (place + tap < 0 || place + tap >= length) continue;
        sum += weights[tap + reach] * from[i + tap * stride];
        whole += weights[tap + reach];
      }
      return sum / whole;
    });
  return along(along(image, width, channels), height, width * channels);
}
