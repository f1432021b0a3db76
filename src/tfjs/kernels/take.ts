// What takes parts of arrays: rows by their numbers, pieces, every second element; and blocks of images.

import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../../base/shape.js';
import { gatherRows, sumSegments } from '../../operators/arrays/lookup.emit.js';
import {
  copyStrided,
  fillWith,
  offsetOf,
  permute,
  stridesOf,
  whole,
} from '../../operators/arrays/strides.emit.js';
import type { Emitter, Value } from '../../program/emitter.js';
import type { Asked, Native, Plan } from '../kernel.js';
import { moves } from './arrange.js';

/** Whether all indices are below n: TF.js's kernel says which is not. */
function areWithin({ inputs: [x], attrs, numbers }: Asked): boolean {
  const shape = x?.shape ?? [];
  const [axis] = util.parseAxisParam(attrs.axis, shape);
  const indices = numbers(1);
  for (let i = 0; i < indices.length; i++)
    if (!(indices[i] >= 0 && indices[i] < shape[axis])) return false;
  return true;
}

function gather([x, indices]: readonly Shape[], attrs: { axis: number; batchDims?: number }): Plan {
  const [axis] = util.parseAxisParam(attrs.axis, [...x]);
  const [given, chosen] = [x, indices].map((shape) => ({ shape: [...shape] }));
  const info = backend_util.segment_util.collectGatherOpShapeInfo(
    given as never,
    chosen as never,
    axis,
    attrs.batchDims ?? 0,
  );
  const { batchSize: batch, outerSize: outer, dimSize: n, sliceSize: slice } = info;
  const count = sizeOf(indices) / batch;
  return {
    shapes: [info.outputShape],
    emit: (e, [y], [vx, vi]) => gatherRows(e, y, vx, vi, { batch, outer, n, count, slice }),
  };
}

/** Pieces along an axis, of these sizes. */
function pieces(x: Shape, axis: number, sizes: readonly number[], shapes: readonly Shape[]): Plan {
  const stride = stridesOf(x)[axis];
  return {
    shapes,
    emit(e, ys, [vx]) {
      let at = 0;
      ys.forEach((y, i) => {
        const shape = x.map((side, k) => (k === axis ? sizes[i] : side));
        const from = { value: vx, strides: stridesOf(x), offset: at * stride };
        copyStrided(e, { value: y, strides: stridesOf(shape) }, from, shape);
        at += sizes[i];
      });
    },
  };
}

interface StridedSlice {
  readonly begin: number[];
  readonly end: number[];
  readonly strides: number[];
  readonly beginMask: number;
  readonly endMask: number;
  readonly ellipsisMask: number;
  readonly newAxisMask: number;
  readonly shrinkAxisMask: number;
}

