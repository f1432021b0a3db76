// Numbers as users give them: in a tensor, a typed array, or nested arrays.

import { ValueError } from '../base/errors.js';
import { about } from '../base/naming.js';
import type { Shape } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { isNumberArray, nestedData, type TensorData } from './nested.js';
import { liveArray } from './storage.js';
import { Tensor } from './tensor.js';

/** Numbers for one input or output: a tensor, a typed array, or nested arrays. */
export type Data = Tensor | TensorData;

/** Data as one flat array, with its shape if the data have one: flat typed arrays have none. */
export interface Numbers {
  readonly length: number;
  readonly shape: Shape | undefined;
  /** Call it anew for each use: when linear memory grows, older arrays become empty. */
  array(): ArrayLike<number>;
}

/** @throws {ValueError} for data that are no numbers; `name` says which */
export function numbersOf(name: string, data: Data): Numbers {
  if (data instanceof Tensor)
    return { length: data.size, shape: data.shape, array: () => data.numbers };
  if (isNumberArray(data)) return { length: data.length, shape: undefined, array: liveArray(data) };
  if (!Array.isArray(data)) {
    throw new ValueError(
      `${name} must be a Tensor, a typed array of numbers or nested arrays, not ${shown(data)}`,
    );
  }
  if (data.some((one: unknown) => one instanceof Tensor)) {
    throw new ValueError(
      `${name} is a list of tensors: give one tensor of all samples, or their numbers, as in ${name}.map((one) => one.toArray())`,
    );
  }
  const { shape, numbers } = about(name, () => nestedData(data));
  return { length: numbers.length, shape, array: () => numbers };
}
