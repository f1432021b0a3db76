// Kernels of TF.js by name, at the shapes of TF.js's own benchmarks and of MobileNet: what each call costs a backend.

import type * as tfjs from '@tensorflow/tfjs-core';

type TF = typeof tfjs;
type Tensor = tfjs.Tensor;

/** One kernel at one shape. */
export interface KernelCase {
  readonly name: string;
  /** Makes the inputs, once for each backend; returns what is measured, which makes one tensor or several. */
  run(tf: TF): () => Tensor | Tensor[];
}

const image = [1, 128, 128, 32];

const draw = (tf: TF, shape: readonly number[], seed = 1, least = -1): Tensor =>
  tf.randomUniform([...shape], least, least + 2, 'float32', seed);

/** A function of one tensor. */
const single = (name: string, shape: readonly number[], f: (tf: TF, x: Tensor) => Tensor) => ({
  name: `${name} [${shape.join(', ')}]`,
  run(tf: TF) {
    const x = draw(tf, shape);
    return () => f(tf, x);
  },
});

/** A function of two. */
const pair = (
  name: string,
  [a, b]: readonly [readonly number[], readonly number[]],
  f: (tf: TF, a: Tensor, b: Tensor) => Tensor,
  least = -1,
) => ({
  name: `${name} [${a.join(', ')}] [${b.join(', ')}]`,
  run(tf: TF) {
    const [x, y] = [draw(tf, a, 1, least), draw(tf, b, 2, least)];
    return () => f(tf, x, y);
  },
});

const elementwise = [
  ...([
    'abs',
    'ceil',
    'cos',
    'elu',
    'erf',
    'exp',
    'floor',
    'neg',
    'relu',
    'relu6',
    'round',
  ] as const),
  ...(['selu', 'sigmoid', 'sign', 'sin', 'softplus', 'square', 'tanh', 'step', 'expm1'] as const),
  ...(['atan', 'asin', 'asinh', 'sinh', 'cosh', 'tan', 'reciprocal', 'leakyRelu'] as const),
  ...(['isNaN', 'isFinite', 'acos', 'atanh'] as const),
].map((fn) => single(fn, image, (tf, x) => tf[fn](x)));

const positive = (['log', 'sqrt', 'rsqrt', 'log1p', 'acosh'] as const).map((fn) => ({
  name: `${fn} [${image.join(', ')}]`,
  run(tf: TF) {
    const x = tf.randomUniform(image, 1, 2, 'float32', 1);
    return () => tf[fn](x);
  },
}));

