// model.gradients and model.activations: what may be asked for, what comes back, and what is refused. Against
// differences of predictions and of losses; random graphs are in tests/graph/gradients.test.ts.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  emit,
  type Forward,
  input,
  Layer,
  type Lowering,
  layers,
  Model,
  memory,
  NumericError,
  optimizers,
  Sequential,
  type Shape,
  ShapeError,
  StateError,
  Tensor,
  type Value,
  ValueError,
} from '../../src/index.js';
import { lower } from '../../src/lowering/lower.js';
import { close } from '../helpers/close.js';
import { dot } from '../helpers/gradcheck.js';
import { compiled, predictions, rejects, sameBits, samples, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

type Layers = ConstructorParameters<typeof Sequential>[0];

const COUNT = 5;
const { x, y } = samples(COUNT);

/** A copy of a tensor's numbers; the tensor is given back. */
function taken(tensor: Tensor): Float32Array {
  const copy = Float32Array.from(tensor.data);
  tensor.dispose();
  return copy;
}

/** Fails unless `gradient` tells how f moves from x along a few directions. */
function isGradient(
  gradient: Float32Array,
  f: (x: Float32Array) => number,
  at: Float32Array,
  what: string,
): void {
  for (const seed of [1, 2, 3]) {
    const direction = numbers(at.length, seed);
    const moved = (h: number) => f(at.map((v, i) => v + h * direction[i]));
    const h = 1e-3;
    const numeric = (moved(h) - moved(-h)) / (2 * h);
    const norm = Math.sqrt(dot(gradient, gradient) * dot(direction, direction));
    close([dot(gradient, direction)], [numeric], { atol: 3e-3 * norm }, what);
  }
}

/** Σ of each sample's chosen outputs, in f64. */
const chosen =
  (model: Sequential, targets: ArrayLike<number>, classes: number) =>
  (data: Float32Array): number => {
    const all = predictions(model, data);
    let sum = 0;
    const rows = all.length / COUNT / classes;
    for (let i = 0; i < all.length; i++) {
      if (i % classes === targets[Math.floor(i / classes / rows)]) sum += all[i];
    }
    return sum;
  };

const conv = (more: object = {}) =>
  layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', ...more });
const end = (): Layers => [layers.flatten(), layers.dense({ units: 3 })];

for (const [name, list] of Object.entries<() => Layers>({
  'conv, batch norm and ReLU, which are one in a prediction': () => [
    conv({ useBias: false }),
    layers.batchNorm(),
    layers.activation({ activation: 'tanh' }),
    ...end(),
  ],
  'Winograd, both ways': () => [
    conv({ activation: 'tanh' }),
    conv({ algorithm: 'winograd', activation: 'tanh' }),
    ...end(),
  ],
  'dropout, which drops nothing': () => [
    conv({ activation: 'gelu' }),
    layers.dropout({ rate: 0.9 }),
    layers.spatialDropout2d({ rate: 0.9 }),
    ...end(),
  ],
  'depthwise, strided, transposed': () => [
    layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }),
    conv({ strides: 2, activation: 'tanh' }),
    layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2 }),
    ...end(),
  ],
  'lrn, average pooling, softmax at the end': () => [
    conv(),
    layers.lrn({ size: 3, alpha: 2 }),
    layers.avgPool2d(),
    ...end(),
    layers.softmax(),
  ],
  'a class for every pixel': () => [conv({ activation: 'tanh' }), conv({ filters: 3 })],
})) {
  test(`${name}: an output's gradient for the images`, async () => {
    const model = new Sequential(list(), { inputShape: [6, 6, 1], seed: 2 });
    model.weights.forEach(({ tensor }, i) => {
      const noise = numbers(tensor.size, 30 + i);
      for (let j = 0; j < tensor.size; j++) tensor.data[j] += 0.2 * Math.abs(noise[j]);
    });
    const one = taken(await model.gradients(x, { output: 2, wanted: 'input', batchSize: 2 }));
    isGradient(one, chosen(model, [2, 2, 2, 2, 2], 3), x, 'one index for all');
    const each = taken(await model.gradients(x, { output: y, wanted: 'input' }));
    isGradient(each, chosen(model, y, 3), x, 'an index for each');
    model.dispose();
  });
}

