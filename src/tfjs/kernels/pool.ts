// Pooling, and its gradients.

import { backend_util, util } from '@tensorflow/tfjs-core';
import { ValueError } from '../../base/errors.js';
import { type Shape, sizeOf } from '../../base/shape.js';
import { copyStrided, offsetOf, stridesOf, whole } from '../../operators/arrays/strides.emit.js';
import {
  argmaxValue,
  averagePoolBackward,
  averagePoolForward,
  choiceType,
  maxPoolBackward,
  maxPoolForward,
  type PoolGeometry,
  poolGeometry,
  poolOutputShape,
} from '../../operators/pool/pool.emit.js';
import { none, Value } from '../../program/emitter.js';
import type { Native } from '../kernel.js';

interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: Parameters<typeof backend_util.computePool2DInfo>[4];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil' | null;
}

/** A pooling's sizes, by TF.js's own arithmetic. @throws {ValueError} for what ours cannot do */
function geometry(
  shape: Shape,
  { filterSize, strides, pad, dimRoundingMode }: PoolAttributes,
): PoolGeometry {
  if (shape.length !== 4) throw new ValueError('only images');
  const info = backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode ?? undefined,
  );
  const { top, bottom, left, right } = info.padInfo;
  const g = poolGeometry(shape, {
    poolSize: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    padding: [
      [top, bottom],
      [left, right],
    ],
    dimRoundingMode: 'floor',
  });
  // Where each pixel is a window, TF.js hands x on: it copies nothing, and keeps NaN.
  const isOurs = g.kernelHeight * g.kernelWidth * g.strideHeight * g.strideWidth > 1;
  if (!(isOurs && util.arraysEqual([...poolOutputShape(g)], info.outShape)))
    throw new ValueError('another shape');
  return g;
}

const typeOf = (g: PoolGeometry) => choiceType(g.kernelHeight * g.kernelWidth);

/** Floats that have room for the argmax. */
const floatsOf = (g: PoolGeometry): number =>
  Math.ceil(sizeOf(poolOutputShape(g)) / (typeOf(g) === 'uint8' ? 4 : 1));

/** The argmax in memory that is counted in floats. */
const argmaxIn = (kept: Value, g: PoolGeometry): Value =>
  new Value(poolOutputShape(g), { dtype: typeOf(g), base: kept });

/** The side of an image with the border that windows reach over. */
const reach = (pad: number, side: number, count: number, stride: number, window: number): number =>
  Math.max(pad + side, (count - 1) * stride + window);

export const poolKernels: readonly Native[] = [
  {
    name: 'MaxPool',
    inputs: ['x'],
    plan([x], attrs: PoolAttributes) {
      const g = geometry(x, attrs);
      return {
        shapes: [poolOutputShape(g)],
        emit: (e, [y], [vx]) => maxPoolForward(e, y, none, vx, g, 'max', false),
      };
    },
    planKept([x], attrs: PoolAttributes) {
      const g = geometry(x, attrs);
      return {
        shapes: [poolOutputShape(g), [floatsOf(g)]],
        emit: (e, [y, kept], [vx]) => maxPoolForward(e, y, argmaxIn(kept, g), vx, g, 'max', false),
      };
    },
  },
  {
    name: 'MaxPoolGrad',
    inputs: ['dy', 'input', 'output'],
    kept: 2,
    plan([dy, x], attrs: PoolAttributes) {
      const g = geometry(x, attrs);
      if (!util.arraysEqual([...dy], [...poolOutputShape(g)])) return undefined;
      return {
        shapes: [x],
        emit: (e, [dx], [vdy, vx, , kept]) => {
          const argmax = kept ? argmaxIn(kept, g) : argmaxValue(e, g);
          if (!kept) maxPoolForward(e, e.value(poolOutputShape(g)), argmax, vx, g, 'max', false);
          maxPoolBackward(e, dx, vdy, argmax, g);
        },
      };
    },
  },
  {
    name: 'AvgPool',
    inputs: ['x'],
    plan([x], attrs: PoolAttributes) {
      const g = geometry(x, attrs);
      return {
        shapes: [poolOutputShape(g)],
        emit: (e, [y], [vx]) => averagePoolForward(e, y, vx, g),
      };
    },
  },
  {
    name: 'AvgPoolGrad',
    inputs: ['dy', 'input'],
    plan([dy, x], attrs: PoolAttributes) {
      const g = geometry(x, attrs);
      if (!util.arraysEqual([...dy], [...poolOutputShape(g)])) return undefined;
      // TF.js divides by the whole window over the border, too: as if the border were a part of the image.
      const height = reach(g.padTop, g.height, g.outputHeight, g.strideHeight, g.kernelHeight);
      const width = reach(g.padLeft, g.width, g.outputWidth, g.strideWidth, g.kernelWidth);
      const all = [x[0], height, width, x[3]];
      return {
        shapes: [x],
        emit: (e, [dx], [vdy]) => {
          const bordered = sizeOf(all) > sizeOf(x) ? e.value(all) : dx;
          averagePoolBackward(e, bordered, vdy, { ...g, height, width, padTop: 0, padLeft: 0 });
          if (bordered === dx) return;
          const offset = offsetOf(all, [0, g.padTop, g.padLeft, 0]);
          copyStrided(e, whole(dx), { value: bordered, strides: stridesOf(all), offset }, x);
        },
      };
    },
  },
];
