// Filters made by hand, and ops that apply them to images.

import { ShapeError, ValueError } from '../../base/errors.js';
import { about, naming } from '../../base/naming.js';
import { forwarded, optionsOf } from '../../base/options.js';
import { checkInteger, checkRank, type Padding, type Shape, show } from '../../base/shape.js';
import { asValue } from '../../program/emitter.js';
import { argument, callOp, recipe } from '../../tensor/eager.js';
import { nestedData } from '../../tensor/nested.js';
import { Tensor } from '../../tensor/tensor.js';
import { convForward } from './conv.emit.js';
import { convGeometry, convOutputShape } from './geometry.emit.js';

/** A filter for images: its rows. */
export type ImageFilter = readonly (readonly number[])[];

/** The most taps of a filter that is made here: a larger one is no list to hold in JavaScript. */
const MOST_PIXELS = 2 ** 20;

/** The filters that textbooks on image processing name, to be laid on the image as they are. */
export const filters = {
  /** Changes nothing. */
  identity: [
    [0, 0, 0],
    [0, 1, 0],
    [0, 0, 0],
  ],
  /** The mean of `height`×`width` pixels; square where only one side is given. */
  boxBlur: (height: number, width = height): ImageFilter => {
    const pixels = naming(
      'filters.boxBlur',
      () => checkInteger('height', height) * checkInteger('width', width),
    );
    if (pixels > MOST_PIXELS) {
      throw new ValueError(
        `filters.boxBlur: a filter of ${height}×${width} is ${pixels} pixels, more than ${MOST_PIXELS}: use avgPool2d, or blur twice`,
      );
    }
    return Array.from({ length: height }, () => new Array<number>(width).fill(1 / pixels));
  },
  /** Blurs; the pixel itself counts twice. The sum of its taps is 10: the image becomes as many times brighter. */
  smoothing: [
    [1, 1, 1],
    [1, 2, 1],
    [1, 1, 1],
  ],
  /** Adds to a pixel how much it differs from its four neighbours. */
  sharpen: [
    [0, -1, 0],
    [-1, 5, -1],
    [0, -1, 0],
  ],
  /** The same with all eight neighbours: highPass + identity. */
  sharpen8: [
    [-1, -1, -1],
    [-1, 9, -1],
    [-1, -1, -1],
  ],
  /** Edges: 0 where neighbouring pixels are the same. */
  highPass: [
    [-1, -1, -1],
    [-1, 8, -1],
    [-1, -1, -1],
  ],
  /** Makes it look embossed, lit along the diagonal. */
  raised: [
    [0, 0, -2],
    [0, 2, 0],
    [1, 0, 0],
  ],
  /** The image twice, moved apart along the diagonal. */
  motionBlur: [
    [0, 0, 1],
    [0, 0, 0],
    [1, 0, 0],
  ],
  /** The slope from left to right, eightfold. */
  sobelX: [
    [-1, 0, 1],
    [-2, 0, 2],
    [-1, 0, 1],
  ],
  /** The slope from top to bottom, eightfold. */
  sobelY: [
    [-1, -2, -1],
    [0, 0, 0],
    [1, 2, 1],
  ],
} as const satisfies Record<
  string,
  ImageFilter | ((height: number, width?: number) => ImageFilter)
>;

/** How a filter is laid on an image. */
export interface FilterOptions {
  /** 'same' by default: zeros around the image, which keeps its size. */
  padding?: Padding;
}

/**
 * Lays a filter on an image, on each channel by itself: cross-correlation, as in convolutional layers.
 *
 * @param image [height, width], [height, width, channels] or [batch, height, width, channels]
 * @param filter rows of equal length, such as `filters.sharpen`
 * @returns as many dimensions
 */
export function filterImage(
  image: Tensor,
  filter: ImageFilter,
  options: FilterOptions = {},
): Tensor {
  return naming('filterImage', () => lay(image, filter, options));
}

/**
 * How steep an image is at each pixel: √(Gx² + Gy²) of Sobel's two filters, of each channel by itself.
 *
 * @param image [height, width], [height, width, channels] or [batch, height, width, channels]
 * @returns as many dimensions
 */
export function sobelMagnitude(image: Tensor, options: FilterOptions = {}): Tensor {
  const down = naming('sobelMagnitude', () => lay(image, filters.sobelY, options));
  try {
    const y = lay(image, filters.sobelX, options);
    const [gx, gy] = [y.numbers, down.numbers];
    for (let i = 0; i < gx.length; i++) gx[i] = Math.sqrt(gx[i] ** 2 + gy[i] ** 2);
    return y;
  } finally {
    down.dispose();
  }
}

function lay(image: Tensor, filter: ImageFilter, options: FilterOptions): Tensor {
  argument('image', image);
  const { padding = 'same' } = optionsOf(options, forwarded('padding'));
  const inputShape = withBatch(image.shape);
  const channels = inputShape[3];
  const { shape, numbers } = about('the filter', () => {
    const rows = nestedData(filter);
    checkRank(rows.shape, ['height', 'width']);
    return rows;
  });
  const filterShape = [...shape, 1, channels];
  const g = convGeometry(inputShape, filterShape, { padding, groups: channels });
  const repeated = Array.from(numbers, (weight) => new Array<number>(channels).fill(weight));
  const rank = image.shape.length;
  const outputShape = convOutputShape(g).slice(rank === 4 ? 0 : 1, rank === 2 ? 3 : 4);
  const weights = Tensor.from(repeated.flat(), filterShape);
  try {
    const [y] = callOp('filterImage', [image, weights, padding], () =>
      recipe([outputShape], (e, vy) => convForward(e, vy, asValue(image), asValue(weights), g)),
    );
    return y;
  } finally {
    weights.dispose();
  }
}

/** [batch, height, width, channels] of an image that may lack the batch, or both it and the channels. */
function withBatch(shape: Shape): Shape {
  if (shape.length === 2) return [1, ...shape, 1];
  if (shape.length === 3) return [1, ...shape];
  if (shape.length === 4) return shape;
  throw new ShapeError(
    `image must be [height, width], [height, width, channels] or [batch, height, width, channels], not ${show(shape)}`,
  );
}
