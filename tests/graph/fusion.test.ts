// Which layers of a graph are computed together, which gradients are made in place or added on the way: none of it
// changes a bit.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, type Layer, layers, Model, optimizers, type Shape } from '../../src/index.js';
import { fuse } from '../../src/lowering/fuse.js';
import type { Value } from '../../src/program/emitter.js';
import { countOf, kernelsOf, lowered } from '../helpers/lowered.js';
import { sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

type SymbolicTensor = Model['inputs'][number];
type Outputs = SymbolicTensor[];

const SHAPE: Shape = [4, 4, 3];
const conv = (): Layer =>
  layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', useBias: false });
const norm = (): Layer => layers.batchNorm({ momentum: 0.5 });
const linear = (): Layer => layers.activation({ activation: 'linear' });
const add = (...x: SymbolicTensor[]): SymbolicTensor => layers.add().apply(x);
const chain = (x: SymbolicTensor, ...list: Layer[]): SymbolicTensor =>
  list.reduce((y, layer) => layer.apply(y), x);

/** A compiled model of what is made of an image. */
function network(make: (x: SymbolicTensor) => SymbolicTensor | Outputs): Model<Outputs> {
  const inputs = input(SHAPE);
  const model = new Model({ inputs, outputs: [make(inputs)].flat(), seed: 1 });
  const optimizer = optimizers.sgd({ learningRate: 0.1, momentum: 0.9 });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}

/** Layers as they are computed together, such as 'conv2d+relu'. */
function groups(model: Model<Outputs>, training: boolean): string[] {
  const { graph } = model.engine('test').network;
  return fuse(graph, () => training, []).map(({ nodes }) =>
    nodes.map(({ layer }) => layer.type).join('+'),
  );
}

const cases: Record<string, [(x: SymbolicTensor) => SymbolicTensor | Outputs, string[], string[]]> =
  {
    'a residual block': [
      (x) => chain(add(chain(x, conv(), norm()), x), layers.relu()),
      ['conv2d+batchNorm+add+relu'],
      ['conv2d', 'batchNorm+add+relu'],
    ],
    'both branches end in a batch norm: the first takes the sum': [
      (x) => chain(add(chain(x, conv(), norm()), chain(x, conv(), norm())), layers.relu()),
      ['conv2d+batchNorm', 'conv2d+batchNorm+add+relu'],
      ['conv2d', 'conv2d', 'batchNorm', 'batchNorm+add+relu'],
    ],
    'a sum of three': [(x) => add(x, conv().apply(x), x), ['conv2d', 'add'], ['conv2d', 'add']],
    'a sum of a tensor and itself': [
      (x) => chain(x, conv(), { apply: (y: SymbolicTensor) => add(y, y) } as Layer),
      ['conv2d', 'add'],
      ['conv2d', 'add'],
    ],
    'what two layers read': [
      (x) => {
        const y = conv().apply(x);
        return add(chain(y, norm()), chain(y, layers.relu()));
      },
      ['conv2d', 'relu', 'batchNorm+add'],
      ['conv2d', 'relu', 'batchNorm+add'],
    ],
    'outputs amid a chain': [
      (x) => {
        const y = conv().apply(x);
        const z = norm().apply(y);
        return [y, z, layers.relu().apply(z)];
      },
      ['conv2d', 'batchNorm', 'relu'],
      ['conv2d', 'batchNorm', 'relu'],
    ],
    'an activation of its own': [
      (x) => add(x, layers.conv2d({ filters: 3, kernelSize: 1, activation: 'tanh' }).apply(x)),
      ['conv2d', 'add'],
      ['conv2d', 'add'],
    ],
  };

for (const [name, [make, predicting, training]] of Object.entries(cases)) {
  test(`what is computed together: ${name}`, () => {
    const model = network(make);
    assert.equal([...groups(model, false)].sort(), [...predicting].sort(), 'predicting');
    assert.equal([...groups(model, true)].sort(), [...training].sort(), 'training');
    model.dispose();
  });
}

/** Trains both, which begin with the same weights: the same bits. */
function trainsAlike(joined: Model<Outputs>, apart: Model<Outputs>): void {
  const x = numbers(3 * 48, 1);
  const y = joined.outputs.map(({ shape: [h, w, c] }, i) => numbers(3 * h * w * c, 2 + i));
  for (let step = 0; step < 3; step++) {
    const [a, b] = [joined, apart].map((model) => model.trainOnBatch(x, y.length > 1 ? y : y[0]));
    assert.is(a.loss, b.loss, `step ${step}`);
  }
  joined.weights.forEach(({ name, tensor }, i) => {
    sameBits(tensor.data, apart.weights[i].tensor.data, name);
  });
  for (const model of [joined, apart]) model.dispose();
}

/** A layer between others that does nothing keeps them apart. */
const both = (make: (x: SymbolicTensor, between: () => Layer[]) => SymbolicTensor | Outputs) =>
  trainsAlike(
    network((x) => make(x, () => [])),
    network((x) => make(x, () => [linear()])),
  );

test('a block, its sum and ReLU apart: the same bits', () => {
  both((x, between) => {
    const sum = add(chain(x, conv(), norm(), ...between()), x);
    return chain(sum, ...between(), layers.relu());
  });
  both((x, between) => chain(add(chain(x, conv(), ...between()), x), layers.relu()));
});

test('a max pool behind ReLU, which is an output too, or read by others, or neither', () => {
  const pool = () => layers.maxPool2d({ strides: 1, padding: 'same' });
  both((x, between) => {
    const y = chain(x, conv(), layers.relu());
    return [y, chain(y, ...between(), pool(), conv())];
  });
  both((x, between) => {
    const y = chain(x, conv(), layers.relu());
    return add(chain(y, ...between(), pool()), conv().apply(y));
  });
  both((x, between) => chain(x, conv(), norm(), layers.relu(), ...between(), pool(), conv()));
});

test('the statistics of a shared batch norm move in the graph’s order', () => {
  both((x, between) => {
    const shared = norm();
    const [a, b] = [conv().apply(x), conv().apply(x)];
    // The second is computed with the sum, behind the first.
    return add(chain(shared.apply(b), ...between()), shared.apply(a));
  });
});

test('the gradient of a ReLU behind a sum is taken once, for both summands', () => {
  const blocks = [
    (x: SymbolicTensor) => add(chain(x, conv(), norm()), x),
    (x: SymbolicTensor) => add(chain(x, conv()), x),
  ];
  for (const block of blocks) {
    const model = network((x) => {
      const y = conv().apply(x);
      return chain(block(chain(block(y), layers.relu())), layers.relu());
    });
    assert.equal(countOf(model, 'unaryBackward'), [2]);
    model.dispose();
  }
});

/** The kernels between the loss and the update. */
function backwardOf(make: (x: SymbolicTensor) => SymbolicTensor): string[] {
  const model = network(make);
  const { emitter, forward, backward } = lowered(model, 'train');
  model.dispose();
  return emitter.ops.slice(forward, backward).map(({ kernel }) => kernel);
}

test('a convolution adds what other readers of its input have found while it computes', () => {
  const pixel = () => layers.conv2d({ filters: 3, kernelSize: 1, useBias: false });
  const readers = (x: SymbolicTensor) => {
    const y = pixel().apply(x);
    return add(pixel().apply(y), pixel().apply(y), pixel().apply(y), y);
  };
  // The filters' gradients of four, and input gradients of all but the one that reads the image.
  const one = ['convBackwardFilter', 'packFilter', 'conv'];
  assert.equal(backwardOf(readers), [...one, ...one, ...one, 'convBackwardFilter']);
});

test('what nobody wants is not added up', () => {
  const image = (x: SymbolicTensor) => add(add(chain(x, conv()), x), x);
  assert.not.ok(backwardOf(image).includes('add'));
});

/** Of each op of a kernel in backward, whether it writes where it reads the gradient. */
function inPlace(make: (x: SymbolicTensor) => SymbolicTensor, kernel: string): boolean[] {
  const model = network(make);
  const places = lowered(model, 'train').emitter.ops.flatMap((op) => {
    const { dx, dy } = op.args as unknown as Record<string, Value>;
    return op.kernel === kernel ? [dx.root === dy.root] : [];
  });
  model.dispose();
  return places;
}

test('gradients are made in place where nobody else reads them', () => {
  const kernel = 'normBackward';
  const tanh = () => layers.activation({ activation: 'tanh' });
  assert.equal(
    inPlace((x) => chain(x, conv(), norm(), tanh(), norm(), tanh()), 'unaryBackward'),
    [true, true],
  );
  // Of summands, the last one.
  const two = (x: SymbolicTensor) => add(chain(x, conv(), norm()), chain(x, conv(), norm()));
  assert.equal(inPlace(two, kernel).sort(), [false, true]);
  const three = (x: SymbolicTensor) => {
    const y = conv().apply(x);
    return add(chain(x, conv(), norm()), chain(y, conv()), y);
  };
  assert.equal(inPlace(three, kernel), [true], 'the convolution has read it, and added it');
  // The sum of two gradients is made in neither of them while one is to be read.
  const summed = (x: SymbolicTensor) => {
    const y = chain(x, conv(), tanh());
    return add(y, y, chain(x, conv(), norm()));
  };
  assert.equal(inPlace(summed, kernel), [true]);
  assert.equal(inPlace(summed, 'unaryBackward'), [true]);
});

test('each dropout draws from a stream of its own', () => {
  const dropout = () => layers.dropout({ rate: 0.5 });
  const model = network((x) =>
    chain(add(dropout().apply(x), dropout().apply(x)), conv(), dropout()),
  );
  const streams = lowered(model, 'train').emitter.ops.flatMap((op) =>
    op.kernel === 'dropout' ? [(op.args as unknown as { stream: number }).stream] : [],
  );
  // The last one's, backward too; what is before the convolution has nothing to learn.
  assert.equal([streams.length, new Set(streams).size], [4, 3]);
  assert.not.ok(kernelsOf(model, 'predict').includes('dropout'));
  model.dispose();
});

test.run();
