// Kernels of ours against TF.js's cpu backend: shapes around vectors, tasks and borders, broadcasting, numbers at the edges.

import * as tf from '@tensorflow/tfjs-core';
// It registers the gradients, too.
import { layers } from '@tensorflow/tfjs-layers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/base/shape.js';
import type { WasmgradBackend } from '../../src/tfjs/backend.js';
import { configure } from '../../src/tfjs/index.js';
import { numbers } from '../helpers/random.js';
import { options } from '../helpers/start.js';

configure(options);

type Result = tf.Tensor | tf.Tensor[];

interface Case {
  readonly name: string;
  readonly run: () => Result;
  /** Most relative difference: 2e-6 by default. */
  readonly within?: number;
  /** Whether it stays with TF.js's kernel. */
  readonly isTheirs?: boolean;
}

type Of<Inputs extends unknown[]> = (...inputs: Inputs) => tf.Tensor;

/** TF.js's function of that name. */
const named = <Inputs extends unknown[] = tf.Tensor[]>(fn: string): Of<Inputs> =>
  (tf as unknown as Record<string, Of<Inputs>>)[fn];

const SEED = 3;

const drawn = (shape: readonly number[], seed = SEED, scale = 2): tf.Tensor =>
  tf.tensor(
    numbers(sizeOf(shape), seed).map((x) => x * scale),
    [...shape],
  );

const whole = (shape: readonly number[], end: number, seed = SEED): tf.Tensor =>
  tf.tensor(
    Int32Array.from(numbers(sizeOf(shape), seed), (x) => Math.floor(((x + 1) / 2) * end)),
    [...shape],
    'int32',
  );

const truths = (shape: readonly number[], seed = SEED): tf.Tensor =>
  tf.tensor(
    Uint8Array.from(numbers(sizeOf(shape), seed), (x) => (x > 0 ? 1 : 0)),
    [...shape],
    'bool',
  );

/** Zeros, ends, numbers that are none, and some between. */
const edges = (): tf.Tensor =>
  tf.tensor1d([
    ...[0, -0, 1, -1, 0.5, -0.5, 2, -2, 1e-6, -1e-6, 1e-3, -1e-3, 10, -10, 30, -30, 88, -88],
    ...[89.2, -89.2, 1e10, -1e10, 1e30, -1e30, 3e9, 2 ** 40, Infinity, -Infinity, Number.NaN],
    ...[1.5, 2.5, -1.5, -2.5, 0.25, 0.41, 2.42, 0.99999, -0.99999, 1.00001],
  ]);

const sides = [[], [1], [3], [4], [5, 1], [7, 9], [2, 3, 33], [2, 40, 513]];

const singles = [
  ...(['abs', 'acos', 'asin', 'atan', 'ceil', 'cos', 'cosh'] as const),
  ...([
    'elu',
    'erf',
    'exp',
    'expm1',
    'floor',
    'isFinite',
    'isInf',
    'isNaN',
    'log',
    'log1p',
  ] as const),
  ...(['neg', 'reciprocal', 'relu', 'relu6', 'round', 'rsqrt', 'selu', 'sigmoid', 'sign'] as const),
  ...(['sin', 'sinh', 'softplus', 'sqrt', 'square', 'step', 'tanh', 'leakyRelu'] as const),
];

/** Those whose largest numbers are only as exact as the size of what is inside. */
const loose: Readonly<Record<string, number>> = { erf: 1e-5, cos: 1e-5, sin: 1e-5 };

const ofOne: Case[] = singles.flatMap((fn) => [
  ...sides.map((shape) => ({
    name: `${fn} of [${shape}]`,
    run: () => named(fn)(drawn(shape)),
    within: loose[fn],
  })),
  {
    name: `${fn} of edges`,
    // Beyond 1e6 a sine is nobody's business.
    run: () =>
      /^(sin|cos)$/.test(fn) ? named(fn)(tf.clipByValue(edges(), -1e5, 1e5)) : named(fn)(edges()),
    within: 1e-5,
  },
]);

