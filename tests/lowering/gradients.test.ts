// Whole networks: the gradients that training leaves in `weights[i].gradient` against central
// differences of the loss, for every layer in every habit.
//
// The loss is float32 of about 1, so known to 2⁻²³, and differences of it at distance h to
// 2⁻²³/h ≈ 1e-5 for h = 1e-2; the third derivative adds about h²/6. Gradients are compared to a share
// of their own norm, which those errors stay well below. Each weight is moved along random
// directions, which no wrong element can hide from, and element by element at a few places.
// ReLU and maxima have kinks. Near one the slope, or the second difference over h², is another at half
// the distance: such a direction is passed over; most must not be.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/base/shape.js';
import { layers, optimizers, Sequential, type Shape } from '../../src/index.js';
import type { ActivationName } from '../../src/network/activation.js';
import type { Loss } from '../../src/training/losses.js';
import { dot } from '../helpers/gradcheck.js';
import { numbers } from '../helpers/random.js';
import { activations as reference } from '../helpers/reference/activation.js';
import '../helpers/start.js';

type Layers = readonly ReturnType<typeof layers.relu>[];
type LossName = Loss['type'];

const DISTANCE = 1e-2;
/** Of the gradient's norm. */
const TOLERANCE = 4e-3;
const BATCH = 5;

const unit = (direction: Float32Array): Float32Array => {
  const norm = Math.sqrt(dot(direction, direction));
  return direction.map((v) => v / norm);
};

/** Random directions that lean towards the gradient, and a few single elements. */
function directions(gradient: Float32Array, seed: number): Float32Array[] {
  const { length } = gradient;
  const norm = Math.sqrt(dot(gradient, gradient));
  const blends = [0, 1, 2].map((i) => {
    const noise = unit(numbers(length, seed + i));
    return unit(gradient.map((v, j) => v / norm + noise[j]));
  });
  const elements = [0, 0.4, 0.99].map((share) => {
    const one = new Float32Array(length);
    one[Math.floor(share * length)] = 1;
    return one;
  });
  return [...blends, ...elements];
}

function check(
  list: Layers,
  inputShape: Shape,
  loss: LossName = 'softmaxCrossEntropy',
  seed = 1,
): void {
  const model = new Sequential(list, { inputShape, seed });
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss });
  const outputs = sizeOf(model.outputShape);
  const x = numbers(BATCH * sizeOf(inputShape), seed + 1);
  const rows = outputs / (model.outputShape.at(-1) as number);
  /** Targets that the loss takes, of numbers from −1 to 1. */
  const target = (v: number): number =>
    ({ binaryCrossEntropy: v * v, hinge: Math.sign(v) })[loss as string] ?? v;
  const y =
    loss === 'softmaxCrossEntropy'
      ? Int32Array.from({ length: BATCH * rows }, (_, i) => i % (outputs / rows))
      : numbers(BATCH * outputs, seed + 2).map(target);
  /** The loss of a training step; always the same step, so that dropout drops the same. */
  const lossNow = (): number => {
    model.engine('gradients').step = 0;
    return model.trainOnBatch(x, y).loss;
  };
  // Biases and the like away from 0, where nothing would show.
  model.weights.forEach(({ tensor }, i) => {
    const noise = numbers(tensor.size, seed + 10 + i);
    for (let j = 0; j < tensor.size; j++) tensor.data[j] += 0.3 * noise[j];
  });
  const loss0 = lossNow();
  const gradients = model.weights.map(
    ({ gradient }) => gradient && Float32Array.from(gradient.data),
  );
  let compared = 0;
  let passed = 0;
  model.weights.forEach(({ name, tensor }, index) => {
    const gradient = gradients[index];
    if (!gradient) return;
    const start = Float32Array.from(tensor.data);
    const norm = Math.sqrt(dot(gradient, gradient));
    assert.ok(norm > 1e-4, `${name}: the gradient is 0`);
    for (const direction of directions(gradient, seed + 20 * index)) {
      const at = (distance: number): number => {
        tensor.data.set(start.map((v, j) => v + distance * direction[j]));
        return lossNow();
      };
      const differences = (h: number) => {
        const [above, below] = [at(h), at(-h)];
        return { slope: (above - below) / (2 * h), second: (above - 2 * loss0 + below) / h ** 2 };
      };
      const [far, { slope: near, second }] = [differences(DISTANCE), differences(DISTANCE / 2)];
      tensor.data.set(start);
      const bend = Math.max(Math.abs(far.slope - near), Math.abs(far.second - second) * DISTANCE);
      if (bend > TOLERANCE * norm) {
        passed++;
        continue;
      }
      compared++;
      const actual = dot(gradient, direction);
      const error = Math.abs(actual - near) / norm;
      assert.ok(
        error <= TOLERANCE,
        `${name}: the gradient says ${actual}, differences ${near}: ${error} of its norm ${norm}`,
      );
    }
  });
  assert.ok(passed * 3 <= compared, `${passed} of ${passed + compared} directions had kinks`);
  model.dispose();
}

