// `classify`: turns a picture into the model's input, and its output into labelled answers.

import { ShapeError } from '../base/errors.js';
import { namingAsync } from '../base/namingasync.js';
import { checkOptions, whole } from '../base/options.js';
import { type Shape, show } from '../base/shape.js';
import { checkNormalization } from '../data/normalization.js';
import { normalizeInto } from '../data/normalize.js';
import { frame } from '../image/frame.js';
import type { ImageSource } from '../image/imagesource.js';
import { type DecodedImage, resize, withChannels } from '../image/resize.js';
import { pixelsOf } from '../image/source.js';
import type { SymbolicTensor } from '../network/layer.js';
import { Tensor } from '../tensor/tensor.js';
import type { PreprocessingOptions } from './about.js';

/** A picture: pixels [height, width, channels] as a tensor, or whatever `io.readImage` reads. */
export type Picture = Tensor | ImageSource;

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

/** @throws as `pixelsOf` @throws {ShapeError} for a tensor of other dimensions */
async function imageOf(picture: Picture): Promise<Image> {
  if (!(picture instanceof Tensor)) return pixelsOf(picture);
  const { shape } = picture;
  const [height, width, channels] = shape;
  if (shape.length === 3)
    return { height, width, channels, data: Float32Array.from(picture.numbers) };
  throw new ShapeError(`a picture is [height, width, channels], not ${show(shape)}`);
}

/**
 * The input [height, width, channels] for a picture: in grey or RGB as the input is, the part that the preprocessing
 * says, resampled and normalized.
 *
 * @throws {ShapeError} for pictures whose channels do not fit
 * @throws as `pixelsOf`
 */
async function inputFor(
  picture: Picture,
  inputShape: Shape,
  preprocessing: PreprocessingOptions | undefined,
): Promise<Float32Array> {
  if (inputShape.length !== 3) {
    throw new ShapeError(
      `the model takes ${show(inputShape)}, not pictures [height, width, channels]`,
    );
  }
  const { resize, ...normalization } = preprocessing ?? {};
  const { data, ...fitted } = fit(await imageOf(picture), inputShape, resize);
  if (!preprocessing) return Float32Array.from(data);
  const x = new Float32Array(fitted.height * fitted.width * fitted.channels);
  normalizeInto(x, data, 0, checkNormalization(normalization));
  return x;
}

function fit(
  image: Image,
  [height, width, channels]: Shape,
  wanted: PreprocessingOptions['resize'],
): Image {
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
  if (own.height === height && own.width === width && wanted === undefined) return own;
  const length = height * width * channels;
  const data = own.data instanceof Float32Array ? new Float32Array(length) : new Uint8Array(length);
  const { size, part } = frame(own, { resize: wanted, size: [height, width] });
  resize(data, own, size, part);
  return { data, height, width, channels };
}

/** Layers that change no number in prediction, beside those that never do. */
const passing = ['dropout', 'spatialDropout2d'];

/** The last activation before an output; the type of the last layer if it has none. */
export function endOf(output: SymbolicTensor): string {
  let node = output;
  while (node.layer.fusion.keepsNumbers || passing.includes(node.layer.type)) [node] = node.inputs;
  const { type, options } = node.layer;
  return (options as { activation?: string }).activation ?? type;
}

/** The probabilities of the classes, from a row of the output; from a single number those of no and yes. */
export function probabilities(row: ArrayLike<number>, end: string): number[] {
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
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  readonly labels: readonly string[] | undefined;
  readonly preprocessing: PreprocessingOptions | undefined;
  predict(x: Float32Array): Tensor | Tensor[];
}

/** See `Model.classify`. */
export async function classify(
  model: Classifier,
  picture: Picture,
  options: ClassifyOptions,
): Promise<Answer[]> {
  const { preprocessing, inputShape, inputs } = model;
  const where = `${model.name}.classify`;
  const { topK = 5 } = checkOptions(where, options, { topK: whole(1) });
  const x = await namingAsync(where, async () => {
    if (inputs.length > 1)
      throw new ShapeError(
        `the model has ${inputs.length} inputs, and a picture goes into one: model.predict takes all of them`,
      );
    return inputFor(picture, inputShape, preprocessing);
  });
  const results = [model.predict(x)].flat();
  try {
    return answersOf(model.outputs[0], results[0].numbers, model.labels, topK);
  } finally {
    for (const y of results) y.dispose();
  }
}