test('of the loss: each sample by itself, whatever batch it is in', async () => {
  for (const activationCheckpointing of [false, true]) {
    const model = compiled({ activationCheckpointing });
    const before = weightsOf(model);
    const all = taken(await model.gradients(x, { y, wanted: 'input' }));
    const parts = taken(await model.gradients(x, { y, wanted: 'input', batchSize: 2 }));
    close(parts, all, { rtol: 1e-5, atol: 1e-7 }, 'in batches of two');
    for (let i = 0; i < COUNT; i++) {
      const [own, label] = [x.slice(i * 36, i * 36 + 36), y.slice(i, i + 1)];
      const alone = taken(await model.gradients(own, { y: label, wanted: 'input' }));
      close(alone, all.subarray(i * 36, i * 36 + 36), { rtol: 1e-5, atol: 1e-7 }, `sample ${i}`);
      // −ln of the label's share.
      const loss = (data: Float32Array) => {
        const logits = predictions(model, data).map(Math.exp);
        return -Math.log(logits[label[0]] / logits.reduce((a, b) => a + b));
      };
      isGradient(alone, loss, own, `the loss of sample ${i}`);
    }
    sameBits(weightsOf(model), before, 'weights');
    model.dispose();
  }
});

test('for layers: at the place of each, whatever would be computed together', async () => {
  const model = new Sequential(
    [
      conv({ name: 'conv' }),
      layers.batchNorm({ name: 'norm' }),
      layers.relu({ name: 'relu' }),
      layers.maxPool2d({ name: 'pool' }),
      ...end(),
    ],
    { inputShape: [6, 6, 1], seed: 3 },
  );
  model.weights[2].tensor.data.set([1, 2, 0.5, 1]);
  const wanted = ['conv', 'norm', 'relu', 'pool', 'flatten', 'dense', 'input'] as const;
  const all = await model.gradients(x, { output: 1, wanted });
  const values = model.activations(x, ['norm', 'relu', 'pool']);
  const found = Object.fromEntries(Object.entries(all).map(([name, one]) => [name, [...one.data]]));
  assert.equal(all.pool.shape, [COUNT, 3, 3, 4]);
  assert.equal(all.dense.shape, [COUNT, 3]);
  assert.equal(
    found.dense,
    Array.from({ length: COUNT * 3 }, (_, i) => (i % 3 === 1 ? 1 : 0)),
  );
  assert.equal(found.flatten, found.pool);
  // ReLU passes what is above 0, and pooling gives to one of four.
  const { norm, relu, pool } = values;
  assert.equal(
    found.norm,
    found.relu.map((v, i) => (norm.data[i] > 0 ? v : 0)),
  );
  assert.ok(relu.data.every((v, i) => v === Math.max(0, norm.data[i])));
  const given = (list: number[]) => list.filter((v) => v !== 0).length;
  assert.is(given(found.relu), given(found.pool));
  assert.ok(
    pool.data.some((v) => v === 0),
    'a gradient for ReLU where all is 0',
  );
  // σ = √(1 + ε).
  const scale = [1, 2, 0.5, 1].map((v) => v / Math.sqrt(1 + 1e-3));
  close(
    found.conv,
    found.norm.map((v, i) => v * scale[i % 4]),
    { rtol: 1e-5 },
    'conv',
  );
  for (const name of wanted) {
    const alone = await model.gradients(x, { output: 1, wanted: name });
    close(taken(alone), found[name], { rtol: 1e-4, atol: 1e-6 }, `${name} alone`);
  }
  for (const one of [...Object.values(all), ...Object.values(values)]) one.dispose();
  model.dispose();
});

