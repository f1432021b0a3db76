// What ops say to bad input, and that nothing is left behind.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import { shown } from '../../src/base/shown.js';
import {
  layers,
  losses,
  ops,
  optimizers,
  ShapeError,
  StateError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

type Kind = typeof ShapeError | typeof ValueError | typeof StateError;
type Result = Tensor | Record<string, Tensor | number>;

const used = (): number =>
  backend().memory.used('tensors') +
  backend().memory.used('activations') +
  backend().memory.used('scratch');

function freeResult(result: Result): void {
  const parts = result instanceof Tensor ? [result] : Object.values(result);
  for (const part of parts) if (part instanceof Tensor) part.dispose();
}

/** `bad` must fail with all of `words`, leave no memory taken, and `good` must work after it. */
function rejects(
  bad: () => Result,
  Kind: Kind,
  words: readonly string[],
  good: () => Result,
): void {
  // Packed forms of what is used again and again are kept; after that nothing may stay.
  for (let i = 0; i < 3; i++) freeResult(good());
  const before = used();
  let error: unknown;
  try {
    freeResult(bad());
  } catch (thrown) {
    error = thrown;
  }
  assert.instance(error, Kind, `expected ${Kind.name} with ${words.join(', ')}, got ${error}`);
  const { message } = error as Error;
  for (const word of words)
    assert.ok(message.includes(word), `'${message}' does not say '${word}'`);
  assert.is(used(), before, `memory is left behind by '${message}'`);
  freeResult(good());
  assert.is(used(), before, 'memory is left behind by the op itself');
}

let [x, w, dy, flat, four, whole, gone]: Tensor[] = [];
test.before(() => {
  x = random([2, 6, 6, 4], 1);
  w = random([3, 3, 4, 5], 2);
  dy = random([2, 4, 4, 5], 3);
  flat = random([6, 4], 4);
  four = random([4], 5);
  whole = Tensor.from(Int32Array.of(0, 1, 2, 3, 0, 1));
  gone = Tensor.zeros([2, 6, 6, 4]);
  gone.dispose();
});
test.after(() => free(x, w, dy, flat, four, whole));

const conv = () => ops.conv2d(x, w);
const backInput = () => ops.conv2dBackwardInput(dy, w, x.shape);
const backFilter = () => ops.conv2dBackwardFilter(x, dy, w.shape);

test('convolution: shapes', () => {
  rejects(() => ops.conv2d(x, w, null as never), ValueError, ['conv2d', 'options', 'null'], conv);
  rejects(() => ops.conv2d(flat, w), ShapeError, ['conv2d', '4 dimensions', '[6, 4]'], conv);
  rejects(() => ops.conv2d(x, flat), ShapeError, ['conv2d', 'filter', '[6, 4]'], conv);
  const five = random([3, 3, 5, 2], 1);
  rejects(() => ops.conv2d(x, five), ShapeError, ['conv2d', '[3, 3, 5, 2]', '[2, 6, 6, 4]'], conv);
  const large = random([7, 3, 4, 5], 1);
  rejects(() => ops.conv2d(x, large), ShapeError, ['conv2d', 'height 7', '6', 'same'], conv);
  rejects(() => ops.conv2d(x, w, { dilation: 3 }), ShapeError, ['conv2d', '7', '6'], conv);
  rejects(
    () => ops.conv2d(x, w, { bias: four }),
    ShapeError,
    ['conv2d', 'bias', '[5]', '[4]'],
    conv,
  );
  rejects(
    () => ops.conv2d(x, w, { strides: 2 }),
    ShapeError,
    ['conv2d', 'stride 2', 'floor'],
    conv,
  );
  rejects(
    () => ops.conv2dBackwardInput(x, w, x.shape),
    ShapeError,
    ['conv2dBackwardInput', '[2, 4, 4, 5]', '[2, 6, 6, 4]'],
    backInput,
  );
  rejects(
    () => ops.conv2dBackwardInput(dy, w, [2, 6, 6]),
    ShapeError,
    ['conv2dBackwardInput', '[2, 6, 6]'],
    backInput,
  );
  rejects(
    () => ops.conv2dBackwardInput(dy, w, [2, 6, 6, 0]),
    ShapeError,
    ['conv2dBackwardInput', '[2, 6, 6, 0]'],
    backInput,
  );
  rejects(
    () => ops.conv2dBackwardFilter(x, x, w.shape),
    ShapeError,
    ['conv2dBackwardFilter', '[2, 4, 4, 5]', '[2, 6, 6, 4]'],
    backFilter,
  );
  rejects(
    () => ops.conv2dBackwardFilter(x, dy, [3, 3, 4]),
    ShapeError,
    ['conv2dBackwardFilter', '[3, 3, 4]'],
    backFilter,
  );
  free(five, large);
});

test('convolution: options', () => {
  const bad = (options: object) => () => ops.conv2d(x, w, options as ops.Conv2dOptions);
  for (const strides of [0, -1, 1.5, Number.NaN, [1], [1, 2, 3], '2'])
    rejects(bad({ strides }), ValueError, ['conv2d', 'strides'], conv);
  for (const dilation of [0, [1, 0], 0.5])
    rejects(bad({ dilation }), ValueError, ['conv2d', 'dilation'], conv);
  for (const padding of [
    'full',
    -1,
    0.5,
    [1],
    [[1, 2], [3]],
    [
      [0, 0],
      [0, -1],
    ],
    [1, 2, 3],
  ]) {
    rejects(bad({ padding }), ValueError, ['conv2d', 'padding'], conv);
  }
  rejects(bad({ groups: 3 }), ValueError, ['conv2d', 'groups 3', '4', '5'], conv);
  rejects(bad({ groups: 0 }), ValueError, ['conv2d', 'groups', '0'], conv);
  rejects(bad({ activation: 'swish' }), ValueError, ['conv2d', 'swish', 'relu'], conv);
  rejects(bad({ dimRoundingMode: 'round' }), ValueError, ['conv2d', 'round', 'floor'], conv);
});

test('convolution: an algorithm that does not fit', () => {
  const long = random([11, 1, 4, 2], 1);
  const single = random([1, 1, 4, 2], 1);
  const half = random([3, 3, 2, 6], 1);
  const two = random([2, 2, 4, 2], 1);
  const cases: [Tensor, ops.Conv2dOptions, string][] = [
    [long, { padding: 'same' }, 'the filter is 11×1'],
    [single, {}, 'the filter is 1×1'],
    [two, { strides: 2, dimRoundingMode: 'floor' }, 'the filter is 2×2 at strides 2×2'],
    [w, { strides: [1, 3] }, 'the filter is 3×3 at strides 1×3'],
    [w, { dilation: [2, 1] }, 'it is dilated'],
    [half, { groups: 2 }, 'there are 2 groups'],
  ];
  for (const [filter, placement, why] of cases) {
    const options = { ...placement, algorithm: 'winograd' } as const;
    const y = ops.conv2d(x, filter, placement);
    const words = [
      "'winograd'",
      'up to 10 taps',
      'stride 1',
      'not 1×1',
      'stride 2',
      why,
      "use 'auto'",
    ];
    rejects(() => ops.conv2d(x, filter, options), ValueError, ['conv2d:', ...words], conv);
    rejects(
      () => ops.conv2dBackwardInput(y, filter, x.shape, options),
      ValueError,
      ['conv2dBackwardInput:', ...words],
      backInput,
    );
    rejects(
      () => ops.conv2dBackwardFilter(x, y, filter.shape, options),
      ValueError,
      ['conv2dBackwardFilter:', ...words],
      backFilter,
    );
    y.dispose();
  }
  for (const algorithm of ['fft', 'Winograd', '', 3, {}]) {
    const options = { algorithm } as ops.Conv2dOptions;
    const words = ['conv2d:', "'auto', 'direct' or 'winograd'", `not ${shown(algorithm)}`];
    rejects(() => ops.conv2d(x, w, options), ValueError, words, conv);
  }
  free(long, single, half, two);
});

test('tensors that are none, are disposed, or hold integers', () => {
  const notATensor = [1, 2, 3] as unknown as Tensor;
  rejects(() => ops.conv2d(notATensor, w), ValueError, ['conv2d', 'x', 'Tensor'], conv);
  rejects(() => ops.conv2d(gone, w), StateError, ['dispose', '[2, 6, 6, 4]'], conv);
  rejects(
    () => ops.relu(gone),
    StateError,
    ['dispose'],
    () => ops.relu(x),
  );
  rejects(
    () => ops.relu(whole),
    ValueError,
    ['relu', 'float32', 'int32'],
    () => ops.relu(x),
  );
  rejects(
    () => ops.maxPool2d(gone),
    StateError,
    ['dispose'],
    () => ops.maxPool2d(x),
  );
  const image = Tensor.from(new Int32Array(288), [2, 6, 6, 4]);
  rejects(() => ops.conv2d(image, w), ValueError, ['conv2d', 'x', 'float32', 'int32'], conv);
  rejects(
    () => ops.maxPool2d(image),
    ValueError,
    ['maxPool2d', 'float32'],
    () => ops.maxPool2d(x),
  );
  rejects(
    () => ops.globalAvgPool2d(image),
    ValueError,
    ['float32'],
    () => ops.globalAvgPool2d(x),
  );
  rejects(
    () => ops.matMul(flat, notATensor),
    ValueError,
    ['matMul', 'b', 'Tensor'],
    () => ops.matMul(flat, flat, { transposeB: true }),
  );
  const bias = Tensor.from(Int32Array.of(1, 2, 3, 4, 5));
  rejects(() => ops.conv2d(x, w, { bias }), ValueError, ['conv2d', 'bias', 'float32'], conv);
  assert.throws(
    () => gone.data,
    (e: unknown) => e instanceof StateError,
  );
  free(image, bias);
});

test('matrices', () => {
  const good = () => ops.matMul(flat, flat, { transposeB: true });
  rejects(() => ops.matMul(flat, flat), ShapeError, ['matMul', '4', '6', '[6, 4]'], good);
  rejects(() => ops.matMul(flat, four), ShapeError, ['matMul', 'b', '[4]'], good);
  rejects(() => ops.matMul(x, flat), ShapeError, ['matMul', 'a', '[2, 6, 6, 4]'], good);
  const columns = random([32, 36], 1);
  const good2 = () => ops.col2im(columns, x.shape, { kernelSize: 3 });
  rejects(
    () => ops.col2im(flat, x.shape, { kernelSize: 3 }),
    ShapeError,
    ['col2im', '[32, 36]', '[6, 4]'],
    good2,
  );
  rejects(
    () => ops.im2col(flat, { kernelSize: 3 }),
    ShapeError,
    ['im2col', '[6, 4]'],
    () => ops.im2col(x, { kernelSize: 3 }),
  );
  rejects(
    () => ops.im2col(x, { kernelSize: 7 }),
    ShapeError,
    ['im2col', '7', '6'],
    () => ops.im2col(x, { kernelSize: 6 }),
  );
  rejects(
    () => ops.im2col(x, { kernelSize: 0 }),
    ValueError,
    ['im2col', 'kernelSize'],
    () => ops.im2col(x, { kernelSize: 1 }),
  );
  free(columns);
});

test('pooling', () => {
  const good = () => ops.maxPool2d(x);
  rejects(() => ops.maxPool2d(flat), ShapeError, ['maxPool2d', '[6, 4]'], good);
  rejects(() => ops.maxPool2d(x, { poolSize: 7 }), ShapeError, ['maxPool2d', '7', '6'], good);
  rejects(
    () => ops.maxPool2d(x, { padding: 2 }),
    ValueError,
    ['maxPool2d', 'padding', 'window'],
    good,
  );
  rejects(
    () =>
      ops.maxPool2d(x, {
        padding: [
          [0, 2],
          [0, 0],
        ],
      }),
    ValueError,
    ['maxPool2d', 'padding'],
    good,
  );
  rejects(
    () => ops.avgPool2d(x, { poolSize: 0 }),
    ValueError,
    ['avgPool2d', 'poolSize'],
    () => ops.avgPool2d(x),
  );
  rejects(
    () => ops.maxPool2dBackward(dy, x),
    ShapeError,
    ['maxPool2dBackward', '[2, 3, 3, 4]', '[2, 4, 4, 5]'],
    good,
  );
  rejects(
    () => ops.avgPool2dBackward(dy, x.shape),
    ShapeError,
    ['avgPool2dBackward', '[2, 3, 3, 4]', '[2, 4, 4, 5]'],
    good,
  );
  rejects(
    () => ops.globalAvgPool2dBackward(flat, x.shape),
    ShapeError,
    ['globalAvgPool2dBackward', '[2, 4]', '[6, 4]'],
    good,
  );
  for (const p of [0.5, 0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    rejects(
      () => ops.lpPool2d(x, { p }),
      ValueError,
      ['lpPool2d', 'p', `${p}`],
      () => ops.lpPool2d(x),
    );
  }
});

test('batch normalisation', () => {
  const good = () => ops.batchNormTraining(x, { gamma: four, beta: four });
  const five = random([5], 1);
  rejects(
    () => ops.batchNormTraining(x, { gamma: five, beta: four }),
    ShapeError,
    ['batchNormTraining', 'gamma', '[4]', '[5]'],
    good,
  );
  rejects(
    () => ops.batchNorm(x, { gamma: four, beta: four, mean: four, variance: five }),
    ShapeError,
    ['batchNorm', 'variance', '[4]', '[5]'],
    good,
  );
  rejects(
    () => ops.batchNormBackward(dy, x, { gamma: four, mean: four, variance: four }),
    ShapeError,
    ['batchNormBackward', '[2, 6, 6, 4]', '[2, 4, 4, 5]'],
    good,
  );
  const empty = Tensor.zeros([0, 4]);
  rejects(
    () => ops.batchNormTraining(empty, { gamma: four, beta: four }),
    ShapeError,
    ['batchNormTraining', 'empty', '[0, 4]'],
    good,
  );
  free(five, empty);
});

test('losses', () => {
  const good = () => ops.softmaxCrossEntropy(flat, whole);
  const [labels, halves, few] = [
    Tensor.from(Int32Array.of(0, 1, 2, 3, 4, 0)),
    Tensor.from([0, 1, 2, 3, 0.5, 0]),
    random([5], 1),
  ];
  rejects(
    () => ops.softmaxCrossEntropy(flat, labels),
    ValueError,
    ['softmaxCrossEntropy', 'label 4', '4', '0 to 3'],
    good,
  );
  rejects(
    () => ops.softmaxCrossEntropy(flat, halves),
    ValueError,
    ['softmaxCrossEntropy', 'label 4', '0.5'],
    good,
  );
  const negative = Tensor.from(Int32Array.of(0, -1, 0, 0, 0, 0));
  rejects(() => ops.softmaxCrossEntropy(flat, negative), ValueError, ['label 1', '-1'], good);
  rejects(
    () => ops.softmaxCrossEntropy(flat, few),
    ShapeError,
    ['softmaxCrossEntropy', '[6, 4]', '[5]'],
    good,
  );
  rejects(
    () => ops.softmaxCrossEntropy(x, flat),
    ShapeError,
    ['softmaxCrossEntropy', '[2, 6, 6, 4]', '[6, 4]'],
    good,
  );
  rejects(
    () => ops.meanSquaredError(flat, four),
    ShapeError,
    ['meanSquaredError', '[6, 4]', '[4]'],
    () => ops.meanSquaredError(flat, flat),
  );
  rejects(
    () => ops.add(flat, four),
    ShapeError,
    ['add', '[6, 4]', '[4]'],
    () => ops.add(flat, flat),
  );
  rejects(
    () => ops.reluBackward(four, flat),
    ShapeError,
    ['reluBackward', '[6, 4]', '[4]'],
    () => ops.reluBackward(flat, flat),
  );
  free(labels, halves, few, negative);
});

test('ops without options refuse more arguments', async () => {
  await ops.useArrays();
  const pooled = random([2, 4], 6);
  const own: Record<string, readonly unknown[]> = {
    add: [flat, flat],
    softmaxCrossEntropy: [flat, whole],
    meanSquaredError: [flat, flat],
    concat: [[flat, flat]],
    concatBackward: [flat, [1, 3]],
    multiply: [flat, flat],
    multiplyBackward: [flat, flat, flat],
    biasBackward: [flat],
    topK: [flat, 2],
    select: [flat, flat, flat],
    selectBackward: [flat, flat, flat, flat],
    globalMaxPool2d: [x],
    globalMaxPool2dBackward: [pooled, x],
    globalAvgPool2d: [x],
    globalAvgPool2dBackward: [pooled, x.shape],
  };
  for (const [name, op] of Object.entries<unknown>(ops)) {
    // An op refuses options that are none by itself.
    if (typeof op !== 'function' || op === ops.useArrays || /^[^{]*\boptions\b/.test(String(op)))
      continue;
    const args = own[name] ?? (name.endsWith('Backward') ? [flat, flat] : [flat]);
    const call = (...more: unknown[]) => op(...args, ...more) as Result;
    for (const [more, text] of [
      [{ surplus: 1 }, '{ surplus: 1 }'],
      [3, '3'],
    ] as const)
      rejects(() => call(more), ValueError, [`${name}: takes`, text], call);
    freeResult(call(undefined));
    freeResult(call({}));
  }
  // What `map` gives besides an element says nothing.
  for (const y of [flat, flat].map(ops.relu)) y.dispose();
  for (const takes of [layers.relu, losses.huber, optimizers.sgd]) {
    const given = (of: unknown) => takes(of as never) as unknown as Result;
    const words = ['expected an options object', 'Tensor'];
    rejects(
      () => given(flat),
      ValueError,
      words,
      () => given({}),
    );
  }
  free(pooled);
});

test('Tensor', () => {
  const good = () =>
    Tensor.from([
      [1, 2],
      [3, 4],
    ]);
  const from = (data: unknown, shape?: number[]) => () => Tensor.from(data as number[], shape);
  rejects(from([[1, 2], [3]]), ShapeError, ['Tensor.from', 'ragged', '[2, 2]'], good);
  rejects(from([[1, 2], 3]), ShapeError, ['Tensor.from', 'ragged'], good);
  rejects(from([1, [2]]), ShapeError, ['Tensor.from', 'ragged'], good);
  rejects(from([1, 2, 3], [2, 2]), ShapeError, ['Tensor.from', '3', '[2, 2]', '4'], good);
  rejects(from('123'), ValueError, ['Tensor.from', "'123'"], good);
  rejects(from([1], [-1]), ShapeError, ['Tensor.from', '[-1]'], good);
  rejects(() => Tensor.zeros([2, 1.5]), ShapeError, ['Tensor.zeros', '1.5'], good);
  rejects(() => flat.reshape([5, 5]), ShapeError, ['reshape', '[6, 4]', '24', '[5, 5]'], good);
  rejects(() => flat.reshape([-1, -1]), ShapeError, ['reshape', '[-1, -1]'], good);
});

test.run();
