// Kernels between sentinels: what pooling, padding, upsampling, response normalisation and concatenation
// read and write beside their buffers, or before they have written it.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as blur from '../../src/emit/blur.js';
import * as channel from '../../src/emit/channelpool.js';
import { concatBackward, concatForward } from '../../src/emit/concat.js';
import { Emitter, none, type Value } from '../../src/emit/emitter.js';
import { checkLrn, lrnBackward, lrnForward } from '../../src/emit/lrn.js';
import * as pad from '../../src/emit/pad.js';
import * as pool from '../../src/emit/pool.js';
import * as up from '../../src/emit/upsample.js';
import { type Shape, sizeOf } from '../../src/shape.js';
import { Guarded } from '../helpers/guarded.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** Forward and backward of one op: shapes of x and y, and what emits y and dx. */
interface Op {
  x: Shape;
  y: Shape;
  emit: (e: Emitter, at: { x: Value; y: Value; dy: Value; dx: Value }) => void;
}

function pooling(g: pool.PoolGeometry, choice?: pool.Choice): Op {
  return {
    x: [g.batch, g.height, g.width, g.channels],
    y: pool.poolOutputShape(g),
    emit(e, { x, y, dy, dx }) {
      if (choice) {
        const argmax = pool.argmaxValue(e, g);
        pool.maxPoolForward(e, y, argmax, x, g, choice);
        pool.maxPoolBackward(e, dx, dy, argmax, g);
      } else {
        pool.averagePoolForward(e, y, x, g);
        pool.averagePoolBackward(e, dx, dy, g);
      }
    },
  };
}

/** Every op over an image [2, 5, 7, channels]. */
function opsOver(channels: number): Record<string, Op> {
  const x = [2, 5, 7, channels];
  const windows = pool.poolGeometry('test', x, { poolSize: 3, strides: 2, padding: 1 });
  const adaptive = pool.adaptivePoolGeometry('test', x, { outputSize: [3, 9] });
  const whole = pool.globalGeometry('test', [2, 20, 20, channels]);
  const sides = { padding: [[2, 4] as const, [6, 1] as const] as const };
  const zeros = pad.padGeometry('test', x, sides);
  const mirror = pad.padGeometry('test', x, { ...sides, mode: 'reflect' });
  const g = blur.blurPoolGeometry('test', x, { kernelSize: 4 });
  const norm = checkLrn('test', { size: 4 });
  const padding = (own: pad.PadGeometry): Op => ({
    x,
    y: pad.padOutputShape(own),
    emit(e, { x, y, dy, dx }) {
      pad.padForward(e, y, x, own);
      pad.padBackward(e, dx, dy, own);
    },
  });
  const upsampling = (interpolation: up.Interpolation): Op => {
    const own = up.upsamplingGeometry('test', x, { size: [2, 3], interpolation });
    return {
      x,
      y: up.upsamplingOutputShape(own),
      emit(e, { x, y, dy, dx }) {
        up.upsamplingForward(e, y, x, own);
        up.upsamplingBackward(e, dx, dy, own);
      },
    };
  };
  const groups = (poolSize: number, mode: 'max' | 'average'): Op => ({
    x: [3, 3, channels * poolSize],
    y: [3, 3, channels],
    emit(e, { x, y, dy, dx }) {
      const argmax = mode === 'max' ? channel.channelArgmax(e, y, poolSize) : none;
      channel.channelPoolForward(e, y, argmax, x, { poolSize, mode });
      channel.channelPoolBackward(e, dx, dy, argmax, poolSize);
    },
  });
  return {
    max: pooling(windows, 'max'),
    min: pooling(windows, 'min'),
    mean: pooling(windows),
    'adaptive max': pooling(adaptive, 'max'),
    'adaptive mean': pooling(adaptive),
    'global max': pooling(whole, 'max'),
    zeros: padding(zeros),
    reflection: padding(mirror),
    nearest: upsampling('nearest'),
    bilinear: upsampling('bilinear'),
    'groups of 3': groups(3, 'max'),
    'groups of 257': groups(257, 'max'),
    'means of 6': groups(6, 'average'),
    blur: {
      x,
      y: blur.blurPoolOutputShape(g),
      emit(e, { x, y, dy, dx }) {
        blur.blurPoolForward(e, y, x, g);
        blur.blurPoolBackward(e, dx, dy, g);
      },
    },
    lrn: {
      x,
      y: x,
      emit(e, { x, y, dy, dx }) {
        lrnForward(e, y, x, norm);
        lrnBackward(e, dx, dy, x, norm);
      },
    },
    concat: {
      x,
      y: [2, 5, 7, 2 * channels],
      emit(e, { x, y, dy, dx }) {
        concatForward(e, y, [x, x]);
        concatBackward(e, [dx, dx], dy);
      },
    },
  };
}

for (const channels of [1, 2, 3, 4, 5, 8, 17]) {
  test(`${channels} channels: nothing is read or written beside a buffer`, () => {
    for (const [name, op] of Object.entries(opsOver(channels))) {
      const guarded = new Guarded();
      const shapes = { x: op.x, y: op.y, dy: op.y, dx: op.x };
      const values = {
        x: guarded.value('x', shapes.x, numbers(sizeOf(shapes.x), 1)),
        y: guarded.value('y', shapes.y),
        dy: guarded.value('dy', shapes.dy, numbers(sizeOf(shapes.dy), 2)),
        dx: guarded.value('dx', shapes.dx),
      };
      const e = new Emitter();
      op.emit(e, values);
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
