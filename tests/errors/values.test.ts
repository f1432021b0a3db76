// Values that pass for an option in JavaScript and mean nothing: each is refused by name, with what was expected and
// what came (the kinds that were found by calling everything with them).

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  callbacks,
  data,
  FormatError,
  input,
  layers,
  loadModel,
  losses,
  Model,
  metrics,
  OutOfMemoryError,
  ops,
  optimizers,
  Sequential,
  ShapeError,
  StateError,
  Tensor,
  ValueError,
  type WasmgradError,
  zoo,
} from '../../src/index.js';
import { compiled, rejects, samples } from '../helpers/models.js';
import '../helpers/start.js';

// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
const any = (value: unknown): any => value;
type Case = [
  call: () => unknown,
  Kind: abstract new (...of: never[]) => WasmgradError,
  ...parts: string[],
];

const model = compiled();
const signs = new Sequential([layers.dense({ units: 1 })], { inputShape: [1] });
signs.compile({ optimizer: 'sgd', loss: 'hinge' });
const { x, y } = samples(8);
const image = Tensor.zeros([1, 4, 4, 2]);
const matrix = Tensor.zeros([2, 2]);
const vector = Tensor.zeros([2]);
const circular: unknown[] = [];
circular.push(circular);
const pixels = new Uint8Array(8);
const augmentation = data.augment({});
const batch = { epoch: 1, indices: [0] };