test('numbers by which outputs are multiplied: several outputs, each by its name', async () => {
  const image = input([4, 4, 2], { name: 'image' });
  const h = layers.conv2d({ filters: 3, kernelSize: 3, name: 'body' }).apply(image);
  const maps = layers.conv2d({ filters: 2, kernelSize: 1, name: 'maps' }).apply(h);
  const pooled = layers.globalAvgPool2d().apply(h);
  const logits = layers.dense({ units: 3, name: 'logits' }).apply(pooled);
  const model = new Model({ inputs: image, outputs: [maps, logits], seed: 1 });
  const data = numbers(2 * 32, 5);
  const factors = { maps: Tensor.from(numbers(16, 6), [2, 2, 2, 2]), logits: [2, 0] };
  const wanted = ['image', 'body'] as const;
  const both = await model.gradients(data, { output: factors, wanted });
  const one = await model.gradients(data, { output: { maps: factors.maps }, wanted });
  const other = await model.gradients(data, { output: { logits: [2, 0] }, wanted });
  for (const name of wanted) {
    const sum = one[name].data.map((v, i) => v + other[name].data[i]);
    close(both[name].data, sum, { rtol: 1e-4, atol: 1e-6 }, name);
  }
  // Nothing depends on the other head.
  const zero = await model.gradients(data, { output: { logits: 1 }, wanted: 'maps' });
  assert.equal([zero.shape, zero.data.every((v) => v === 0)], [[2, 2, 2, 2], true]);
  const nested = await model.gradients(data, {
    output: {
      logits: [
        [0, 0, 1],
        [1, 0, 0],
      ],
    },
    wanted: 'body',
  });
  sameBits(taken(nested), other.body.data as Float32Array, 'as nested arrays');
  for (const all of [both, one, other]) for (const tensor of Object.values(all)) tensor.dispose();
  for (const tensor of [zero, factors.maps]) tensor.dispose();
  model.dispose();
});

/** Channels times numbers of their own, as in the guide: it knows of training alone. */
class Scale extends Layer<Value> {
  constructor() {
    super('scale', {}, []);
  }

  shapeFor(inputShape: Shape): Shape {
    return inputShape;
  }

  protected override parametersFor([, , channels]: Shape) {
    return [{ name: 'gamma', shape: [channels], initializer: 'ones', trainable: true }] as const;
  }

  #geometry(shape: Shape) {
    return emit.convGeometry(this.name, shape, [1, 1, 1, shape[3]], { groups: shape[3] });
  }

  emitForward(to: Lowering, a: Value): Forward<Value> {
    const result = to.emitter.value(a.shape);
    emit.convForward(to.emitter, result, a, to.weight(this, 'gamma'), this.#geometry(a.shape));
    return { y: result, saved: a };
  }

  emitBackward(to: Lowering, dy: Value, a: Value, wanted: boolean): Value | undefined {
    const g = this.#geometry(a.shape);
    if (this.trainable) emit.convBackwardFilter(to.emitter, to.gradient(this, 'gamma'), a, dy, g);
    if (!wanted) return undefined;
    const dx = to.emitter.value(a.shape);
    emit.convBackwardInput(to.emitter, dx, dy, to.weight(this, 'gamma'), g);
    return dx;
  }
}

test("no gradient of a weight is computed, not even a custom layer's", async () => {
  const model = new Sequential([conv(), new Scale(), ...end()], { inputShape: [6, 6, 1] });
  const { graph } = model.engine('test').network;
  const { weights } = model.engine('test');
  const kernels = (wanted: readonly Model['inputs'][number][]): string[] =>
    lower({
      ...{ graph, weights, batch: 2, mode: 'gradients', targets: [], weighted: false },
      ...{
        objective: undefined,
        wanted: { tensors: wanted, of: 'outputs', values: false, relu: undefined },
      },
    }).emitter.ops.map(({ kernel }) => kernel);
  const all = kernels(graph.inputs);
  assert.not.ok(
    all.some((kernel) => /[fF]ilterGradient|sumRows|Filter$/.test(kernel)),
    `${all}`,
  );
  // Of the last layer, neither a forward pass nor a backward one.
  assert.equal(kernels([graph.outputs[0]]).length, 0);
  const found = await model.gradients(x, { output: 0, wanted: 'input' });
  isGradient(taken(found), chosen(model, [0, 0, 0, 0, 0], 3), x, 'custom');
  model.dispose();
});

test('frozen and shared layers', async () => {
  const image = input([6, 6, 1]);
  const shared = layers.conv2d({ filters: 1, kernelSize: 3, padding: 'same', name: 'shared' });
  const h = layers.activation({ activation: 'tanh' }).apply(shared.apply(image));
  const sum = layers.add({ name: 'sum' }).apply([shared.apply(h), h]);
  const outputs = layers.dense({ units: 3 }).apply(layers.flatten().apply(sum));
  const model = new Model({ inputs: image, outputs, seed: 4 }) as Sequential;
  const free = taken(await model.gradients(x, { output: 1, wanted: 'input' }));
  isGradient(free, chosen(model, [1, 1, 1, 1, 1], 3), x, 'shared');
  for (const layer of model.layers) layer.trainable = false;
  sameBits(taken(await model.gradients(x, { output: 1, wanted: 'input' })), free, 'frozen');
  const again = () => model.gradients(x, { output: 1, wanted: 'shared' });
  await rejects(again, ValueError, "'shared' has 2 places", 'layers.linear');
  await rejects(() => model.activations(x, 'shared'), ValueError, "'shared' has 2 places");
  model.dispose();
});