const pairs = [
  ...(['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'squaredDifference', 'atan2'] as const),
  ...(['equal', 'notEqual', 'greater', 'greaterEqual', 'less', 'lessEqual', 'prelu'] as const),
];
const broadcasts: readonly (readonly [number[], number[]])[] = [
  [[], []],
  [[7, 9], []],
  [[], [3]],
  [
    [5, 1],
    [1, 6],
  ],
  [[2, 3, 33], [33]],
  // Short rows, which are repeated.
  [[40, 9, 33], [33]],
  [
    [40, 9, 4, 33],
    [1, 1, 33],
  ],
  [
    [2, 1, 5],
    [4, 1],
  ],
  [
    [2, 40, 513],
    [40, 1],
  ],
  [
    [2, 3, 4, 1, 2],
    [3, 1, 5, 1],
  ],
];
/** Every edge with every other. */
const edgePairs = (): [tf.Tensor, tf.Tensor] => [
  tf.expandDims(edges(), 1),
  tf.expandDims(edges(), 0),
];
const ofTwo: Case[] = pairs.flatMap((fn) => [
  ...broadcasts
    // prelu has the shape of x.
    .filter(([a, b]) => fn !== 'prelu' || (a.length > b.length && !a.includes(1)))
    .map(([a, b]) => ({
      name: `${fn} of [${a}] and [${b}]`,
      run: () => named(fn)(drawn(a), drawn(b, 5)),
    })),
  {
    name: `${fn} of edges`,
    run: () => {
      const [a, b] = edgePairs();
      const all = tf.add(a, tf.zerosLike(b));
      return fn === 'prelu' ? tf.prelu(all, b) : named(fn)(a, b);
    },
  },
]);

const powers: Case[] = [
  ...broadcasts.map(([a, b]) => ({
    name: `pow of [${a}] and [${b}]`,
    run: () => tf.pow(tf.abs(drawn(a)), drawn(b, 5, 8)),
  })),
  {
    name: 'pow of edges',
    // IEEE 754 and JavaScript do not agree about 1 to the power of NaN or infinity.
    run: () => {
      const x = tf.expandDims(edges(), 1);
      return tf.pow(x, tf.tensor1d([0, 1, -1, 2, 3, -2, 0.5, -0.5, 7, 100, -100, 0.3]));
    },
    within: 1e-5,
  },
];

const integers: Case[] = (['add', 'sub', 'mul'] as const).flatMap((fn) =>
  broadcasts.map(([a, b]) => ({
    name: `${fn} of whole numbers [${a}] and [${b}]`,
    run: () => named(fn)(whole(a, 1000), tf.sub(whole(b, 1000, 5), tf.scalar(500, 'int32'))),
    within: 0,
  })),
);

const types: Case[] = [
  { name: 'float to int', run: () => tf.cast(drawn([7, 9], 1, 100), 'int32') },
  {
    name: 'edges to int',
    run: () => tf.cast(edges(), 'int32'),
  },
  { name: 'edges to bool', run: () => tf.cast(edges(), 'bool') },
  { name: 'int to float', run: () => tf.cast(whole([7, 9], 1000), 'float32') },
  { name: 'bool to int', run: () => tf.cast(truths([7, 9]), 'int32') },
  {
    name: 'int to float to int, and sums of them',
    run: () => {
      const x = tf.cast(tf.cast(whole([7, 9], 1000), 'float32'), 'int32');
      return tf.add(tf.cast(x, 'float32'), tf.cast(truths([7, 9]), 'float32'));
    },
  },
  {
    name: 'bool to int, plus an int',
    run: () => tf.add(tf.cast(truths([7, 9]), 'int32'), whole([7, 9], 9)),
  },
  {
    name: 'bool to float, as sums',
    run: () => tf.sum(tf.cast(tf.greater(drawn([7, 9]), 0), 'float32'), 0),
  },
  { name: 'fill', run: () => tf.fill([3, 5], 2.5) },
  { name: 'fill of whole numbers', run: () => tf.fill([3, 5], 2, 'int32') },
  { name: 'zerosLike', run: () => tf.zerosLike(drawn([3, 5])) },
  { name: 'onesLike of bool', run: () => tf.onesLike(truths([3, 5])) },
  ...(['float32', 'int32', 'bool'] as const).map((type) => ({
    name: `oneHot as ${type}`,
    run: () =>
      tf.oneHot(
        tf.tensor(
          [
            [0, 3, 4],
            [-1, 5, 2],
          ],
          [2, 3],
          'int32',
        ),
        5,
        1,
        0,
        type,
      ),
  })),
];

const shapesToReduce: readonly (readonly [number[], number])[] = [
  [[7], 0],
  [[4, 9], 1],
  [[9, 4], 0],
  [[3, 17, 5], 1],
  [[2, 33, 70], 2],
  [[70, 33, 2], 0],
  [[300, 129], 1],
];
const reductions: Case[] = shapesToReduce.flatMap(([shape, axis]) => [
  ...(['sum', 'mean', 'max', 'min', 'prod', 'argMax', 'argMin', 'logSumExp'] as const).map(
    (fn) => ({
      name: `${fn} of [${shape}] along ${axis}`,
      run: () => named<[tf.Tensor, number]>(fn)(drawn(shape, SEED, 1.2), axis),
      within: 1e-4,
    }),
  ),
  ...[0, 1, 2, 3].map((which) => ({
    name: `cumsum of [${shape}] along ${axis}, ${which}`,
    run: () => tf.cumsum(drawn(shape), axis, which % 2 === 1, which > 1),
    within: 1e-5,
  })),
  { name: `softmax of [${shape}]`, run: () => tf.softmax(drawn(shape, SEED, 9)) },
]);
const lost = (): tf.Tensor =>
  tf.tensor2d([
    [Number.NaN, 1, 2],
    [1, Number.NaN, 2],
    [1, 2, Number.NaN],
    [-Infinity, -Infinity, -Infinity],
    [Number.NaN, Number.NaN, Number.NaN],
    [5, 5, 5],
  ]);
const lostReductions: Case[] = (['argMax', 'argMin', 'max', 'min', 'sum', 'softmax'] as const).map(
  (fn) => ({ name: `${fn} with NaN`, run: () => named<[tf.Tensor, number]>(fn)(lost(), 1) }),
);

const most: Case[] = [
  ...(
    [
      [[7], 7],
      [[4, 9], 1],
      [[3, 17, 5], 2],
      [[30, 129], 64],
    ] as const
  ).map(([shape, k]) => ({
    name: `topk ${k} of [${shape}]`,
    run: () => Object.values(tf.topk(drawn(shape), k)),
    within: 0,
  })),
  {
    name: 'topk of whole numbers with equal ones',
    run: () => Object.values(tf.topk(whole([30, 50], 9), 20)),
    within: 0,
  },
];

/** Moves of numbers of each type. */
const movesOf = (type: string, make: (shape: number[], seed?: number) => tf.Tensor): Case[] => {
  const moved: readonly (readonly [string, () => Result])[] = [
    ['transpose', () => tf.transpose(make([5, 7]))],
    ['transpose of four', () => tf.transpose(make([2, 3, 4, 9]), [0, 3, 1, 2])],
    ['slice', () => tf.slice(make([4, 9, 5]), [1, 2, 0], [2, 5, 4])],
    ['stridedSlice', () => tf.stridedSlice(make([9, 8]), [1, 6], [9, 0], [3, -2])],
    // Of an axis that goes away, TF.js's cpu kernel takes others.
    ['stridedSlice, masked', () => tf.stridedSlice(make([9, 8]), [1, 0], [5, 3], [2, 3], 2, 1)],
    ['concat', () => tf.concat([make([3, 5]), make([3, 2], 4), make([3, 1], 5)], 1)],
    ['stack', () => tf.stack([make([3, 5]), make([3, 5], 4)], 1)],
    ['stack of one', () => tf.stack([make([3, 5])], 2)],
    ['split', () => tf.split(make([3, 8, 5]), 4, 1)],
    ['split by sizes', () => tf.split(make([3, 8]), [1, 5, 2], -1)],
    ['split in one', () => tf.split(make([3, 8]), 1, 0)],
    ['unstack', () => tf.unstack(make([3, 8, 2]), 1)],
    ['unstack of one', () => tf.unstack(make([3, 1]), 1)],
    ['reverse', () => tf.reverse(make([5, 6, 7]), [0, 2])],
    ['gather', () => tf.gather(make([7, 5]), whole([9], 7))],
    ['gather of columns', () => tf.gather(make([4, 7, 3]), whole([2, 5], 7), 1)],
    ['gather of scalars', () => tf.gather(make([40]), whole([3, 3], 40))],
    ['gather of batches', () => tf.gather(make([3, 6, 4]), whole([3, 5], 6), 1, 1)],
    [
      'mirrored',
      () =>
        tf.mirrorPad(
          make([4, 5, 3]),
          [
            [2, 1],
            [0, 3],
            [0, 0],
          ],
          'reflect',
        ),
    ],
    [
      'mirrored with the border',
      () =>
        tf.mirrorPad(
          make([4, 5]),
          [
            [4, 1],
            [0, 5],
          ],
          'symmetric',
        ),
    ],
    [
      'batchToSpaceND',
      () =>
        tf.batchToSpaceND(
          make([8, 3, 4, 2]),
          [2, 2],
          [
            [1, 0],
            [0, 2],
          ],
        ),
    ],
    ['where', () => tf.where(truths([7, 9], 8), make([7, 9]), make([7, 9], 4))],
    ['where, repeated', () => tf.where(truths([7, 9], 8), make([7, 9]), make([9], 4))],
  ];
  return moved.map(([name, run]) => ({ name: `${name} of ${type}`, run, within: 0 }));
};
const moves: Case[] = [
  ...movesOf('floats', drawn),
  ...movesOf('whole numbers', (shape, seed) =>
    tf.sub(whole(shape, 1e9, seed), tf.scalar(5e8, 'int32')),
  ),
  ...movesOf('truth values', truths).filter(({ name }) => !name.includes('repeated')),
  { name: 'where, NaN', run: () => tf.where(tf.isNaN(edges()), tf.zerosLike(edges()), edges()) },
  {
    name: 'depthToSpace',
    run: () => tf.depthToSpace(drawn([2, 3, 4, 12]) as tf.Tensor4D, 2),
    within: 0,
  },
  {
    name: 'spaceToBatchND',
    run: () =>
      tf.spaceToBatchND(
        drawn([2, 5, 6, 3]),
        [3, 2],
        [
          [1, 0],
          [0, 2],
        ],
      ),
    within: 0,
  },
  { name: 'tile', run: () => tf.tile(drawn([3, 1, 5]), [2, 4, 3]), within: 0 },
  { name: 'broadcastTo', run: () => tf.broadcastTo(drawn([3, 1, 5]), [2, 3, 4, 5]), within: 0 },
  {
    name: 'unsortedSegmentSum',
    run: () => tf.unsortedSegmentSum(drawn([40, 70]), whole([40], 9) as tf.Tensor1D, 7),
    within: 1e-5,
  },
];

const images: Case[] = [false, true].flatMap((align) =>
  [false, true]
    .filter((half) => !(align && half))
    .flatMap((half) =>
      (
        [
          [4, 5, 3, 8, 10],
          [9, 7, 5, 4, 3],
          [3, 3, 1, 7, 1],
          [1, 4, 33, 5, 5],
          [6, 6, 4, 1, 9],
        ] as const
      ).flatMap(([height, width, channels, ...size]) =>
        (['resizeBilinear', 'resizeNearestNeighbor'] as const).map((fn) => ({
          name: `${fn} of ${height}×${width}×${channels} to ${size}, ${align}, ${half}`,
          run: () =>
            tf.image[fn](
              drawn([2, height, width, channels]) as tf.Tensor4D,
              [...size] as [number, number],
              align,
              half,
            ),
          within: 1e-5,
        })),
      ),
    ),
);

/** Gradients of squares, so that dy is no constant. */
const gradient = (name: string, shape: number[], f: (x: tf.Tensor) => tf.Tensor): Case => ({
  name: `gradient of ${name}`,
  run: () => tf.grad((x: tf.Tensor) => tf.sum(tf.square(f(x))))(drawn(shape)),
  within: 1e-4,
});
const gradients: Case[] = [
  // TF.js's own are right for one square image.
  ...[false, true].flatMap((align) =>
    (['resizeBilinear', 'resizeNearestNeighbor'] as const).flatMap((fn) => [
      gradient(`${fn}, ${align}`, [1, 5, 5, 3], (x) =>
        tf.image[fn](x as tf.Tensor4D, [9, 12], align),
      ),
      gradient(`${fn} smaller, ${align}`, [1, 8, 8, 5], (x) =>
        tf.image[fn](x as tf.Tensor4D, [3, 4], align),
      ),
    ]),
  ),
  ...(
    [
      [3, 1, 'same'],
      [3, 2, 'same'],
      [2, 2, 'same'],
      [2, 3, 'valid'],
      [4, 3, 1],
    ] as const
  ).map(([size, stride, pad]) =>
    gradient(`avgPool ${size} by ${stride}, ${pad}`, [2, 7, 8, 5], (x) =>
      tf.avgPool(x as tf.Tensor4D, size, stride, pad),
    ),
  ),
  gradient('elu', [7, 9], (x) => tf.elu(x)),
  gradient('gather', [7, 5], (x) => tf.gather(x, whole([9], 7))),
  gradient('split', [4, 6], (x) => tf.split(x, 2, 1)[1]),
  gradient('unstack', [4, 6], (x) => tf.unstack(x, 1)[2]),
  gradient('stack', [4, 6], (x) => tf.stack([x, tf.square(x)])),
  gradient('where', [4, 6], (x) => tf.where(truths([4, 6]), x, tf.square(x))),
  gradient('cumsum', [4, 6], (x) => tf.cumsum(x, 1, true)),
  gradient('pow', [4, 6], (x) => tf.pow(tf.abs(x), 2.5)),
  gradient('clip', [4, 6], (x) => tf.clipByValue(x, -0.5, 0.7)),
  gradient('softmax', [4, 6], (x) => tf.softmax(x)),
  gradient('log1p', [4, 6], (x) => tf.log1p(tf.square(x))),
  gradient('mirrorPad', [4, 6], (x) => tf.tile(x, [2, 1])),
];

/** What gradients that are taped once more are: a penalty for a steep function. */
const penalty = (name: string, shape: number[], f: (x: tf.Tensor) => tf.Tensor): Case => {
  const slope = (x: tf.Tensor) => tf.grad((z: tf.Tensor) => tf.sum(tf.square(f(z))))(x);
  return gradient(`the gradient of ${name}`, shape, slope);
};
const penalties: Case[] = [
  penalty('relu', [7, 9], (x) => tf.relu(x)),
  penalty('sum', [4, 6], (x) => tf.square(tf.sum(x, 1))),
  penalty('mean', [4, 6], (x) => tf.square(tf.mean(x, 0))),
  penalty('softmax', [4, 6], (x) => tf.softmax(x)),
  penalty('the batch norm layer', [4, 6], (x) => {
    const layer = layers.batchNormalization();
    const y = layer.apply(x, { training: true }) as tf.Tensor;
    layer.dispose();
    return tf.pow(y, 3);
  }),
];

interface Seen {
  readonly shape: number[];
  readonly dtype: string;
  readonly values: Float32Array | Int32Array | Uint8Array;
  readonly isInside: boolean;
}

async function on(backend: string, run: () => Result): Promise<Seen[]> {
  assert.ok(await tf.setBackend(backend), `${backend} starts`);
  const { numTensors } = tf.memory();
  const results = [tf.tidy(run)].flat();
  const seen = results.map((tensor) => {
    // First: what waits is computed now.
    const values = tensor.dataSync();
    const cell = (tf.backend() as WasmgradBackend).data.get(tensor.dataId) as {
      isInside?: boolean;
    };
    const isInside = cell.isInside === true;
    return { shape: tensor.shape, dtype: tensor.dtype, values, isInside };
  });
  for (const tensor of results) tensor.dispose();
  assert.is(tf.memory().numTensors, numTensors, 'nothing is left');
  return seen as Seen[];
}

function agree(own: Seen, expected: Seen, within: number): void {
  assert.equal(own.shape, expected.shape);
  assert.is(own.dtype, expected.dtype);
  assert.is(own.values.length, expected.values.length);
  expected.values.forEach((value, i) => {
    const y = own.values[i];
    if (Object.is(y, value) || y === value || (Number.isNaN(y) && Number.isNaN(value))) return;
    const difference = Math.abs(y - value);
    assert.ok(difference <= within * Math.max(1, Math.abs(value)), `${i}: ${y}, not ${value}`);
  });
}

const groups = {
  ...{
    ofOne,
    ofTwo,
    powers,
    integers,
    types,
    reductions,
    lostReductions,
    most,
    moves,
    images,
    gradients,
    penalties,
  },
};
for (const [group, cases] of Object.entries(groups)) {
  test(group, async () => {
    const wrong: string[] = [];
    for (const { name, run, within = 2e-6, isTheirs = false } of cases) {
      try {
        const expected = await on('cpu', run);
        // Twice: the second time by the program that was kept.
        for (let time = 0; time < 2; time++) {
          const own = await on('wasmgrad', run);
          assert.is(own.length, expected.length);
          own.forEach((each, i) => {
            agree(each, expected[i], within);
          });
          if (!isTheirs && own.some(({ isInside }) => !isInside)) wrong.push(`${name}: theirs`);
        }
      } catch (error) {
        wrong.push(`${name}: ${(error as Error).message}`);
      }
    }
    assert.equal(wrong, []);
  });
}

test('zero, negated, is the other zero', async () => {
  assert.ok(await tf.setBackend('wasmgrad'));
  const y = tf.tidy(() => tf.neg(tf.tensor1d([0, -0, 2])).dataSync());
  assert.ok([...y].every((value, i) => Object.is(value, [-0, 0, -2][i])));
});

test('where each pixel is a window, NaN stays', async () => {
  assert.ok(await tf.setBackend('wasmgrad'));
  for (const pool of [tf.maxPool, tf.avgPool]) {
    const y = tf.tidy(() =>
      pool(tf.tensor4d([Number.NaN, 2], [1, 1, 2, 1]), 1, 1, 'valid').dataSync(),
    );
    assert.equal([...y], [Number.NaN, 2]);
  }
});

test('an index that there is not is an error, in TF.js’s words', async () => {
  assert.ok(await tf.setBackend('wasmgrad'));
  assert.throws(
    () => tf.tidy(() => tf.gather(drawn([3, 2]), tf.tensor1d([3], 'int32'))),
    /GatherV2: the index value 3/,
  );
});

test('gradients of resizing are right where TF.js’s cpu backend is not: more images, not square', async () => {
  assert.ok(await tf.setBackend('wasmgrad'));
  for (const fn of ['resizeBilinear', 'resizeNearestNeighbor'] as const)
    tf.tidy(() => {
      const x = drawn([3, 4, 7, 5]) as tf.Tensor4D;
      const dy = drawn([3, 9, 10, 5], SEED + 1);
      const dot = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b));
      const resized = (images: tf.Tensor) => tf.image[fn](images as tf.Tensor4D, [9, 10]);
      // It is linear, so that x · dx is y · dy, whatever dy is.
      const dx = tf.grad((images: tf.Tensor) => dot(resized(images), dy))(x);
      const [inside, outside] = [dot(x, dx), dot(resized(x), dy)].map((sum) => sum.dataSync()[0]);
      assert.ok(Math.abs(inside - outside) < 1e-4 * (1 + Math.abs(outside)), `${fn}: ${inside}`);
    });
});

test('running sums along an axis counted from the last have the shape that they had', async () => {
  assert.ok(await tf.setBackend('wasmgrad'));
  const sums = tf.tidy(() => tf.cumsum(tf.ones([2, 3]), -1));
  assert.equal(sums.arraySync(), [
    [1, 2, 3],
    [1, 2, 3],
  ]);
  sums.dispose();
});

test('gradients of empty tensors are empty', async () => {
  const functions = { relu: tf.relu, sum: tf.sum, mean: tf.mean, softmax: tf.softmax };
  assert.ok(await tf.setBackend('wasmgrad'));
  for (const [name, fn] of Object.entries(functions)) {
    const dx = tf.tidy(() =>
      tf.grad((x) => (fn as (x: tf.Tensor) => tf.Tensor)(x))(tf.zeros([0, 3])),
    );
    assert.equal(dx.shape, [0, 3], name);
    dx.dispose();
  }
});

test.run();
