// The networks of the zoo: parameters as in torchvision and the papers, what their options do, that each
// trains, and that it is the same again from a file.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  loadModel,
  type Model,
  optimizers,
  ResNet,
  ShapeError,
  type SymbolicTensor,
  ValueError,
  zoo,
} from '../../src/index.js';
import { dropNothing, otherBits, rejects, sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

type Net = Model<SymbolicTensor | readonly SymbolicTensor[]>;

/** How many numbers are learned: running statistics are not. */
const learned = ({ layers }: Pick<Net, 'layers'>): number =>
  layers
    .flatMap(({ parameters }) => parameters)
    .filter(({ trainable }) => trainable)
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);

/** Nothing is allocated for it. */
const builders: Record<string, () => Pick<Net, 'layers'>> = {
  ...Object.fromEntries(
    [18, 34, 50, 101, 152].map((depth) => [`resnet${depth}`, () => zoo.resnet({ depth })]),
  ),
  ...Object.fromEntries(
    Object.entries({
      vgg11: zoo.vgg11,
      vgg13: zoo.vgg13,
      vgg16: zoo.vgg16,
      vgg19: zoo.vgg19,
    }).flatMap(([name, vgg]) => [
      [name, () => vgg()],
      [`${name}_bn`, () => vgg({ batchNorm: true })],
    ]),
  ),
  googlenet: () => zoo.googlenet(),
  googlenet_aux: () => zoo.googlenet({ auxiliary: true }),
  mobilenet_v2: () => zoo.mobilenetV2(),
  squeezenet1_0: () => zoo.squeezenet({ version: '1.0' }),
  squeezenet1_1: () => zoo.squeezenet(),
};

test('as many parameters as in torchvision', () => {
  const file = new URL('../golden/networks.json', import.meta.url);
  const { parameters } = JSON.parse(readFileSync(file, 'utf8'));
  const counted = Object.entries(builders).map(([name, build]) => [name, learned(build())]);
  assert.equal(Object.fromEntries(counted), parameters);
});

test('as many parameters as in the papers', () => {
  const cases: [Pick<Net, 'layers'>, number][] = [
    [zoo.lenet5(), 61_706],
    [zoo.lenet5Classic(), 61_696],
    [zoo.alexnet(), 62_378_344],
    [zoo.alexnet({ groups: 2 }), 60_965_224],
    [zoo.nin(), 966_986],
    [zoo.allCnn(), 1_369_738],
    [zoo.resnet({ depth: 20 }), 269_722],
    [zoo.resnet({ depth: 20, shortcut: 'projection' }), 272_474],
    [zoo.resnet({ depth: 32 }), 464_154],
    [zoo.resnet({ depth: 44 }), 658_586],
    [zoo.resnet({ depth: 56 }), 853_018],
    [zoo.resnet({ depth: 110 }), 1_727_962],
  ];
  for (const [model, count] of cases) assert.is(learned(model), count);
});

const CLASSES = 3;

/** Each network small, and what is said of it. */
const small = (side: number, channels = 3) => ({
  classes: CLASSES,
  inputShape: [side, side, channels],
});
const networks: Record<string, () => Net> = {
  lenet5: () => zoo.lenet5(small(20, 1)),
  lenet5Classic: () => zoo.lenet5Classic(small(32, 1)),
  'alexnet in two groups': () => zoo.alexnet({ ...small(67), groups: 2 }),
  vgg11: () => zoo.vgg11(small(32)),
  nin: () => zoo.nin(small(16)),
  allCnn: () => zoo.allCnn(small(20)),
  'googlenet with auxiliary heads': () => zoo.googlenet({ ...small(64), auxiliary: true }),
  resnet18: () => zoo.resnet({ ...small(64), depth: 18, shortcut: 'identity' }),
  resnet20: () => zoo.resnet({ ...small(16), depth: 20 }),
  'resnet20 with projections': () =>
    zoo.resnet({ ...small(16), depth: 20, shortcut: 'projection' }),
  mobilenetV2: () => zoo.mobilenetV2(small(64)),
  'squeezenet 1.0': () => zoo.squeezenet({ ...small(64), version: '1.0' }),
};

