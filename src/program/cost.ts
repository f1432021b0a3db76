// What an op costs. Where arithmetic takes the time it is the operations of the direct algorithm, whichever is used, so
// that a faster one shows as more GFLOP/s; else the bytes that the op reads and writes.

import type { KernelArguments, KernelName } from '../../bindings/kernels.js';
import { type EmittedOp, type Operand, usesOf } from './emitter.js';

/** 10⁹ floating-point operations, or 10⁹ bytes read and written, per second. */
export type Unit = 'GFLOP/s' | 'GB/s';

/** Work: `amount` is in 10⁹ operations or bytes. */
export interface Cost {
  readonly unit: Unit;
  readonly amount: number;
}

type Arguments<K extends KernelName> = KernelArguments<Operand>[K];

/**
 * How often a tap is multiplied with a pixel: once per output, zeros of the padding included, as in the summary. For
 * the gradient of the input, which exchanges inputs and outputs, once per input.
 */
function meetings(w: Omit<Arguments<'im2col'>, 'columns' | 'x'>): number {
  const rows = Math.min(w.height, w.outputHeight) * w.kernelHeight;
  const columns = Math.min(w.width, w.outputWidth) * w.kernelWidth;
  return w.batch * rows * columns;
}

const dense = (op: Arguments<'conv' | 'convBackwardInput' | 'convBackwardFilter'>): number =>
  meetings(op) * op.channels * op.filters * op.groups;

/** Seen as pairs of pixels, filters of an odd width are wider by a tap of zeros than they are. */
const winogradBackwardFilter = (op: Arguments<'winogradBackwardFilter'>): number => {
  const row = Math.min(op.kernelWidth * op.channels, op.tapRow);
  return op.batch * op.yHeight * op.yWidth * op.kernelHeight * row * op.filters;
};

const depthwise = (op: Arguments<'depthwise' | 'depthwiseBackwardFilter'>): number =>
  meetings(op) * op.channels;

const rbf = ({
  rows,
  features,
  units,
}: Arguments<'rbf' | 'rbfBackwardInput' | 'rbfBackwardKernel'>) => rows * features * units;

/** Multiply-adds of the kernels that take longer to compute numbers than to move them. */
const multiplyAdds: { readonly [K in KernelName]?: (args: Arguments<K>) => number } = {
  gemm: ({ m, n, k }) => m * n * k,
  conv: dense,
  convBackwardInput: dense,
  convBackwardFilter: dense,
  winogradBackwardFilter,
  depthwise,
  depthwiseBackwardFilter: depthwise,
  rbf,
  rbfBackwardInput: rbf,
  rbfBackwardKernel: rbf,
};

/** What an op has to do. */
export function costOf(op: EmittedOp): Cost {
  const count = multiplyAdds[op.kernel] as ((args: EmittedOp['args']) => number) | undefined;
  const found = op.multiplyAdds ?? count?.(op.args);
  if (found !== undefined) return { unit: 'GFLOP/s', amount: (2 * found) / 1e9 };
  return { unit: 'GB/s', amount: bytesOf(op) / 1e9 };
}

/** About how many seconds an op takes one thread: at 50 GFLOP/s or 20 GB/s. */
export function timeOf(op: EmittedOp): number {
  const { unit, amount } = costOf(op);
  return amount / (unit === 'GFLOP/s' ? 50 : 20);
}

/** Bytes of all buffers: those that are read and written count twice. */
function bytesOf(op: EmittedOp): number {
  return usesOf(op).reduce(
    (sum, { value, type }) => sum + value.bytes * (type === 'inout' ? 2 : 1),
    0,
  );
}
