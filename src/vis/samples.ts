// What every function here is given: a model, images, and what of the output is meant.

import { ShapeError, ValueError } from '../base/errors.js';
import { type Shape, sameShape, show, sizeOf } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { type Data, type Model, Tensor } from '../core.js';
import { checkModel as checkIsModel } from '../io/checkmodel.js';
import { numbersOf } from '../tensor/numbers.js';

/** @throws {ValueError} for anything but a model with one input and one output */
export function checkModel(model: Model): void {
  checkIsModel(model);
  const { inputs, outputs, name } = model;
  if (inputs.length === 1 && outputs.length === 1) return;
  throw new ValueError(
    `'${name}' has ${inputs.length} inputs and ${outputs.length} outputs: make a model of one of each with its layers, new Model({ inputs, outputs })`,
  );
}

/**
 * Images as a tensor [n, ...inputShape], to be disposed of. One image without a batch dimension counts as a batch of one.
 *
 * @throws {ShapeError} for images of another shape, and for none
 * @throws {ValueError} for what are no numbers
 */
export function samplesOf(model: Model, x: Data): Tensor {
  const { inputShape } = model;
  const numbers = numbersOf('x', x);
  const own = numbers.shape ?? [numbers.length];
  if (numbers.length === 0) throw new ShapeError('x has no images: at least one is needed');
  const isOne = sameShape(own, inputShape);
  const isFlat = own.length === 1 && own[0] % sizeOf(inputShape) === 0;
  if (isOne || isFlat || sameShape(own.slice(1), inputShape)) {
    const shape = [numbers.length / sizeOf(inputShape), ...inputShape];
    return x instanceof Tensor
      ? x.reshape(shape)
      : Tensor.from(Float32Array.from(numbers.array()), shape);
  }
  throw new ShapeError(
    `x must have shape [n, ${inputShape.join(', ')}] or ${show(inputShape)}, not ${show(own)}${wayOut(own, inputShape)}`,
  );
}

/** The way out for images of another size, of other channels, or without the dimension of the channels. */
function wayOut(own: Shape, inputShape: Shape): string {
  if (inputShape.length !== 3) return '';
  const [height, width, channels] = inputShape;
  const isFlat = channels === 1 && sameShape(own.slice(-2), [height, width]);
  if (isFlat) return `: x.reshape([-1, ${height}, ${width}, 1]) adds the channel`;
  if (own.length < 3) return '';
  const isOther = own.at(-1) !== channels;
  const colours = isOther && (channels === 1 || channels === 3) ? `, channels: ${channels}` : '';
  if (isOther && !colours) return '';
  return `: resize it, as io.readImage(source, { size: [${height}, ${width}]${colours} }) does`;
}

/** A class for each sample. */
export type Target = number | ArrayLike<number>;

/**
 * The class that is meant of each sample: the given one, or the one with the highest score.
 *
 * @throws {ValueError} for a class that the model does not have, a list of another length, and what is no class
 */
export function targetsOf(model: Model, x: Tensor, target: Target | undefined): number[] {
  const [count] = x.shape;
  const classes = model.outputShape.at(-1) as number;
  if (target === undefined) return highest(model, x);
  if (typeof target !== 'number' && !Array.isArray(target) && !ArrayBuffer.isView(target))
    throw new ValueError(`target must be a class, or one for each image, not ${shown(target)}`);
  const list = typeof target === 'number' ? Array(count).fill(target) : Array.from(target);
  if (list.length !== count)
    throw new ValueError(`target has ${list.length} classes for ${count} images`);
  const bad = list.find((one) => !(Number.isInteger(one) && one >= 0 && one < classes));
  if (bad === undefined) return list;
  throw new ValueError(
    `there is no class ${shown(bad)}: the model has ${classes}, from 0 to ${classes - 1}`,
  );
}

/** The class with the highest score of each sample. */
function highest(model: Model, x: Tensor): number[] {
  const scores = model.predict(x);
  const classes = model.outputShape.at(-1) as number;
  const rows = Array.from({ length: x.shape[0] }, (_, i) =>
    scores.numbers.subarray(i * classes, (i + 1) * classes),
  );
  const found = rows.map((row) => row.indexOf(Math.max(...row)));
  scores.dispose();
  return found;
}