const cases: Record<string, Case> = {
  'an option that Keras has under another name': [
    () =>
      ops.batchNorm(
        image,
        any({ gamma: vector, beta: vector, mean: vector, variance: vector, eps: 1 }),
      ),
    ValueError,
    "no option 'eps'",
    'epsilon',
  ],
  'a word in other letters': [
    () => ops.matMul(matrix, matrix, any({ transposeb: true })),
    ValueError,
    "did you mean 'transposeB'?",
  ],
  'a flag as text': [
    () => ops.matMul(matrix, matrix, any({ transposeB: 'no' })),
    ValueError,
    'transposeB must be true or false',
    "not 'no'",
  ],
  "Keras's input": [
    () => input(any({ shape: [28, 28, 1] })),
    ShapeError,
    'not { shape: [28, 28, 1] } (did you mean [28, 28, 1]?)',
  ],
  'a shape with the batch': [
    () => new Sequential([layers.flatten()], { inputShape: any([null, 784]) }),
    ShapeError,
    'inputShape',
    'not [null, 784] (did you mean [784]?)',
  ],
  'the same of a zoo network': [
    () => zoo.lenet5({ inputShape: any([null, 28, 28, 1]) }),
    ShapeError,
    '(did you mean [28, 28, 1]?)',
  ],
  'a shape of one side': [() => input(any(784)), ShapeError, 'not 784 (did you mean [784]?)'],
  'a shape that says nothing': [() => input(any({ shape: [null] })), ShapeError, '[null] }'],
  'a number as text': [() => losses.huber({ delta: any('3') }), ValueError, 'delta', "not '3'"],
  'a list for a number': [
    () => losses.softmaxCrossEntropy({ labelSmoothing: any([]) }),
    ValueError,
    'labelSmoothing',
    'not []',
  ],
  'a list for a share': [
    () => model.fit(x, y, { validationSplit: any([]) }),
    ValueError,
    'validationSplit',
    'not []',
  ],
  'a name that is no text': [
    () => new Sequential([layers.flatten()], { inputShape: [2], name: any(NaN) }),
    ValueError,
    'name must be text',
    'not NaN',
  ],
  'the same of a graph': [
    () => {
      const a = input([2]);
      return new Model({ inputs: a, outputs: layers.relu().apply(a), name: any(7) });
    },
    ValueError,
    'new Model: name must be text',
  ],
  'a shape that is 0': [() => Tensor.from([1, 2], any(0)), ShapeError, 'Tensor.from', 'not 0'],
  'a shape with holes': [() => Tensor.zeros(new Array(2)), ShapeError, 'Tensor.zeros'],
  'lists that hold themselves': [() => Tensor.from(any(circular)), ShapeError, 'hold itself'],
  'a layer without its options': [() => any(layers.activation)(), ValueError, 'layers.activation'],
  'another layer without its options': [() => any(layers.reshape)(), ValueError, 'layers.reshape'],
  'a tensor without its new shape': [() => any(image).reshape(), ShapeError, 'undefined'],
  'an op without its options': [
    () => any(ops.batchNorm)(image),
    ValueError,
    'batchNorm: expected an options object',
  ],
  'null for options': [() => ops.lpPool2d(image, any(null)), ValueError, 'lpPool2d', 'null'],
  'a signal that is none': [
    () => model.evaluate(x, y, { signal: any({}) }),
    ValueError,
    'signal must be an AbortSignal',
  ],
  'something that does not print': [
    () => model.summary({ print: any(5) }),
    ValueError,
    'print must be a function, or null',
    'not 5',
  ],
  'null that does not print': [
    () => callbacks.progress({ print: any(null) }),
    ValueError,
    'print must be a function',
  ],
  'a set without augmentation': [
    () => new data.Augmenter(pixels, [2, 2, 1], any(undefined)),
    ValueError,
    'data.augment()',
    'undefined',
  ],
  'an augmentation of nobody’s making': [
    () =>
      data.augmentBatch(
        new Float32Array(4),
        pixels,
        [2, 2, 1],
        { ...augmentation, rotate: Infinity },
        batch,
      ),
    ValueError,
    'augmentation must be what data.augment() returns',
  ],
  'symbols, which no template takes': [
    () => layers.leakyRelu({ alpha: any(Symbol('a')) }),
    ValueError,
    'alpha',
    'Symbol(a)',
  ],
  'padding in capitals, before there is an input': [
    () => layers.conv2d({ filters: 1, kernelSize: 3, padding: any('SAME') }),
    ValueError,
    'layers.conv2d',
    "not 'SAME' (did you mean 'same'?)",
  ],
  'the same of a pool': [
    () => layers.maxPool2d({ padding: any('SAME') }),
    ValueError,
    'layers.maxPool2d',
    "did you mean 'same'?",
  ],
  'and of a transposed convolution': [
    () => layers.conv2dTranspose({ filters: 1, kernelSize: 3, padding: any('Valid') }),
    ValueError,
    'layers.conv2dTranspose',
    "did you mean 'valid'?",
  ],
  'large integers': [() => layers.dense({ units: any(3n) }), ValueError, 'units', '3n'],
  'a proxy that was revoked': [
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return layers.dense(any(proxy));
    },
    ValueError,
    'layers.dense: the options cannot be read',
  ],
  'a loss’s options as something else': [
    () => losses.softmaxCrossEntropy(any(y)),
    ValueError,
    '{ labelSmoothing: … }',
  ],
  'the same of huber': [() => losses.huber(any(2)), ValueError, '{ delta: … }'],
  'a log’s name shortened': [
    () =>
      model.fit(x, y, {
        validationSplit: 0.5,
        callbacks: callbacks.earlyStopping({ monitor: 'val_acc' }),
      }),
    ValueError,
    "(did you mean 'val_accuracy'?)",
  ],
  'layers that are in no list': [
    () => new Sequential(any(layers.flatten()), any(layers.dense({ units: 2 }))),
    ValueError,
    'the layers must be a list, as in new Sequential([',
  ],
  'layers among the options': [
    () => new Sequential(any({ layers: [layers.flatten()] }), any(undefined)),
    ValueError,
    'the layers must be a list, as in new Sequential([',
    'not { layers: ',
  ],
  'an optimizer and a loss in a row': [
    () => model.compile(any(optimizers.adam())),
    ValueError,
    'compile({ optimizer, loss, metrics })',
  ],
  'inputs and outputs in a row': [
    () => new Model(any(input([2]))),
    ValueError,
    'together in one object, { inputs, outputs }',
  ],
  'a pair for x': [
    () => model.fit(any([x, y]), any({ epochs: 2 })),
    ValueError,
    'tiny.fit: x is a list of two, and y is { epochs: 2 }',
    'fit(...pair, options)',
  ],
  'a pair alone': [
    () => model.evaluate(any([x, y]), any(undefined)),
    ValueError,
    'evaluate(...pair, options)',
  ],
  'x and y as options': [
    () => model.fit(any({ x, y, epochs: 1 }), any(undefined)),
    ValueError,
    'fit(x, y, options)',
  ],
  'two validations': [
    () => model.fit(x, y, { validationSplit: 0.5, validationData: [x, y] }),
    ValueError,
    'give validationData or a validationSplit, not both',
  ],
  'tensors in a list': [
    () => model.predict(any([Tensor.zeros([6, 6, 1]), Tensor.zeros([6, 6, 1])])),
    ValueError,
    'tiny.predict: x is a list of tensors: give one tensor',
  ],
  'labels in other than a list': [
    () => {
      model.labels = any('abc');
    },
    ValueError,
    "expected a list with a text for each of 3 classes, not 'abc'",
  ],
  'labels before layers': [
    () => {
      new Sequential([], { inputShape: [4] }).labels = ['a', 'b'];
    },
    StateError,
    'sequential.labels: the model has no layers yet',
  ],
  'a layer after labels': [
    () => {
      const named = new Sequential([layers.dense({ units: 2 })], { inputShape: [4] });
      named.labels = ['a', 'b'];
      named.add(layers.dense({ units: 5 }));
    },
    StateError,
    'sequential.add: the model has labels: set them after the last layer',
  ],
  'the shape of the input among a layer’s options': [
    () => layers.conv2d(any({ filters: 1, kernelSize: 3, inputShape: [4, 4, 1] })),
    ValueError,
    "no option 'inputShape', which is one of new Sequential(layers, { inputShape })",
  ],
  lr: [() => optimizers.adam(any({ lr: 1 })), ValueError, "did you mean 'learningRate'?"],
  'p of dropout': [() => layers.dropout(any({ p: 1 })), ValueError, "did you mean 'rate'?"],
  ignore_index: [
    () => losses.softmaxCrossEntropy(any({ ignore_index: 1 })),
    ValueError,
    "did you mean 'ignoreClass'?",
  ],
  'an activation that is a layer': [
    () => layers.dense({ units: 1, activation: any(layers.relu) }),
    ValueError,
    "no activation a function: give its name, such as 'relu'",
  ],
  'an initializer as an object': [
    () => layers.dense({ units: 1, kernelInitializer: any({ type: 'zeros' }) }),
    ValueError,
    "no initializer { type: 'zeros' }",
  ],
  'a regularizer by its name': [
    () => layers.dense({ units: 1, kernelRegularizer: any('l2') }),
    ValueError,
    "such as regularizers.l2(0.01), not 'l2'",
  ],
  'a model for its bytes': [
    () => loadModel(any(model)),
    FormatError,
    'not a model: model.toBytes() gives its bytes',
  ],
  'numbers for weights': [
    () => model.setWeights(any({ 'dense/kernel': new Float32Array(48) })),
    ValueError,
    'no tensor for float32',
    'Tensor.from(numbers, shape) makes tensors',
  ],
  'a generator for several epochs': [
    () =>
      model.fitDataset(
        (function* () {
          yield [x, y];
        })() as never,
        { epochs: 2 },
      ),
    ValueError,
    'there is no batch in epoch',
    'give the function that makes it',
  ],
  'a number for a layer': [
    () => model.activations(x, any(0)),
    ValueError,
    "layers must be a layer's name, or a list of at least one, not 0",
  ],
  'numbers for a picture': [() => model.classify(any(x)), ValueError, 'not a Float32Array of'],
  'a confusion matrix of places': [
    () => metrics.confusionMatrix(y, Tensor.zeros([8, 2, 2, 3])),
    ShapeError,
    'reshape it to [-1, 3]',
  ],
  'targets of hinge that are no signs': [
    () => signs.evaluate(Float32Array.of(0, 0), Float32Array.of(1, 0.5)),
    ValueError,
    'y contains 0.5',
    '−1 and 1, or 0 for −1',
  ],
  'an initializer that is an object of no type': [
    () => layers.dense({ units: 1, kernelInitializer: any(Object.create(null)) }),
    ValueError,
    'there is no initializer {}',
  ],
  'an enormous name of an optimizer': [
    () => model.compile({ optimizer: any('x'.repeat(1e6)), loss: 'hinge' }),
    ValueError,
    `there is no optimizer '${'x'.repeat(60)}…';`,
  ],
  'an enormous name of a loss': [
    () => model.compile({ optimizer: 'sgd', loss: any('x'.repeat(1e6)) }),
    ValueError,
    `there is no loss '${'x'.repeat(60)}…';`,
  ],
  'a weight of a class as text': [
    () => model.fit(x, y, { classWeight: any({ 1: '2' }) }),
    ValueError,
    "classWeight 1 is '2': weights must be numbers ≥ 0",
  ],
  'an optimizer’s options as a number': [
    () => optimizers.adam(any(0.001)),
    ValueError,
    '{ learningRate: … }',
  ],
};

for (const [name, [call, Kind, ...parts]] of Object.entries(cases))
  test(name, () => rejects(call, Kind, ...parts));

test('memory that has no more room by its nature does not advise more', async () => {
  let message = '';
  try {
    Tensor.zeros([2 ** 30]);
  } catch (error) {
    assert.instance(error, OutOfMemoryError);
    ({ message } = error as Error);
  }
  assert.match(message, '4096.0 MiB is the limit');
  assert.match(message, 'dispose what is no longer needed');
  assert.not.match(message, 'maximumMemory');
});

test('a residual block holds copies of its lists, so never itself', () => {
  const inner = [layers.relu()];
  const block = layers.residual({ layers: inner });
  inner.push(block);
  assert.equal(block.shapeFor([3]), [3]);
});

test.run();