const images = (model: Net, count: number): Float32Array =>
  numbers(count * model.inputShape.reduce((a, b) => a * b), 4);

/** The sum of absolute values, in a plain loop: there are a hundred million in VGG. */
function magnitude(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]);
  return sum;
}

/** The numbers of all outputs, one after another. */
function predicted(model: Net, count = 2): Float32Array {
  const outputs = [model.predict(images(model, count))].flat();
  const all = Float32Array.from(outputs.flatMap(({ data }) => [...data]));
  for (const output of outputs) output.dispose();
  return all;
}

for (const [name, make] of Object.entries(networks)) {
  test(`${name} trains: every weight has a gradient, and the loss goes down`, () => {
    const model = make();
    // Without dropout, steps on the same images can be compared.
    dropNothing(model);
    const optimizer = optimizers.sgd({ learningRate: 1e-4 });
    model.compile({ optimizer, loss: 'softmaxCrossEntropy' });
    const x = images(model, 4);
    const y = [0, 2, 1, 2];
    const { loss } = model.trainOnBatch(x, Int32Array.from(y));
    for (const { name: weight, gradient } of model.weights) {
      if (!gradient) continue;
      const norm = magnitude(gradient.data);
      assert.ok(norm > 0 && norm < Number.POSITIVE_INFINITY, `${weight}: ${norm}`);
    }
    const after = model.trainOnBatch(x, Int32Array.from(y)).loss;
    assert.ok(after < loss, `${loss} became ${after}`);
    model.dispose();
  });
}

test('one seed makes the same bits, another others; dropout does nothing in predictions', () => {
  for (const make of [zoo.lenet5, zoo.lenet5Classic, zoo.nin, zoo.allCnn, zoo.mobilenetV2]) {
    const side = make === zoo.lenet5Classic ? 32 : 20;
    const results = [7, 7, 8].map((seed) => {
      const model = make({ classes: 2, inputShape: [side, side, 2], seed });
      assert.equal(model.outputShape, [2]);
      const y = predicted(model);
      sameBits(predicted(model), y, 'again');
      model.dispose();
      return y;
    });
    sameBits(results[1], results[0], make.name);
    otherBits(results[2], results[0], make.name);
  }
});

test('ResNet is the class and resnet the function', () => {
  const model = zoo.resnet({ depth: 20, classes: 4, inputShape: [8, 12, 1] });
  assert.instance(model, ResNet);
  assert.equal([model.inputShape, model.outputShape], [[8, 12, 1], [4]]);
  assert.equal(new ResNet({ depth: 50 }).inputShape, [224, 224, 3]);
  assert.equal(new ResNet({ depth: 56 }).inputShape, [32, 32, 3]);
});

test('outputs of GoogLeNet have the names of its heads', () => {
  const { outputs } = zoo.googlenet({ auxiliary: true });
  assert.equal(
    outputs.map(({ name }) => name),
    ['fc', 'aux1.fc2', 'aux2.fc2'],
  );
});

for (const make of [
  () => zoo.googlenet({ ...small(64), auxiliary: true, seed: 3 }),
  () => zoo.resnet({ ...small(16), depth: 20, seed: 3 }),
] as (() => Net)[]) {
  const { name } = make();
  test(`${name} predicts the same bits from a file, and trains on`, async () => {
    const model = make();
    model.compile({ optimizer: optimizers.sgd({ momentum: 0.9 }), loss: 'softmaxCrossEntropy' });
    const y = Int32Array.from([0, 1]);
    model.trainOnBatch(images(model, 2), y);
    const again: Net = await loadModel(model.toBytes());
    sameBits(predicted(again), predicted(model), 'predictions');
    const loss = model.trainOnBatch(images(model, 2), y);
    assert.equal(again.trainOnBatch(images(model, 2), y), loss);
    sameBits(predicted(again), predicted(model), 'predictions after another step');
    model.dispose();
    again.dispose();
  });
}