const classify = () => [layers.flatten(), layers.dense({ units: 3 })];
const image: Shape = [7, 6, 4];

const activations = ['linear', 'softmax', ...Object.keys(reference)] as ActivationName[];
for (const activation of activations) {
  test(`conv2d and dense with ${activation}`, () => {
    const conv = () => layers.conv2d({ filters: 4, kernelSize: 3, activation });
    check(
      [
        conv(),
        conv(),
        layers.flatten(),
        layers.dense({ units: 6, activation }),
        layers.dense({ units: 3 }),
      ],
      image,
    );
  });
}

for (const [loss, activation] of [
  ['binaryCrossEntropy', 'linear'],
  ['binaryCrossEntropy', 'sigmoid'],
  ['meanAbsoluteError', 'linear'],
  ['huber', 'sigmoid'],
  ['hinge', 'linear'],
] as const) {
  test(`${loss} of ${activation} outputs`, () => {
    const conv = layers.conv2d({ filters: 4, kernelSize: 3, activation: 'tanh' });
    check([conv, layers.flatten(), layers.dense({ units: 5, activation })], image, loss);
  });
}

for (const options of [
  { groups: 2 },
  { groups: 4 },
  { dilation: 2 },
  { strides: 2, padding: 'same' },
  { strides: 2, dilation: [3, 2], padding: 'same' },
  {
    strides: [1, 2],
    padding: [
      [1, 0],
      [2, 2],
    ],
    dilation: [2, 1],
  },
  { strides: 3, dimRoundingMode: 'floor', useBias: false },
] as Partial<Parameters<typeof layers.conv2d>[0]>[]) {
  test(`conv2d ${JSON.stringify(options)}`, () => {
    // In front, where no input gradient is wanted, and behind, where one is.
    check(
      [
        layers.conv2d({ ...options, filters: 4, kernelSize: [3, 2], padding: 'same', strides: 1 }),
        layers.conv2d({ filters: 8, kernelSize: [3, 2], activation: 'tanh', ...options }),
        ...classify(),
      ],
      image,
    );
  });
}

test('conv2d from many channels to few, whose input gradient is a convolution, and back, where it is col2im', () => {
  const conv = (filters: number) =>
    layers.conv2d({
      filters,
      kernelSize: [3, 2],
      strides: 2,
      dilation: [3, 2],
      padding: 'same',
      activation: 'tanh',
    });
  check(
    [
      layers.conv2d({ filters: 32, kernelSize: 1, activation: 'tanh' }),
      conv(2),
      conv(32),
      ...classify(),
    ],
    image,
  );
});

for (const options of [
  { padding: 'same', strides: 2, activation: 'sigmoid' },
  { strides: 3, outputPadding: [2, 0], activation: 'tanh' },
  {
    padding: [
      [1, 0],
      [0, 1],
    ],
    strides: [1, 2],
    dilation: [2, 1],
    useBias: false,
  },
  { padding: 'same', kernelSize: 4, filters: 2, strides: 2, activation: 'tanh' },
] as Partial<Parameters<typeof layers.conv2dTranspose>[0]>[]) {
  test(`conv2dTranspose ${JSON.stringify(options)}`, () => {
    // In front, where no input gradient is wanted, and behind, where one is.
    check(
      [
        layers.conv2dTranspose({ filters: 3, kernelSize: 2, activation: 'tanh' }),
        layers.conv2dTranspose({ filters: 6, kernelSize: [3, 2], ...options }),
        ...classify(),
      ],
      [4, 3, 4],
    );
  });
}

test('conv2dTranspose with relu, convolved and added up patch by patch', () => {
  for (const filters of [8, 2]) {
    const options = { filters, kernelSize: 2, strides: 2, activation: 'relu' } as const;
    check([layers.conv2dTranspose(options), ...classify()], [2, 1, 4]);
  }
});

