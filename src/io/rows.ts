// Which number of a flat tensor is which where images are [channels, height, width], as in PyTorch.

import { sizeOf } from '../base/shape.js';
import type { SymbolicTensor } from '../network/layer.js';

/**
 * For each number of a tensor without pixels, its place where flatten puts channels first; undefined if it is the same.
 */
export function rowsOf(x: SymbolicTensor): readonly number[] | undefined {
  const { shape, inputs, layer } = x;
  if (shape.length > 1) {
    const channels = shape[shape.length - 1];
    const pixels = sizeOf(shape) / channels;
    if (pixels === 1 || channels === 1) return undefined;
    return Array.from(
      { length: pixels * channels },
      (_, i) => (i % channels) * pixels + Math.floor(i / channels),
    );
  }
  if (inputs.length === 0) return undefined;
  if (layer.type === 'concat') return joined(inputs);
  // A layer that mixes numbers makes others of them, which have no pixels.
  const keeps = sizeOf(inputs[0].shape) === sizeOf(shape);
  const mixes = layer.parameters.some(({ name }) => name === 'kernel');
  return keeps && !mixes ? rowsOf(inputs[0]) : undefined;
}

/** The rows of tensors one after another. */
function joined(inputs: readonly SymbolicTensor[]): readonly number[] | undefined {
  const rows = inputs.map(rowsOf);
  if (rows.every((one) => one === undefined)) return undefined;
  let end = 0;
  return inputs.flatMap(({ shape }, i) => {
    const begin = end;
    end += shape[0];
    return Array.from({ length: shape[0] }, (_, at) => begin + (rows[i]?.[at] ?? at));
  });
}
