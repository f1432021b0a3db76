// The ops that no layer has, in more tasks than one: the same bits on any number of threads.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MapFn } from '../../bindings/arrays.js';
import { type Shape, sizeOf } from '../../src/base/shape.js';
import { combineArrays } from '../../src/operators/arrays/combine.emit.js';
import { useArrays } from '../../src/operators/arrays/index.js';
import * as lookup from '../../src/operators/arrays/lookup.emit.js';
import { mapForward } from '../../src/operators/arrays/map.emit.js';
import { type Emitted, type Given, threadedBits } from '../helpers/emitted.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';
import { on } from '../helpers/threads.js';

await useArrays();

const drawn = (shape: Shape, seed = 1): Given => ({ shape, data: numbers(sizeOf(shape), seed) });

const whole = (shape: Shape, end: number): Given => ({
  shape,
  data: Int32Array.from(numbers(sizeOf(shape), 2), (v) => Math.floor(((v + 1) / 2) * end)),
});

const LONG = 70001;
const image: Shape = [5, 60, 50, 7];
const resized: Shape = [5, 90, 81, 7];
const modes = [true, false].map((nearest) => ({ nearest, alignCorners: true, halfPixel: false }));

const mapped = Object.entries(MapFn).flatMap(([name, number]): Emitted[] => {
  if (number < MapFn.Step || number >= MapFn.FromInteger) return [];
  const fn = name as keyof typeof MapFn;
  const emit: Emitted['emit'] = (e, y, [x]) => mapForward(e, y, x, { fn });
  return [{ name, inputs: [drawn([LONG])], shape: [LONG], emit }];
});

const combined = (['SquaredDifference', 'Atan2', 'Select', 'MultiplyIntegers'] as const).map(
  (fn): Emitted => ({
    ...{ name: fn, inputs: [drawn([300, 401]), drawn([401], 2), drawn([300, 1], 3)] },
    ...{ shape: [300, 401], emit: (e, y, [a, b, c]) => combineArrays(e, fn, y, a, b, { c }) },
  }),
);

const all: readonly Emitted[] = [
  ...mapped,
  ...combined,
  {
    ...{ name: 'gather', inputs: [drawn([3, 2, 9, 37]), whole([3, 1301], 9)] },
    shape: [3, 2, 1301, 37],
    emit(e, y, [x, indices]) {
      const sizes = { batch: 3, outer: 2, n: 9, count: 1301, slice: 37 };
      lookup.gatherRows(e, y, x, indices, sizes);
    },
  },
  {
    ...{ name: 'segments', inputs: [drawn([500, 301]), whole([500], 40)], shape: [39, 301] },
    emit: (e, y, [x, segments]) => lookup.sumSegments(e, y, x, segments),
  },
  {
    ...{ name: 'running sums', inputs: [drawn([50, 33, 71])], shape: [50, 33, 71] },
    emit: (e, y, [x]) => lookup.cumulate(e, y, x, 1, { excludes: false, reverse: true }),
  },
  {
    ...{ name: 'softmax', inputs: [drawn([3301, 37])], shape: [3301, 37] },
    emit: (e, y, [x]) => lookup.softmaxRows(e, y, x),
  },
  {
    ...{ name: 'largest', inputs: [drawn([30, 33, 71])], shape: [30, 71] },
    emit: (e, y, [x]) => lookup.argumentOf(e, y, x, 1, false),
  },
  ...modes.flatMap((mode): Emitted[] => [
    {
      ...{ name: 'resize', inputs: [drawn(image)], shape: resized },
      emit: (e, y, [x]) => lookup.resizeImage(e, y, x, mode),
    },
    {
      ...{ name: 'resize, backward', inputs: [drawn(resized)], shape: image },
      emit: (e, dx, [dy]) => lookup.resizeImageBackward(e, dx, dy, mode),
    },
  ]),
];

test('the same bits on 1, 2, 3 and 5 threads', async () => {
  const bits: Int32Array[][] = [];
  for (const threads of [1, 2, 3, 5])
    await on(threads, () => void bits.push(all.map(threadedBits)));
  const [expected, ...others] = bits;
  for (const found of others)
    found.forEach((y, i) => {
      assert.is(
        y.findIndex((v, k) => v !== expected[i][k]),
        -1,
        all[i].name,
      );
    });
});

test.run();