for (const options of [
  { activation: 'relu' },
  { strides: 2, padding: 'same', groups: 2 },
  { dilation: 2, padding: [4, 0], useBias: false, activation: 'sigmoid' },
  { strides: 3, dimRoundingMode: 'ceil', groups: 4, filters: 4, activation: 'softmax' },
] as Partial<Parameters<typeof layers.conv1d>[0]>[]) {
  test(`conv1d ${JSON.stringify(options)}, and pooling over signals`, () => {
    check(
      [
        layers.conv1d({ filters: 4, kernelSize: 2, activation: 'tanh' }),
        layers.avgPool1d({ poolSize: 3, strides: 1, padding: 'same' }),
        layers.conv1d({ filters: 6, kernelSize: 3, ...options }),
        layers.maxPool1d({ padding: [1, 0] }),
        ...classify(),
      ],
      [13, 3],
    );
  });
}

for (const options of [
  { activation: 'tanh' },
  { strides: 2, padding: 'same', depthMultiplier: 3 },
  { dilation: [2, 1], padding: 1, useBias: false, activation: 'sigmoid' },
] as Partial<Parameters<typeof layers.depthwiseConv2d>[0]>[]) {
  test(`depthwiseConv2d ${JSON.stringify(options)}`, () => {
    check(
      [
        layers.depthwiseConv2d({ kernelSize: [2, 3], padding: 'same', activation: 'tanh' }),
        layers.depthwiseConv2d({ kernelSize: [3, 2], ...options }),
        ...classify(),
      ],
      image,
    );
  });
}

const front = () =>
  layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'tanh' });
const pools = {
  maxPool2d: [layers.maxPool2d, { poolSize: 2 }, { poolSize: 3, strides: 2, padding: 'same' }],
  avgPool2d: [layers.avgPool2d, { poolSize: 2 }, { poolSize: 3, strides: 2, padding: 'same' }],
  minPool2d: [layers.minPool2d, { poolSize: 2 }, { poolSize: 3, strides: 2, padding: 'same' }],
  lpPool2d: [layers.lpPool2d, { p: 2 }, { p: 3, poolSize: 3, strides: 1, mode: 'sum' }],
} as const;
for (const [name, [pool, ...variants]] of Object.entries(pools)) {
  test(name, () => {
    for (const options of variants) check([front(), pool(options), ...classify()], image);
  });
}

test('globalAvgPool2d', () => {
  check([front(), layers.globalAvgPool2d(), layers.dense({ units: 3 })], image);
  check([layers.conv2d({ filters: 3, kernelSize: 1 }), layers.globalAvgPool2d()], image);
});

for (const [name, layer] of Object.entries({
  adaptiveAvgPool2d: () => layers.adaptiveAvgPool2d({ outputSize: [3, 8] }),
  adaptiveMaxPool2d: () => layers.adaptiveMaxPool2d({ outputSize: [3, 4] }),
  'channelPool, average': () => layers.channelPool({ poolSize: 4, mode: 'average' }),
  blurPool2d: () => layers.blurPool2d({ kernelSize: 4 }),
  lrn: () => layers.lrn({ size: 3, alpha: 5, beta: 0.6 }),
  zeroPadding2d: () => layers.zeroPadding2d(),
  reflectionPadding2d: () => layers.reflectionPadding2d({ padding: [3, 2] }),
  'upsampling2d, nearest': () => layers.upsampling2d({ size: [1, 3] }),
  'upsampling2d, bilinear': () => layers.upsampling2d({ interpolation: 'bilinear' }),
  'conv2d, reflected': () =>
    layers.conv2d({ filters: 3, kernelSize: 5, padding: 'same', paddingMode: 'reflect' }),
})) {
  test(name, () => {
    // In front, where no input gradient is wanted, and behind, where one is.
    check([layer(), front(), layer(), ...classify()], image);
  });
}

test('lrn beside a layer that reads the same gradient after it', () => {
  const pixel = () => layers.conv2d({ filters: 4, kernelSize: 1, activation: 'tanh' });
  const shortcut = [
    layers.conv2d({ filters: 4, kernelSize: 1 }),
    layers.lrn({ size: 3, alpha: 5 }),
  ];
  const block = layers.residual({ layers: [pixel()], shortcut, activation: 'linear' });
  check([pixel(), block, ...classify()], image);
});

