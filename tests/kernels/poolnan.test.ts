// Max pooling where NaN is passed over, as TF.js has it: forward, with and without argmax, and backward.

import { test } from 'uvu';
import { sizeOf } from '../../src/base/shape.js';
import {
  argmaxValue,
  maxPoolBackward,
  maxPoolForward,
  type PoolGeometry,
  poolGeometry,
  poolOutputShape,
} from '../../src/operators/pool/pool.emit.js';
import { Emitter, none } from '../../src/program/emitter.js';
import { close } from '../helpers/close.js';
import { Guarded } from '../helpers/guarded.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** The largest, or the least, of each window without NaN, and its gradient: the first of equals; the first of all, if none is left. */
function withoutNaN(x: Float32Array, dy: Float32Array, g: PoolGeometry, sign: 1 | -1) {
  const [y, dx] = [new Float32Array(dy.length), new Float64Array(x.length)];
  for (let o = 0; o < dy.length; o++) {
    const pixel = Math.floor(o / g.channels);
    const [j, i] = [pixel % g.outputWidth, Math.floor(pixel / g.outputWidth) % g.outputHeight];
    const image = Math.floor(pixel / g.outputWidth / g.outputHeight);
    let [best, chosen] = [Number.NEGATIVE_INFINITY, -1];
    for (let r = 0; r < g.kernelHeight; r++)
      for (let s = 0; s < g.kernelWidth; s++) {
        const [h, w] = [i * g.strideHeight - g.padTop + r, j * g.strideWidth - g.padLeft + s];
        if (h < 0 || h >= g.height || w < 0 || w >= g.width) continue;
        const at = ((image * g.height + h) * g.width + w) * g.channels + (o % g.channels);
        if (chosen < 0) chosen = at;
        if (!(sign * x[at] > best)) continue;
        best = sign * x[at];
        chosen = at;
      }
    y[o] = sign * best;
    dx[chosen] += dy[o];
  }
  return { y, dx };
}

test('NaN is passed over where it is not kept: in the result, and by the gradient', () => {
  for (const options of [
    { poolSize: 2 },
    { poolSize: 2, padding: 1 },
    { poolSize: 3, strides: 2, padding: 1 },
    { poolSize: [1, 2] as const, strides: 1 },
    { poolSize: [17, 16] as const, strides: 1 },
  ])
    for (const channels of [1, 3, 4, 5, 8, 11])
      for (const [choice, sign] of [
        ['max', 1],
        ['min', -1],
      ] as const) {
        const image = [2, 18, 17, channels];
        const g = poolGeometry(image, options);
        const name = `${JSON.stringify(options)}, ${channels} channels, ${choice}`;
        const x = numbers(sizeOf(image), channels).map((v, i) => {
          if (v < -0.4) return Number.NaN;
          return i % 13 === 0 ? -sign * Number.POSITIVE_INFINITY : v;
        });
        // A window without any number.
        x.fill(Number.NaN, 0, 4 * 17 * channels);
        const outputs = poolOutputShape(g);
        const dy = numbers(sizeOf(outputs), 7);
        const expected = withoutNaN(x, dy, g, sign);
        const guarded = new Guarded();
        const e = new Emitter();
        const [from, slope] = [guarded.value('x', image, x), guarded.value('dy', outputs, dy)];
        const [y, alone] = [guarded.value('y', outputs), guarded.value('y', outputs)];
        const [argmax, dx] = [argmaxValue(e, g), guarded.value('dx', image)];
        maxPoolForward(e, y, argmax, from, g, choice, false);
        maxPoolForward(e, alone, none, from, g, choice, false);
        maxPoolBackward(e, dx, slope, argmax, g);
        guarded.run(e, name);
        close(guarded.read(y), expected.y, {}, name);
        close(guarded.read(alone), expected.y, {}, `${name}, without argmax`);
        close(guarded.read(dx), expected.dx, { atol: 1e-4 }, `${name}, backward`);
        guarded.free();
      }
});

test.run();
