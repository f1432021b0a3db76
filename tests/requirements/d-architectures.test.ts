// The architectures as the lectures print them: shapes, parameters, multiply-adds (requirements D1 to D7).

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Layer,
  layers,
  type Model,
  optimizers,
  Sequential,
  type Shape,
  type SummaryRow,
  zoo,
} from '../../src/index.js';
import { samples } from '../helpers/models.js';
import '../helpers/start.js';

/** A model's summary; nothing is allocated for it. */
const rowsOf = (model: Model): SummaryRow[] => model.summary({ print: null });

const ofType = (rows: readonly SummaryRow[], ...types: string[]): SummaryRow[] =>
  rows.filter(({ type }) => types.includes(type));

const shapes = (rows: readonly SummaryRow[]): Shape[] => rows.map(({ outputShape }) => outputShape);

const total = (rows: readonly SummaryRow[], what: 'parameters' | 'multiplyAdds'): number =>
  rows.reduce((sum, row) => sum + row[what], 0);

/** [(CONV-RELU)^n - POOL?]^m - (FC-RELU)^k - SOFTMAX. */
function pattern(n: number, m: number, k: number, pools: boolean): Sequential {
  const many = (count: number, some: () => Layer[]): Layer[] =>
    Array.from({ length: count }, some).flat();
  const conv = () => [
    layers.conv2d({ filters: 6, kernelSize: 3, padding: 'same', kernelInitializer: 'heNormal' }),
    layers.relu(),
  ];
  const dense = () => [layers.dense({ units: 12, kernelInitializer: 'heNormal' }), layers.relu()];
  return new Sequential(
    [
      ...many(m, () => [...many(n, conv), ...(pools ? [layers.maxPool2d()] : [])]),
      layers.flatten(),
      ...many(k, dense),
      layers.dense({ units: 3 }),
      layers.softmax(),
    ],
    { inputShape: [6, 6, 1], seed: 2 },
  );
}

test('D1: [(CONV-RELU)^N - POOL?]^M - (FC-RELU)^K - SOFTMAX trains', async () => {
  const { x, y } = samples(150);
  for (const [n, m, k, pools] of [
    [1, 1, 0, false],
    [1, 2, 1, true],
    [2, 1, 2, true],
    [3, 2, 1, false],
  ] as const) {
    const model = pattern(n, m, k, pools);
    const optimizer = optimizers.sgd({ learningRate: 0.02, momentum: 0.9 });
    model.compile({ optimizer, loss: 'softmaxCrossEntropy', metrics: ['accuracy'] });
    await model.fit(x, y, { epochs: 20, batchSize: 10 });
    const { accuracy } = await model.evaluate(x, y);
    assert.ok(accuracy > 0.9, `N ${n}, M ${m}, K ${k}: accuracy ${accuracy}`);
    const probabilities = model.predict(x.subarray(0, 36));
    assert.ok(Math.abs(probabilities.data.reduce((sum, p) => sum + p, 0) - 1) < 1e-6);
    model.dispose();
  }
});

test('D2: LeNet-5 of 1998: 32×32 → 6@28×28 → 14×14 → 16@10×10 → 5×5 → 120@1×1 → 84 → 10', () => {
  const rows = rowsOf(zoo.lenet5Classic());
  const types = ['conv2d', 'avgPool2d', 'conv2d', 'avgPool2d', 'conv2d', 'flatten', 'dense', 'rbf'];
  assert.equal(
    rows.map(({ type }) => type),
    types,
  );
  assert.equal(shapes(ofType(rows, 'conv2d', 'avgPool2d', 'dense', 'rbf')), [
    [28, 28, 6],
    [14, 14, 6],
    [10, 10, 16],
    [5, 5, 16],
    [1, 1, 120],
    [84],
    [10],
  ]);
  // The last convolution just sees the whole image.
  assert.equal(
    ofType(rows, 'conv2d').map(({ receptiveField }) => receptiveField[0]),
    [5, 14, 32],
  );
  const logistic = zoo.lenet5Classic().layers.filter(({ type }) => /conv2d|dense/.test(type));
  for (const { options } of logistic) assert.is(options['activation' as never], 'sigmoid');
});

test('D2: LeNet-5 as it is taught: ReLU and max pooling, the same maps from 28×28', () => {
  const rows = rowsOf(zoo.lenet5());
  assert.equal(shapes(ofType(rows, 'conv2d', 'maxPool2d', 'dense')), [
    [28, 28, 6],
    [14, 14, 6],
    [10, 10, 16],
    [5, 5, 16],
    [120],
    [84],
    [10],
  ]);
  assert.equal(
    ofType(rows, 'conv2d', 'dense').map(({ parameters }) => parameters),
    [156, 2416, 48120, 10164, 850],
  );
});