test('programs are kept: asked again, nothing is allocated', async () => {
  const model = compiled();
  const ask = async () => {
    taken(
      await model
        .gradients(x, { y, wanted: ['maxPool2d', 'input'] })
        .then(({ maxPool2d, input: one }) => {
          one.dispose();
          return maxPool2d;
        }),
    );
    taken(await model.gradients(x, { output: 1, wanted: 'conv2d' }));
    taken(model.activations(x, 'conv2d'));
  };
  await ask();
  const { scratch, activations, bytes } = memory();
  const first = taken(await model.gradients(x, { y, wanted: 'input' }));
  for (let i = 0; i < 20; i++) await ask();
  const now = memory();
  assert.is(now.bytes, bytes);
  assert.is(now.activations, activations);
  // The program that was asked for once more, and no more than that.
  assert.ok(now.scratch - scratch < 20_000, `${now.scratch - scratch} bytes`);
  sameBits(taken(await model.gradients(x, { y, wanted: 'input' })), first, 'the same bits');
  // After a step the weights are others, and prepared ones are made anew.
  model.trainOnBatch(x, y);
  const after = taken(await model.gradients(x, { output: y, wanted: 'input' }));
  isGradient(after, chosen(model, y, 3), x, 'after a step');
  model.dispose();
});

test('activations: one as a tensor, several as a record, those of the prediction', () => {
  const model = compiled();
  const pooled = model.activations(x, 'maxPool2d', { batchSize: 2 });
  assert.equal(pooled.shape, [COUNT, 2, 2, 4]);
  const { flatten, dense } = model.activations(x, ['flatten', 'dense'] as const);
  close(flatten.data, pooled.data, { rtol: 1e-5, atol: 1e-6 }, 'flatten');
  sameBits(dense.data as Float32Array, predictions(model, x), 'the outputs');
  for (const one of [pooled, flatten, dense]) one.dispose();
  model.dispose();
});

test('what cannot be asked is refused, and all goes on', async () => {
  const model = compiled({ rate: 0 });
  const expected = taken(await model.gradients(x, { y, wanted: 'input' }));
  const before = memory();
  const refuse = async (options: object, Kind: typeof ValueError, ...parts: string[]) => {
    const ask = () => model.gradients(x, { output: 0, wanted: 'input', ...options } as never);
    await rejects(ask, Kind, ...parts);
    assert.equal({ ...memory(), bytes: 0 }, { ...before, bytes: 0 }, parts.join());
  };
  await refuse({ wanted: 'conv' }, ValueError, "there is no 'conv'", 'input, conv2d, batchNorm');
  for (const wanted of ['conv2d/kernel', ['input', 'batchNorm/gamma']])
    await refuse({ wanted }, ValueError, 'is a weight', 'model.computeGradients', 'model.weights');
  await refuse({ wanted: 'conv2D' }, ValueError, "did you mean 'conv2d'?");
  await refuse({ wanted: ['input\n'] }, ValueError, "there is no 'input\\n'");
  const part = 'conv2d/kernel';
  await rejects(() => model.activations(x, part), ValueError, part, 'model.weights');
  await refuse({ wanted: [] }, ValueError, "wanted must be a layer's name");
  await refuse({ wanted: undefined }, ValueError, "wanted must be a layer's name");
  await refuse({ wanted: ['conv2d', 3] }, ValueError, "wanted must be a layer's name");
  await refuse({ y }, ValueError, 'either y', 'or output', 'not both');
  await refuse({ output: undefined }, ValueError, 'either y', 'or output');
  await refuse({ output: 3 }, ValueError, 'output is 3', 'from 0 to 2');
  await refuse({ output: -1 }, ValueError, 'output is -1');
  await refuse({ output: 0.5 }, ValueError, 'output is 0.5');
  await refuse({ output: [0, 1, 2, 0, 7] }, ValueError, 'output is 7');
  await refuse({ output: [0, 1] }, ShapeError, 'a list of 5', '[5, 3]');
  await refuse({ output: new Float32Array(15) }, ShapeError, '15 numbers');
  await refuse({ output: 'cat' }, ValueError, 'output must be');
  await refuse({ output: { dense: 0, other: 1 } }, ValueError, "output has 'other'", "'dense'");
  await refuse({ output: {} }, ValueError, 'output names none');
  await refuse({ batchSize: 0 }, ValueError, 'batchSize');
  await refuse({ output: undefined, outputs: 1 }, ValueError, "there is no option 'outputs'");
  const nan = Tensor.from(new Float32Array(15).fill(Number.NaN), [5, 3]);
  await rejects(() => model.gradients(x, { output: nan, wanted: 'input' }), NumericError, 'NaN');
  nan.dispose();
  const huge = Array.from({ length: 5 }, () => [0, 1e300, 0]);
  await refuse(
    { output: huge },
    NumericError,
    'output contains Infinity, or more than float32 holds',
  );
  await rejects(() => model.activations(x, 'input'), ValueError, "there is no 'input'", 'conv2d');
  await rejects(() => model.activations(x, []), ValueError, "layers must be a layer's name");
  const signal = AbortSignal.abort(new Error('enough'));
  await rejects(() => model.gradients(x, { y, wanted: 'input', signal }), Error, 'enough');
  const bad = Float32Array.from(x).fill(Number.NaN, 40, 41);
  await rejects(() => model.gradients(bad, { y, wanted: 'input' }), NumericError, 'sample 1');
  sameBits(taken(await model.gradients(x, { y, wanted: 'input' })), expected, 'afterwards');
  model.dispose();
  await rejects(() => model.gradients(x, { y, wanted: 'input' }), StateError, 'dispose');
});

