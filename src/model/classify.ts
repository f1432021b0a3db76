// `classify`: turns a picture into the model's input, and its output into labelled answers.

import { ShapeError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkOptions, whole } from '../base/options.js';
import { checkInteger, type Shape, show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import {
  checkNormalization,
  type Normalization,
  type NormalizeOptions,
} from '../data/normalization.js';
import { normalizeInto } from '../data/normalize.js';
import { centreCrop, type DecodedImage, resize, withChannels } from '../data/resize.js';
import type { SymbolicTensor } from '../network/layer.js';
import { Tensor } from '../tensor/tensor.js';

/** A picture: pixels [height, width, channels], or what a canvas's `getImageData` returns. */
export type Picture =
  | Tensor
  | {
      /** Bytes, [height, width, channels]; the number of channels follows from the length. */
      readonly data: Uint8Array | Uint8ClampedArray;
      readonly width: number;
      readonly height: number;
    };

/** Options of `classify`. */
export interface ClassifyOptions {
  /** How many answers, the most probable first: 5 by default, or all if there are fewer classes. */
  topK?: number;
}

/** A class and its probability. */
export interface Answer {
  /** Its name in `model.labels`; without labels its index as text. */
  readonly label: string;
  readonly index: number;
  /** From 0 to 1. */
  readonly probability: number;
}

type Pixels = Uint8Array | Uint8ClampedArray | Float32Array;

/** The pixels of any picture. */
interface Image extends Omit<DecodedImage, 'data'> {
  readonly data: Pixels;
}

/** @throws {ValueError} for anything but a picture @throws {ShapeError} for one with other dimensions */
function imageOf(picture: Picture): Image {
  if (picture instanceof Tensor) {
    const { shape } = picture;
    const [height, width, channels] = shape;
    if (shape.length === 3)
      return { height, width, channels, data: Float32Array.from(picture.numbers) };
    throw new ShapeError(`a picture is [height, width, channels], not ${show(shape)}`);
  }
  const data: unknown = picture?.data;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new ValueError(
      `a picture is a Tensor [height, width, channels] or { data, width, height } with bytes, not ${shown(picture)}`,
    );
  }
  const height = checkInteger('height', picture.height);
  const width = checkInteger('width', picture.width);
  const channels = data.length / (height * width);
  if (Number.isInteger(channels) && channels >= 1 && channels <= 4)
    return { data, height, width, channels };
  throw new ShapeError(
    `${data.length} bytes are no picture of ${width}×${height} pixels with 1 to 4 channels`,
  );
}

/**
 * The input [height, width, channels] for a picture: its middle with the input's ratio of height and width, resampled,
 * in grey or RGB as the input is, normalized.
 *
 * @throws {ShapeError} {@link ValueError} for anything but a picture, or one whose channels do not fit
 */
function inputFor(
  picture: Picture,
  inputShape: Shape,
  preprocessing: Normalization | undefined,
): Float32Array {
  if (inputShape.length !== 3) {
    throw new ShapeError(
      `the model takes ${show(inputShape)}, not pictures [height, width, channels]`,
    );
  }
  const image = imageOf(picture);
  const { data, ...fitted } = fit(image, inputShape);
  if (!preprocessing) return Float32Array.from(data);
  const x = new Float32Array(fitted.height * fitted.width * fitted.channels);
  normalizeInto(x, data, 0, preprocessing);
  return x;
}

function fit(image: Image, [height, width, channels]: Shape): Image {
  let own = image;
  if (own.channels !== channels) {
    const isOne = own.data instanceof Float32Array || (channels !== 1 && channels !== 3);
    if (isOne) {
      throw new ShapeError(
        `the picture has ${own.channels} channels, but the model takes ${channels}`,
      );
    }
    own = withChannels(own as DecodedImage, channels as 1 | 3);
  }
  if (own.height === height && own.width === width) return own;
  const size = height * width * channels;
  const data = own.data instanceof Float32Array ? new Float32Array(size) : new Uint8Array(size);
  resize(data, own, [height, width], centreCrop(own, [height, width]));
  return { data, height, width, channels };
}

/** Layers that change no number in prediction, beside those that never do. */
const passing = ['dropout', 'spatialDropout2d'];

/** The last activation before an output; the type of the last layer if it has none. */
function endOf(output: SymbolicTensor): string {
  let node = output;
  while (node.layer.fusion.keepsNumbers || passing.includes(node.layer.type)) [node] = node.inputs;
  const { type, options } = node.layer;
  return (options as { activation?: string }).activation ?? type;
}

/** The probabilities of the classes, from a row of the output; from a single number those of no and yes. */
function probabilities(row: ArrayLike<number>, end: string): number[] {
  const x = Array.from(row);
  if (x.length === 1) {
    const yes = end === 'sigmoid' ? x[0] : 1 / (1 + Math.exp(-x[0]));
    return [1 - yes, yes];
  }
  if (end === 'softmax' || end === 'sigmoid') return x;
  const most = Math.max(...x);
  const powers = x.map((v) => Math.exp(v - most));
  const sum = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / sum);
}

/** The answers for a row of an output, the most probable first. */
function answersOf(
  output: SymbolicTensor,
  row: ArrayLike<number>,
  labels: readonly string[] | undefined,
  topK: number,
): Answer[] {
  return probabilities(row, endOf(output))
    .map((probability, index) => ({ label: labels?.[index] ?? `${index}`, index, probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, topK);
}

/** A model, as far as `classify` needs it. */
interface Classifier {
  readonly name: string;
  readonly inputShape: Shape;
  readonly outputs: readonly SymbolicTensor[];
  readonly labels: readonly string[] | undefined;
  readonly preprocessing: NormalizeOptions | undefined;
  predict(x: Float32Array): Tensor | Tensor[];
}

/** See `Model.classify`. */
export function classify(model: Classifier, picture: Picture, options: ClassifyOptions): Answer[] {
  const { preprocessing, inputShape } = model;
  const where = `${model.name}.classify`;
  const x = naming(where, () => {
    const normalization = preprocessing && checkNormalization(preprocessing);
    return inputFor(picture, inputShape, normalization);
  });
  const results = [model.predict(x)].flat();
  try {
    const { topK = 5 } = checkOptions(where, options, { topK: whole(1) });
    return answersOf(model.outputs[0], results[0].numbers, model.labels, topK);
  } finally {
    for (const y of results) y.dispose();
  }
}