test('globalMaxPool2d, and maxout', () => {
  check([front(), layers.globalMaxPool2d(), layers.dense({ units: 3 })], image);
  check([front(), layers.channelPool({ poolSize: 2 }), ...classify()], image);
  check(
    [layers.dense({ units: 12 }), layers.channelPool({ poolSize: 4 }), layers.dense({ units: 3 })],
    [6],
  );
});

test('batchNorm after conv, after dense, in front and at the end', () => {
  check(
    [front(), layers.batchNorm(), layers.relu(), front(), layers.batchNorm(), ...classify()],
    image,
  );
  check(
    [
      layers.batchNorm(),
      layers.dense({ units: 5, activation: 'tanh' }),
      layers.batchNorm(),
      layers.activation({ activation: 'tanh' }),
      layers.dense({ units: 3, useBias: false }),
      layers.batchNorm(),
    ],
    [6],
  );
});

test('batchNorm with ReLU, which are one: in front, amid, and at the end', () => {
  const relu = () => layers.activation({ activation: 'relu' });
  check([front(), layers.batchNorm(), relu(), ...classify()], image);
  check(
    [
      layers.batchNorm(),
      relu(),
      layers.dense({ units: 7, useBias: false }),
      layers.batchNorm(),
      layers.relu(),
    ],
    [6],
    'meanSquaredError',
  );
});

test('dropout, once and twice', () => {
  check([front(), layers.dropout({ rate: 0.4 }), ...classify()], image);
  check(
    [
      layers.dropout({ rate: 0.3 }),
      layers.dense({ units: 16, activation: 'relu' }),
      layers.dropout({ rate: 0.5 }),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 3 }),
    ],
    [12],
  );
});

test('spatialDropout2d, once, twice and in front', () => {
  const drop = (rate: number) => layers.spatialDropout2d({ rate });
  check([front(), drop(0.4), ...classify()], image);
  check([drop(0.3), front(), drop(0.5), drop(0.2), front(), ...classify()], image);
});

test('rbf, in front, amid and at the end', () => {
  const dense = () => layers.dense({ units: 7, activation: 'tanh' });
  check([dense(), layers.rbf({ units: 3 })], [6]);
  check([layers.rbf({ units: 5 }), layers.softmax(), dense(), layers.rbf({ units: 3 })], [3]);
});

test('activations as layers, also behind a conv that has one, and twice', () => {
  const relu = () => layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' });
  check(
    [
      relu(),
      layers.activation({ activation: 'sigmoid' }),
      layers.activation({ activation: 'tanh' }),
      ...classify(),
    ],
    image,
  );
  check([relu(), layers.relu(), layers.activation({ activation: 'linear' }), ...classify()], image);
});

for (const name of activations) {
  test(`layers.${name}, in front, amid and twice`, () => {
    const own = name === 'leakyRelu' || name === 'elu' ? { alpha: 0.3 } : {};
    const layer = () => layers[name](own);
    const conv = () => layers.conv2d({ filters: 4, kernelSize: 3 });
    check([layer(), conv(), layer(), layer(), ...classify()], image);
  });
}

test('softmax amid the network, and before a squared error', () => {
  check([front(), layers.softmax(), ...classify()], image, 'meanSquaredError');
  check(
    [
      layers.dense({ units: 5, activation: 'softmax' }),
      layers.dense({ units: 4 }),
      layers.softmax(),
    ],
    [6],
    'meanSquaredError',
  );
});

test('softmax at the end, behind an activation of the layer before', () => {
  for (const activation of ['relu', 'tanh', 'softmax'] as const) {
    check(
      [
        layers.dense({ units: 9, activation: 'tanh' }),
        layers.dense({ units: 4, activation }),
        layers.softmax(),
      ],
      [6],
    );
  }
});

test('reshape; a class for every pixel', () => {
  check(
    [
      layers.dense({ units: 24, activation: 'tanh' }),
      layers.reshape({ targetShape: [3, 4, 2] }),
      front(),
      layers.reshape({ targetShape: [48] }),
      layers.dense({ units: 3 }),
    ],
    [6],
  );
  check([front(), layers.conv2d({ filters: 3, kernelSize: 1 })], image);
  check(
    [front(), layers.conv2d({ filters: 2, kernelSize: 2, strides: 2, padding: 'same' })],
    image,
    'meanSquaredError',
  );
});

test.run();