test('of a loss that has the last activation in itself, not for what that makes', async () => {
  const list = [layers.flatten(), layers.dense({ units: 3, name: 'logits' }), layers.softmax()];
  const model = new Sequential(list, { inputShape: [6, 6, 1], seed: 1 });
  const early = () => model.gradients(x, { y, wanted: 'logits' });
  await rejects(early, StateError, 'compile');
  model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  const found = taken(await early());
  const shares = predictions(model, x);
  // softmax − one-hot.
  const right = shares.map((v, i) => v - (i % 3 === y[Math.floor(i / 3)] ? 1 : 0));
  close(found, right, { atol: 1e-6 }, 'logits');
  const late = () => model.gradients(x, { y, wanted: ['softmax', 'input'] });
  await rejects(late, ValueError, "'softmax'", 'a layer before it', 'output');
  sameBits(taken(await early()), found, 'afterwards');
  model.dispose();
});

test('nor for layers after it that only rename the numbers', async () => {
  const list = [layers.conv2d({ filters: 3, kernelSize: 6 }), layers.softmax(), layers.flatten()];
  const model = new Sequential(list, { inputShape: [6, 6, 1], seed: 1 });
  model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  for (const name of ['softmax', 'flatten'])
    await rejects(() => model.gradients(x, { y, wanted: name }), ValueError, `'${name}'`);
  const found = taken(await model.gradients(x, { y, wanted: 'conv2d' }));
  const shares = predictions(model, x);
  const right = shares.map((v, i) => v - (i % 3 === y[Math.floor(i / 3)] ? 1 : 0));
  close(found, right, { atol: 1e-6 }, 'logits');
  model.dispose();
});

test('of several inputs each by its name', async () => {
  const [a, b] = [input([3], { name: 'a' }), input([2], { name: 'b' })];
  const both = layers.concat().apply([a, b]);
  const outputs = layers.dense({ units: 2, activation: 'tanh' }).apply(both);
  const model = new Model({ inputs: [a, b], outputs, seed: 1 });
  const data = { a: numbers(6, 1), b: numbers(4, 2) };
  const found = await model.gradients(data, { output: 1, wanted: ['a', 'b'] as const });
  for (const name of ['a', 'b'] as const) {
    const f = (moved: Float32Array) => {
      const [p, q] = [1, 3].map((i) => predictions(model as never, { ...data, [name]: moved })[i]);
      return p + q;
    };
    isGradient(taken(found[name]), f, data[name], name);
  }
  const ask = () => model.gradients(data, { output: 1, wanted: 'input' });
  await rejects(ask, ValueError, "there is no 'input'", 'a, b, concat');
  model.dispose();
});

test.run();