const functions = [
  ...(['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'squaredDifference'] as const),
  ...(['equal', 'greater', 'less', 'greaterEqual', 'notEqual', 'mod', 'pow', 'atan2'] as const),
] as const;
const broadcast = functions.flatMap((fn) =>
  [image, [32], []].map((second) =>
    // What is negative has no power that is a number.
    pair(fn, [image, second], (tf, a, b) => tf[fn](a, b), fn === 'pow' ? 0.5 : -1),
  ),
);

const products = [256, 512, 1024].map((n) =>
  pair(
    'matMul',
    [
      [n, n],
      [n, n],
    ],
    (tf, a, b) => tf.matMul(a, b),
  ),
);

type Conv = readonly [
  side: number,
  channels: number,
  filters: number,
  kernel: number,
  stride: number,
];
const convs = (
  [
    [224, 3, 32, 3, 2],
    [56, 64, 64, 3, 1],
    [28, 128, 128, 3, 1],
    [112, 16, 96, 1, 1],
    [56, 144, 24, 1, 1],
    [14, 384, 64, 1, 1],
    [7, 320, 1280, 1, 1],
  ] as readonly Conv[]
).map(([side, channels, filters, kernel, stride]) =>
  pair(
    `conv2d stride ${stride}`,
    [
      [1, side, side, channels],
      [kernel, kernel, channels, filters],
    ],
    (tf, x, w) => tf.conv2d(x as tfjs.Tensor4D, w as tfjs.Tensor4D, stride, 'same'),
  ),
);
const depthwise = (
  [
    [112, 32, 1],
    [112, 96, 2],
    [28, 192, 1],
    [7, 960, 1],
  ] as const
).map(([side, channels, stride]) =>
  pair(
    `depthwiseConv2d stride ${stride}`,
    [
      [1, side, side, channels],
      [3, 3, channels, 1],
    ],
    (tf, x, w) => tf.depthwiseConv2d(x as tfjs.Tensor4D, w as tfjs.Tensor4D, stride, 'same'),
  ),
);

const reductions = (['sum', 'mean', 'max', 'min', 'prod', 'argMax', 'argMin'] as const).flatMap(
  (fn) => [
    single(fn, [256, 1000], (tf, x) => tf[fn](x, 1)),
    single(`${fn} over rows`, [1000, 256], (tf, x) => tf[fn](x, 0)),
  ],
);

const indices = (tf: TF, count: number, end: number) =>
  tf.tensor1d(
    Int32Array.from({ length: count }, (_, i) => (i * 7919) % end),
    'int32',
  );

const moves = [
  single('transpose', [512, 512], (tf, x) => tf.transpose(x)),
  single('transpose 0312', [8, 56, 56, 64], (tf, x) => tf.transpose(x, [0, 3, 1, 2])),
  single('transpose 0231', [8, 64, 56, 56], (tf, x) => tf.transpose(x, [0, 2, 3, 1])),
  single('slice', [1, 128, 128, 32], (tf, x) => tf.slice(x, [0, 8, 8, 4], [1, 100, 100, 20])),
  single('stridedSlice', image, (tf, x) =>
    tf.stridedSlice(x, [0, 0, 0, 0], [1, 128, 128, 32], [1, 2, 2, 1]),
  ),
  pair('concat', [image, image], (tf, a, b) => tf.concat([a, b], 3)),
  pair('stack', [image, image], (tf, a, b) => tf.stack([a, b], 0)),
  single('pad', image, (tf, x) =>
    tf.pad(x, [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]),
  ),
  single('mirrorPad', image, (tf, x) =>
    tf.mirrorPad(
      x,
      [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ],
      'reflect',
    ),
  ),
  single('tile', [1, 64, 64, 32], (tf, x) => tf.tile(x, [1, 2, 2, 1])),
  single('broadcastTo', [1, 64, 1, 32], (tf, x) => tf.broadcastTo(x, [8, 64, 64, 32])),
  single('reverse', image, (tf, x) => tf.reverse(x, [1])),
  single('depthToSpace', [1, 64, 64, 128], (tf, x) => tf.depthToSpace(x as tfjs.Tensor4D, 2)),
  single('spaceToBatchND', image, (tf, x) =>
    tf.spaceToBatchND(
      x,
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  ),
  single('batchToSpaceND', [4, 64, 64, 32], (tf, x) =>
    tf.batchToSpaceND(
      x,
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  ),
  single('clipByValue', image, (tf, x) => tf.clipByValue(x, -0.5, 0.5)),
  single('cast to int32', image, (tf, x) => tf.cast(x, 'int32')),
  single('cumsum', [256, 1000], (tf, x) => tf.cumsum(x, 1)),
  single('zerosLike', image, (tf, x) => tf.zerosLike(x)),
  single('softmax', [256, 1000], (tf, x) => tf.softmax(x)),
  single('logSoftmax', [256, 1000], (tf, x) => tf.logSoftmax(x)),
  single('topk', [16, 1000], (tf, x) => tf.topk(x, 5).values),
];

const others: readonly KernelCase[] = [
  {
    name: 'split [1, 128, 128, 32] in 4',
    run(tf) {
      const x = draw(tf, image);
      return () => tf.split(x, 4, 3);
    },
  },
  {
    name: 'unstack [8, 128, 128]',
    run(tf) {
      const x = draw(tf, [8, 128, 128]);
      return () => tf.unstack(x, 0);
    },
  },
  {
    name: 'gather [1000, 256] by 512',
    run(tf) {
      const [x, i] = [draw(tf, [1000, 256]), indices(tf, 512, 1000)];
      return () => tf.gather(x, i);
    },
  },
  {
    name: 'gather [256, 1000] by 512 of axis 1',
    run(tf) {
      const [x, i] = [draw(tf, [256, 1000]), indices(tf, 512, 1000)];
      return () => tf.gather(x, i, 1);
    },
  },
  {
    name: 'where [1, 128, 128, 32]',
    run(tf) {
      const [a, b] = [draw(tf, image), draw(tf, image, 2)];
      const condition = tf.greater(a, b);
      return () => tf.where(condition, a, b);
    },
  },
  {
    name: 'oneHot 256 of 1000',
    run(tf) {
      const i = indices(tf, 256, 1000);
      return () => tf.oneHot(i, 1000, 1, 0, 'float32');
    },
  },
  {
    name: 'prelu [1, 128, 128, 32]',
    run(tf) {
      const [x, alpha] = [draw(tf, image), draw(tf, [32])];
      return () => tf.prelu(x, alpha);
    },
  },
  {
    name: 'batchNorm [1, 128, 128, 32]',
    run(tf) {
      const [x, mean, offset] = [draw(tf, image), draw(tf, [32]), draw(tf, [32], 3)];
      const variance = tf.ones([32]) as tfjs.Tensor1D;
      return () =>
        tf.batchNorm(x, mean as tfjs.Tensor1D, variance, offset as tfjs.Tensor1D, variance);
    },
  },
  {
    name: 'add int32 [1, 128, 128, 32]',
    run(tf) {
      const x = tf.cast(tf.mul(draw(tf, image), 1000), 'int32');
      return () => tf.add(x, x);
    },
  },
  {
    name: 'cast from int32 [1, 128, 128, 32]',
    run(tf) {
      const x = tf.cast(tf.mul(draw(tf, image), 1000), 'int32');
      return () => tf.cast(x, 'float32');
    },
  },
  ...([2, 3] as const).flatMap((size) => [
    single(`maxPool ${size}×${size}`, [1, 112, 112, 64], (tf, x) =>
      tf.maxPool(x as tfjs.Tensor4D, size, 2, 'same'),
    ),
    single(`avgPool ${size}×${size}`, [1, 112, 112, 64], (tf, x) =>
      tf.avgPool(x as tfjs.Tensor4D, size, 2, 'same'),
    ),
  ]),
  single('resizeBilinear up', [1, 112, 112, 32], (tf, x) =>
    tf.image.resizeBilinear(x as tfjs.Tensor4D, [224, 224]),
  ),
  single('resizeBilinear down', [1, 480, 640, 3], (tf, x) =>
    tf.image.resizeBilinear(x as tfjs.Tensor4D, [224, 224]),
  ),
  single('resizeNearestNeighbor', [1, 112, 112, 32], (tf, x) =>
    tf.image.resizeNearestNeighbor(x as tfjs.Tensor4D, [224, 224]),
  ),
  pair(
    'add, small',
    [
      [1, 16],
      [1, 16],
    ],
    (tf, a, b) => tf.add(a, b),
  ),
  single('relu, small', [1, 16], (tf, x) => tf.relu(x)),
  single('reshape, small', [4, 4], (tf, x) => tf.reshape(x, [16])),
  single('transpose, small', [4, 4], (tf, x) => tf.transpose(x)),
  pair(
    'matMul, small',
    [
      [4, 16],
      [16, 16],
    ],
    (tf, a, b) => tf.matMul(a, b),
  ),
];

/** All of them. */
export const kernelCases: readonly KernelCase[] = [
  ...elementwise,
  ...positive,
  ...broadcast,
  ...products,
  ...convs,
  ...depthwise,
  ...reductions,
  ...moves,
  ...others,
];
