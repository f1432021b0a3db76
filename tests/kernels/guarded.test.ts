// Kernels between sentinels: what pooling, padding, upsampling, response normalisation and concatenation
// read and write beside their buffers, or before they have written it.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Shape, sizeOf } from '../../src/base/shape.js';
import { concatBackward, concatForward } from '../../src/operators/merge/concat.emit.js';
import { fullLrn, lrnBackward, lrnForward } from '../../src/operators/norm/lrn.emit.js';
import * as blur from '../../src/operators/pool/blur.emit.js';
import * as channel from '../../src/operators/pool/channelpool.emit.js';
import * as pool from '../../src/operators/pool/pool.emit.js';
import * as pad from '../../src/operators/spatial/pad.emit.js';
import * as up from '../../src/operators/spatial/upsample.emit.js';
import { Emitter, none, type Value } from '../../src/program/emitter.js';
import { Guarded } from '../helpers/guarded.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** Forward and backward of one op: shapes of x and y, and what emits y and dx. */
interface Op {
  x: Shape;
  y: Shape;
  emit: (e: Emitter, at: { x: Value; y: Value; dy: Value; dx: Value }, guard: Guard) => void;
}

/** Puts a value between sentinels too, to the next whole word. */
type Guard = (value: Value) => Value;

type Direction<G> = (e: Emitter, to: Value, from: Value, g: G) => void;

/** An op whose backward needs dy alone. */
function linear<G>(x: Shape, y: Shape, g: G, forward: Direction<G>, backward: Direction<G>): Op {
  return {
    ...{ x, y },
    emit(e, at) {
      forward(e, at.y, at.x, g);
      backward(e, at.dx, at.dy, g);
    },
  };
}

function choosing(g: pool.PoolGeometry, choice: pool.Choice): Op {
  return {
    x: [g.batch, g.height, g.width, g.channels],
    y: pool.poolOutputShape(g),
    emit(e, { x, y, dy, dx }, guard) {
      const argmax = guard(pool.argmaxValue(e, g));
      pool.maxPoolForward(e, y, argmax, x, g, choice);
      pool.maxPoolBackward(e, dx, dy, argmax, g);
    },
  };
}

function groups(channels: number, poolSize: number, mode: 'max' | 'average'): Op {
  return {
    x: [3, 3, channels * poolSize],
    y: [3, 3, channels],
    emit(e, { x, y, dy, dx }, guard) {
      const argmax = mode === 'max' ? guard(channel.channelArgmax(e, y, poolSize)) : none;
      channel.channelPoolForward(e, y, argmax, x, { poolSize, mode });
      channel.channelPoolBackward(e, dx, dy, argmax, poolSize);
    },
  };
}

/** Pooling over an image [2, 5, 7, channels] and larger ones, and over groups of channels. */
function poolings(channels: number): Record<string, Op> {
  const x = [2, 5, 7, channels];
  const windows = pool.poolGeometry(x, { poolSize: 3, strides: 2, padding: 1 });
  const adaptive = pool.adaptivePoolGeometry(x, { outputSize: [3, 9] });
  const blurred = blur.blurPoolGeometry(x, { kernelSize: 4 });
  const mean = (g: pool.PoolGeometry) =>
    linear(x, pool.poolOutputShape(g), g, pool.averagePoolForward, pool.averagePoolBackward);
  const blurs = [blur.blurPoolForward, blur.blurPoolBackward] as const;
  return {
    max: choosing(windows, 'max'),
    min: choosing(windows, 'min'),
    mean: mean(windows),
    'adaptive max': choosing(adaptive, 'max'),
    'adaptive mean': mean(adaptive),
    'global max': choosing(pool.globalGeometry([2, 20, 20, channels]), 'max'),
    'groups of 3': groups(channels, 3, 'max'),
    'groups of 257': groups(channels, 257, 'max'),
    'means of 6': groups(channels, 6, 'average'),
    blur: linear(x, blur.blurPoolOutputShape(blurred), blurred, ...blurs),
  };
}

/** The other ops over an image [2, 5, 7, channels]. */
function others(channels: number): Record<string, Op> {
  const x = [2, 5, 7, channels];
  const padding = (mode: pad.PaddingMode): Op => {
    const sides = [[2, 4] as const, [6, 1] as const] as const;
    const g = pad.padGeometry(x, { padding: sides, mode });
    return linear(x, pad.padOutputShape(g), g, pad.padForward, pad.padBackward);
  };
  const upsampling = (interpolation: up.Interpolation): Op => {
    const g = up.upsamplingGeometry(x, { size: [2, 3], interpolation });
    const y = up.upsamplingOutputShape(g);
    return linear(x, y, g, up.upsamplingForward, up.upsamplingBackward);
  };
  const norm = fullLrn({ size: 4 });
  return {
    zeros: padding('zeros'),
    reflection: padding('reflect'),
    nearest: upsampling('nearest'),
    bilinear: upsampling('bilinear'),
    lrn: {
      ...{ x, y: x },
      emit(e, { x, y, dy, dx }) {
        lrnForward(e, y, x, norm);
        lrnBackward(e, dx, dy, x, norm);
      },
    },
    concat: {
      ...{ x, y: [2, 5, 7, 2 * channels] },
      emit(e, { x, y, dy, dx }) {
        concatForward(e, y, [x, x]);
        concatBackward(e, [dx, dx], dy);
      },
    },
  };
}

for (const channels of [1, 2, 3, 4, 5, 8, 17]) {
  test(`${channels} channels: nothing is read or written beside a buffer`, () => {
    for (const [name, op] of Object.entries({ ...poolings(channels), ...others(channels) })) {
      const guarded = new Guarded();
      const shapes = { x: op.x, y: op.y, dy: op.y, dx: op.x };
      const values = {
        x: guarded.value('x', shapes.x, numbers(sizeOf(shapes.x), 1)),
        y: guarded.value('y', shapes.y),
        dy: guarded.value('dy', shapes.dy, numbers(sizeOf(shapes.dy), 2)),
        dx: guarded.value('dx', shapes.dx),
      };
      const e = new Emitter();
      op.emit(e, values, ({ bytes }) => guarded.value('argmax', [Math.ceil(bytes / 4)]));
      guarded.run(e, name);
      for (const result of ['y', 'dx'] as const) {
        const wrong = guarded.read(values[result]).findIndex((v) => !Number.isFinite(v));
        assert.is(wrong, -1, `${name}: element ${wrong} of ${result} is not a number`);
      }
      guarded.free();
    }
  });
}

test.run();