test('D3: AlexNet: shapes and what units see', () => {
  const rows = rowsOf(zoo.alexnet());
  assert.equal(shapes(ofType(rows, 'conv2d', 'maxPool2d', 'dense')), [
    [55, 55, 96],
    [27, 27, 96],
    [27, 27, 256],
    [13, 13, 256],
    [13, 13, 384],
    [13, 13, 384],
    [13, 13, 256],
    [6, 6, 256],
    [4096],
    [4096],
    [1000],
  ]);
  assert.is(ofType(rows, 'lrn').length, 2);
  assert.is(ofType(rows, 'dropout').length, 2);
  assert.equal(
    ofType(rows, 'conv2d', 'maxPool2d').map(({ receptiveField }) => receptiveField[0]),
    [11, 19, 51, 67, 99, 131, 163, 195],
  );
});

test('D3: AlexNet: parameters and multiply-adds by layer', () => {
  // The lectures round some numbers, cut others, and leave biases out: within one of the last digit.
  const K = 1e3;
  const M = 1e6;
  const weights = [35 * K, 307 * K, 884 * K, 664 * K, 442 * K, 37 * M, 16 * M, 4 * M];
  const multiplyAdds = [105, 223, 149, 112, 74, 37, 16, 4].map((count) => count * M);
  const halved = ofType(rowsOf(zoo.alexnet({ groups: 2 })), 'conv2d', 'dense');
  halved.forEach((row, i) => {
    const biases = row.outputShape.at(-1) as number;
    const digit = weights[i] < M ? K : M;
    const off = Math.abs(row.parameters - biases - weights[i]) / digit;
    assert.ok(off < 1, `${row.name}: ${row.parameters} parameters`);
    const more = (row.multiplyAdds - multiplyAdds[i]) / M;
    assert.ok(more >= 0 && more < 1, `${row.name}: ${row.multiplyAdds} multiply-adds`);
  });
  assert.is(halved.length, 8);
  assert.is(total(halved, 'parameters'), 60_965_224);
  const whole = ofType(rowsOf(zoo.alexnet()), 'conv2d', 'dense');
  assert.is(whole[3].parameters, 1_327_488);
  assert.is(total(whole, 'parameters'), 62_378_344);
});

test('D4: VGG16: 138 M parameters, stacks of 3×3 convolutions that see 212 pixels', () => {
  const rows = rowsOf(zoo.vgg16());
  assert.is(Math.round(total(rows, 'parameters') / 1e6), 138);
  assert.is(ofType(rows, 'conv2d', 'dense').length, 16);
  const pools = ofType(rows, 'maxPool2d');
  assert.equal(
    pools.map(({ outputShape: [side] }) => side),
    [112, 56, 28, 14, 7],
  );
  assert.equal(pools.at(-1)?.receptiveField, [212, 212]);
});

test('D5: GoogLeNet: nine cells of four branches side by side, 5 to 7 M parameters', () => {
  const model = zoo.googlenet();
  const rows = rowsOf(model);
  const parameters = total(rows, 'parameters');
  assert.ok(parameters > 5e6 && parameters < 7e6, `${parameters} parameters`);
  const cells = model.layers.filter(({ type }) => type === 'concat');
  for (const cell of cells) assert.is(cell.output.inputs.length, 4, cell.name);
  assert.equal(
    shapes(ofType(rows, 'concat')),
    [256, 480, 512, 512, 512, 528, 832, 832, 1024].map((channels, i) => {
      const side = i < 2 ? 28 : i < 7 ? 14 : 7;
      return [side, side, channels];
    }),
  );
  const heads = zoo.googlenet({ auxiliary: true });
  assert.equal(
    heads.outputs.map(({ shape }) => shape),
    [[1000], [1000], [1000]],
  );
});

test('D6: ResNet: as many layers with weights as its depth says, and its shapes', () => {
  const weighted = (rows: readonly SummaryRow[]): number =>
    ofType(rows, 'conv2d', 'dense').filter(({ name }) => !name.includes('downsample')).length;
  for (const depth of [18, 34, 50, 101, 152]) {
    const rows = rowsOf(zoo.resnet({ depth }));
    assert.is(weighted(rows), depth);
    const channels = depth < 50 ? 512 : 2048;
    assert.equal(ofType(rows, 'add').at(-1)?.outputShape, [7, 7, channels], `${depth}`);
  }
  for (const depth of [20, 32, 44, 56, 110]) {
    for (const shortcut of ['identity', 'projection'] as const) {
      const rows = rowsOf(zoo.resnet({ depth, shortcut }));
      assert.is(weighted(rows), depth);
      assert.equal(ofType(rows, 'add').at(-1)?.outputShape, [8, 8, 64], `${depth}`);
      const identities = ofType(rows, 'identityShortcut').length;
      assert.is(identities, shortcut === 'identity' ? 2 : 0);
    }
  }
});

test('D7: network in network ends in maps of classes; the all-convolutional net never pools inside', () => {
  const nin = rowsOf(zoo.nin());
  assert.equal(shapes(nin).slice(-2), [[8, 8, 10], [10]]);
  assert.is(ofType(nin, 'dense').length, 0);
  const allCnn = rowsOf(zoo.allCnn());
  assert.equal(
    ofType(allCnn, 'conv2d').map(({ outputShape: [side] }) => side),
    [32, 32, 16, 16, 16, 8, 6, 6, 6],
  );
  assert.equal([...new Set(allCnn.map(({ type }) => type))].sort(), [
    'conv2d',
    'dropout',
    'globalAvgPool2d',
  ]);
});

test.run();