function stridedSlice([x]: readonly Shape[], attrs: StridedSlice): Plan | undefined {
  const { begin, end, strides, beginMask, endMask } = attrs;
  const { ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  const info = slice_util.sliceInfo(
    [...x],
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  // All of x: TF.js copies nothing.
  if (info.isIdentity) return undefined;
  const shape = slice_util.computeOutShape(info.begin, info.end, info.strides);
  return {
    shapes: [info.finalShape],
    emit(e, [y], [vx]) {
      const steps = stridesOf(x).map((step, i) => step * info.strides[i]);
      const from = { value: vx, strides: steps, offset: offsetOf(x, info.begin) };
      copyStrided(e, { value: y, strides: stridesOf(shape) }, from, shape);
    },
  };
}

/** Along each axis three pieces, mirrored before and after. */
function mirrorPad(
  [x]: readonly Shape[],
  { paddings, mode }: { paddings: readonly [number, number][]; mode: 'reflect' | 'symmetric' },
): Plan {
  const skipped = mode === 'reflect' ? 1 : 0;
  const result = x.map((side, i) => side + paddings[i][0] + paddings[i][1]);
  const [to, from] = [stridesOf(result), stridesOf(x)];
  const emit = (e: Emitter, y: Value, vx: Value, axis: number, part: Part): void => {
    if (axis === x.length) {
      const source = { value: vx, strides: part.steps, offset: part.from };
      copyStrided(e, { value: y, strides: to, offset: part.to }, source, part.shape);
      return;
    }
    const [before, after] = paddings[axis];
    const n = x[axis];
    const along = (size: number, begin: number, first: number, sign: number): void => {
      if (size === 0) return;
      emit(e, y, vx, axis + 1, {
        shape: [...part.shape, size],
        steps: [...part.steps, sign * from[axis]],
        from: part.from + first * from[axis],
        to: part.to + begin * to[axis],
      });
    };
    along(before, 0, before - 1 + skipped, -1);
    along(n, before, 0, 1);
    along(after, before + n, n - 1 - skipped, -1);
  };
  return {
    shapes: [result],
    emit: (e, [y], [vx]) => emit(e, y, vx, 0, { shape: [], steps: [], from: 0, to: 0 }),
  };
}

/** A piece of a copy. */
interface Part {
  readonly shape: Shape;
  readonly steps: readonly number[];
  readonly from: number;
  readonly to: number;
}

function depthToSpace(
  [x]: readonly Shape[],
  { blockSize: block, dataFormat }: { blockSize: number; dataFormat: string },
): Plan | undefined {
  if (dataFormat !== 'NHWC') return undefined;
  const [batch, height, width, channels] = x;
  const left = channels / (block * block);
  const apart = [batch, height, width, block, block, left];
  return {
    shapes: [[batch, height * block, width * block, left]],
    emit: (e, [y], [vx]) => permute(e, y, vx, apart, [0, 1, 3, 2, 4, 5]),
  };
}

interface Blocks {
  readonly blockShape: readonly number[];
  readonly crops: [number, number][];
  readonly paddings: readonly [number, number][];
}

function spaceToBatch([x]: readonly Shape[], { blockShape, paddings }: Blocks): Plan {
  const block = [...blockShape];
  const all = x.map((_, i) => paddings[i - 1] ?? ([0, 0] as const));
  const padded = x.map((side, i) => side + all[i][0] + all[i][1]);
  const size = sizeOf(block);
  const apart = backend_util.getReshaped(padded, block, size, false);
  const order = backend_util.getPermuted(apart.length, block.length, false);
  return {
    shapes: [backend_util.getReshapedPermuted(padded, block, size, false)],
    emit(e, [y], [vx]) {
      let from = vx;
      if (sizeOf(padded) !== sizeOf(x)) {
        from = e.value(padded);
        fillWith(e, from, 0);
        const first = all.map(([before]) => before);
        const to = { value: from, strides: stridesOf(padded), offset: offsetOf(padded, first) };
        copyStrided(e, to, whole(vx), x);
      }
      permute(e, y, from, apart, order);
    },
  };
}

function batchToSpace([x]: readonly Shape[], { blockShape, crops }: Blocks): Plan {
  const block = [...blockShape];
  const size = sizeOf(block);
  const apart = backend_util.getReshaped([...x], block, size);
  const order = backend_util.getPermuted(apart.length, block.length);
  const together = backend_util.getReshapedPermuted([...x], block, size);
  const rest = together.slice(block.length + 1);
  const first = [...backend_util.getSliceBeginCoords(crops, block.length), ...rest.map(() => 0)];
  const result = [...backend_util.getSliceSize(together, crops, block.length), ...rest];
  return {
    shapes: [result],
    emit(e, [y], [vx]) {
      const isWhole = sizeOf(result) === sizeOf(together);
      const all = isWhole ? y : e.value(together);
      permute(e, all, vx, apart, order);
      if (isWhole) return;
      const from = { value: all, strides: stridesOf(together), offset: offsetOf(together, first) };
      copyStrided(e, whole(y), from, result);
    },
  };
}

export const takeKernels: readonly Native[] = [
  {
    name: 'GatherV2',
    inputs: ['x', 'indices'],
    types: ['any', 'int32'],
    result: 'any',
    wants: areWithin,
    plan: gather,
  },
  {
    // The gradient of GatherV2.
    name: 'UnsortedSegmentSum',
    inputs: ['x', 'segmentIds'],
    types: ['float32', 'int32'],
    plan([x, ids], { numSegments }: { numSegments: number }) {
      if (ids.length !== 1 || ids[0] !== x[0]) return undefined;
      return {
        shapes: [[numSegments, ...x.slice(1)]],
        emit: (e, [y], [vx, vi]) => sumSegments(e, y, vx, vi),
      };
    },
  },
  {
    name: 'SplitV',
    inputs: ['x'],
    ...moves,
    isList: true,
    plan([x], attrs: { numOrSizeSplits: number | number[]; axis: number }) {
      const [axis] = util.parseAxisParam(attrs.axis, [...x]);
      const given = { shape: [...x] };
      const sizes = backend_util.prepareSplitSize(given as never, attrs.numOrSizeSplits, axis);
      const shapes = sizes.map((size) => x.map((side, i) => (i === axis ? size : side)));
      return pieces(x, axis, sizes, shapes);
    },
  },
  {
    name: 'Unpack',
    inputs: ['value'],
    ...moves,
    isList: true,
    plan([x], attrs: { axis: number }) {
      const [axis] = util.parseAxisParam(attrs.axis, [...x]);
      const sizes = Array<number>(x[axis]).fill(1);
      const shape = x.filter((_, i) => i !== axis);
      return pieces(
        x,
        axis,
        sizes,
        sizes.map(() => shape),
      );
    },
  },
  { name: 'StridedSlice', inputs: ['x'], ...moves, plan: stridedSlice },
  { name: 'MirrorPad', inputs: ['x'], ...moves, plan: mirrorPad },
  { name: 'DepthToSpace', inputs: ['x'], ...moves, plan: depthToSpace },
  { name: 'SpaceToBatchND', inputs: ['x'], plan: spaceToBatch },
  { name: 'BatchToSpaceND', inputs: ['x'], ...moves, plan: batchToSpace },
];