test('options that make no sense', async () => {
  // biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
  const any = (value: unknown): any => value;
  const bad: [() => unknown, typeof ValueError | typeof ShapeError, ...string[]][] = [
    [
      () => zoo.resnet({ depth: 19 }),
      ValueError,
      'depth',
      '18, 34, 50, 101 or 152',
      '6n + 2',
      '19',
    ],
    [() => zoo.resnet({ depth: 2 }), ValueError, 'depth', 'not 2'],
    [() => zoo.resnet({ depth: -4 }), ValueError, 'depth', 'not -4'],
    [() => zoo.resnet(any({})), ValueError, 'depth', 'undefined'],
    [() => zoo.resnet(any(undefined)), ValueError, 'options object'],
    [
      () => zoo.resnet({ depth: 20, shortcut: any('none') }),
      ValueError,
      "'identity' or 'projection'",
      'none',
    ],
    [() => zoo.squeezenet({ version: any('1.2') }), ValueError, "'1.0' or '1.1'", "'1.2'"],
    [() => zoo.alexnet({ groups: any(4) }), ValueError, 'zoo.alexnet', 'groups', '1 or 2', '4'],
    [() => zoo.vgg11({ classes: 0 }), ValueError, 'zoo.vgg11', 'classes', 'not 0'],
    [() => zoo.nin({ classes: 2.5 }), ValueError, 'zoo.nin', 'classes', '2.5'],
    [() => zoo.mobilenetV2({ inputShape: [32, 32] }), ShapeError, '[height, width, channels]'],
    [() => zoo.googlenet({ seed: -1 }), ValueError, 'seed', '-1'],
    [() => zoo.resnet({ depth: '18' as never }), ValueError, 'depth', "'18'"],
    [() => zoo.vgg11({ batchNorm: 1 as never }), ValueError, 'batchNorm', 'true or false', '1'],
    [() => zoo.googlenet({ auxiliary: 'no' as never }), ValueError, 'auxiliary', "'no'"],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
});

test('the smallest image that each network takes', async () => {
  const cases: [string, number, (options: { inputShape: number[] }) => unknown][] = [
    ['alexnet', 67, zoo.alexnet],
    ['allCnn', 9, zoo.allCnn],
    ['googlenet', 31, zoo.googlenet],
    ['googlenet', 31, (options) => zoo.googlenet({ ...options, auxiliary: true })],
    ['lenet5', 12, zoo.lenet5],
    ['lenet5Classic', 32, zoo.lenet5Classic],
    ['squeezenet', 25, zoo.squeezenet],
    ['squeezenet', 29, (options) => zoo.squeezenet({ ...options, version: '1.0' })],
    ...([11, 13, 16, 19] as const).map((depth): [string, number, typeof zoo.vgg11] => [
      `vgg${depth}`,
      32,
      zoo[`vgg${depth}`],
    ]),
  ];
  for (const [name, side, make] of cases) {
    make({ inputShape: [side, side, 3] });
    const parts = [`zoo.${name}: images must be at least ${side}×${side}`, `[${side - 1}, 90, 3]`];
    await rejects(() => make({ inputShape: [side - 1, 90, 3] }), ShapeError, ...parts);
  }
  for (const make of [zoo.mobilenetV2, zoo.nin]) make({ inputShape: [1, 1, 3] });
});

test('words that there are not', async () => {
  for (const make of Object.values(zoo)) {
    const call = () => (make as (options: object) => unknown)({ depth: 20, clases: 3 });
    await rejects(call, ValueError, 'there is no option', 'classes, inputShape, seed');
  }
});

test.run();
