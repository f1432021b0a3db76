// A layer of one's own from the ops there are: its gradients, its file, its errors.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ConvGeometry,
  emit,
  FormatError,
  type Forward,
  input,
  Layer,
  type LayerOptions,
  type Lowering,
  layers,
  loadModel,
  Model,
  optimizers,
  type ParameterSpec,
  type Shape,
  ShapeError,
  type Value,
  ValueError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { dot } from '../helpers/gradcheck.js';
import { lostKernels } from '../helpers/lowered.js';
import { rejects, sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

// As in the documents, from here …

/** Each channel times a number of its own (Touvron et al., arXiv 2103.17239). */
class LayerScale extends Layer<Value> {
  constructor(options: LayerOptions = {}) {
    super('layerScale', options, []);
  }

  // The output's shape for the input's, both without the batch.
  shapeFor(inputShape: Shape): Shape {
    if (inputShape.length === 3) return inputShape;
    throw new ShapeError(
      `${this.name}: expected [height, width, channels], received [${inputShape}]`,
    );
  }

  protected override parametersFor([, , channels]: Shape): ParameterSpec[] {
    return [{ name: 'gamma', shape: [channels], initializer: 'ones', trainable: true }];
  }

  // A convolution whose filters are one pixel, each for one channel.
  #geometry([batch, height, width, channels]: Shape): ConvGeometry {
    const image = [batch, height, width, channels];
    return emit.convGeometry(this.name, image, [1, 1, 1, channels], { groups: channels });
  }

  // Emits y = x·gamma, and says what backward will need.
  emitForward(to: Lowering, x: Value): Forward<Value> {
    const y = to.emitter.value(x.shape);
    const gamma = to.weight(this, 'gamma');
    emit.convForward(to.emitter, y, x, gamma, this.#geometry(x.shape));
    return { y, saved: x };
  }

  // Emits dgamma = Σ x·dy and, where it is wanted, dx = dy·gamma.
  emitBackward(to: Lowering, dy: Value, x: Value, wanted: boolean): Value | undefined {
    const g = this.#geometry(x.shape);
    if (this.trainable) emit.convBackwardFilter(to.emitter, to.gradient(this, 'gamma'), x, dy, g);
    if (!wanted) return undefined;
    const dx = to.emitter.value(x.shape);
    emit.convBackwardInput(to.emitter, dx, dy, to.weight(this, 'gamma'), g);
    return dx;
  }
}

const layerScale = (options?: LayerOptions) => new LayerScale(options);

// … to here.

type Tensors = Model['inputs'];

const x = numbers(3 * 25 * 2, 1);
const y = Int32Array.of(0, 1, 2);

/** A residual block around two of it, and one on the image itself. */
function network(seed = 1): Model {
  const image = input([5, 5, 2]);
  const shared = layerScale({ name: 'scale' });
  const conv = () =>
    layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', activation: 'tanh' });
  const block = layers.residual({ layers: [conv(), shared, conv(), shared], activation: 'linear' });
  const h = block.apply(layerScale().apply(image));
  const outputs = layers.dense({ units: 3 }).apply(layers.flatten().apply(h));
  const model = new Model({ inputs: image, outputs, seed });
  model.compile({
    optimizer: optimizers.sgd({ learningRate: 0.05, momentum: 0.9 }),
    loss: 'softmaxCrossEntropy',
  });
  return model;
}

test('a weight for each channel, and the receptive field of one pixel', () => {
  const model = network();
  const [own, , row] = model.summary({ print: null });
  assert.equal([own.type, own.parameters, own.receptiveField], ['layerScale', 2, [1, 1]]);
  assert.equal([row.name, row.parameters, row.receptiveField], ['scale', 2, [3, 3]]);
  const image = input([2, 2, 3]);
  const scale = layerScale();
  const plain = new Model({ inputs: image, outputs: scale.apply(image) });
  plain.weights[0].tensor.data.set([1, -2, 0.5]);
  const result = plain.predict(Float32Array.from({ length: 12 }, (_, i) => i));
  assert.equal([...result.data], [0, -2, 1, 3, -8, 2.5, 6, -14, 4, 9, -20, 5.5]);
  result.dispose();
  for (const one of [model, plain]) one.dispose();
});

test('its gradients, shared and alone, are those of central differences', () => {
  const model = network();
  model.weights.forEach(({ tensor }, i) => {
    const noise = numbers(tensor.size, 20 + i);
    for (let j = 0; j < noise.length; j++) tensor.data[j] += 0.4 * noise[j];
  });
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'softmaxCrossEntropy' });
  const loss = () => model.trainOnBatch(x, y).loss;
  loss();
  const gradients = model.weights.map(({ gradient }) => Float32Array.from(gradient?.data ?? []));
  model.weights.forEach(({ name, tensor }, i) => {
    const expected = gradients[i];
    const direction = numbers(tensor.size, 7);
    const start = Float32Array.from(tensor.data);
    const at = (h: number): number => {
      tensor.data.set(start.map((v, j) => v + h * direction[j]));
      return loss();
    };
    const difference = (at(1e-2) - at(-1e-2)) / 2e-2;
    tensor.data.set(start);
    const norm = Math.sqrt(dot(expected, expected) * dot(direction, direction));
    close([dot(expected, direction)], [difference], { atol: 1e-3 * norm }, name);
  });
  model.dispose();
});

test('a file with it is read where it is told what makes it', async () => {
  const model = network();
  model.trainOnBatch(x, y);
  const bytes = model.toBytes();
  const loaded = await loadModel(bytes, { layers: { layerScale } });
  assert.instance(loaded.getLayer('scale'), LayerScale);
  for (const one of [model, loaded]) one.trainOnBatch(x, y);
  loaded.weights.forEach(({ name, tensor }, i) => {
    sameBits(tensor.data, model.weights[i].tensor.data, name);
  });
  assert.ok(Buffer.from(loaded.toBytes()).equals(model.toBytes()), 'the files');
  const unknown = ["'layerScale'", 'loadModel(bytes, { layers: { layerScale'];
  await rejects(() => loadModel(bytes), FormatError, ...unknown);
  const other = { layers: { swirl: layerScale } };
  await rejects(() => loadModel(bytes, other), FormatError, ...unknown, 'swirl');
  await rejects(() => loadModel(bytes, { layer: {} } as never), ValueError, "'layer'", 'layers');
  for (const one of [model, loaded]) one.dispose();
});

test('frozen, and with checkpointing', () => {
  const results = [false, true].map((activationCheckpointing) => {
    const model = network();
    model.compile({
      optimizer: optimizers.sgd({ learningRate: 0.1 }),
      loss: 'softmaxCrossEntropy',
      activationCheckpointing,
    });
    model.trainOnBatch(x, y);
    model.getLayer('scale').trainable = false;
    const scale = model.weights.find(({ name }) => name === 'scale/gamma')?.tensor.data;
    const before = Float32Array.from(scale as Float32Array);
    model.trainOnBatch(x, y);
    sameBits(scale as Float32Array, before, 'scale/gamma');
    const weights = model.weights.map(({ tensor }) => Float32Array.from(tensor.data));
    model.dispose();
    return weights;
  });
  results[1].forEach((weights, i) => {
    sameBits(weights, results[0][i], `weight ${i}`);
  });
});

test('its mistakes are told', async () => {
  await rejects(() => layerScale().apply(input([7])), ShapeError, 'layerScale:', '[7]');
  await rejects(
    () => layerScale({ gamma: 2 } as never),
    ValueError,
    'layers.layerScale',
    "'gamma'",
  );
  class Misspelt extends LayerScale {
    override emitForward(to: Lowering, x: Value): Forward<Value> {
      return { y: to.weight(this, 'gama'), saved: x };
    }
  }
  const image = input([2, 2, 3]);
  const model = new Model({ inputs: image, outputs: new Misspelt({ name: 'mine' }).apply(image) });
  const say = ["mine: there is no weight 'gama'", 'gamma'];
  await rejects(() => model.predict(numbers(12, 1)), ValueError, ...say);
  await rejects(() => model.memory(), ValueError, ...say);
  model.dispose();
});

/** Twice the sum of two tensors, whose gradients are one buffer. */
class TwiceTheSum extends Layer<null> {
  override get merges(): boolean {
    return true;
  }

  shapeFor(first: Shape): Shape {
    return first;
  }

  emitForward({ emitter }: Lowering, a: Value, b: Value): Forward<null> {
    const y = emitter.value(a.shape);
    emitter.emit('add', { y, a, b, count: y.size });
    emitter.emit('add', { y, a: y, b: y, count: y.size });
    return { y, saved: null };
  }

  emitBackward({ emitter }: Lowering, dy: Value): Value[] {
    const dx = emitter.value(dy.shape);
    emitter.emit('add', { y: dx, a: dy, b: dy, count: dx.size });
    return [dx, dx];
  }
}

test('a layer that merges may give one buffer for all its inputs', () => {
  const run = (twice: (a: Tensors) => Tensors[0]) => {
    const image = input([3, 3, 2]);
    const conv = () => layers.conv2d({ filters: 2, kernelSize: 1, activation: 'tanh' });
    const [a, b, c] = [conv(), conv(), conv()].map((layer) => layer.apply(image));
    // The first one's gradient is at first another's too: it may not be the place of the sum.
    const sum = layers.add().apply([twice([a, b]), layers.add().apply([c, a])]);
    const outputs = layers.globalAvgPool2d().apply(sum);
    const model = new Model({ inputs: image, outputs, seed: 1 });
    model.compile({ optimizer: optimizers.sgd({ learningRate: 1 }), loss: 'softmaxCrossEntropy' });
    for (let step = 0; step < 3; step++) model.trainOnBatch(numbers(18, 1), [1]);
    const weights = model.weights.flatMap(({ tensor }) => [...tensor.data]);
    model.dispose();
    return weights;
  };
  const own = run((pair) => new TwiceTheSum('twiceTheSum', {}, []).apply(pair));
  const plain = run((pair) => {
    const sum = layers.add().apply(pair);
    return layers.add().apply([sum, sum]);
  });
  close(own, plain, { rtol: 1e-5, atol: 1e-6 }, 'weights');
});

/** Asks for gradients without looking whether it learns. */
class Careless extends LayerScale {
  override emitBackward(to: Lowering, dy: Value, x: Value, wanted: boolean): Value | undefined {
    const frozen = !this.trainable;
    if (frozen) {
      const geometry = emit.convGeometry(this.name, x.shape, [1, 1, 1, 3], { groups: 3 });
      emit.convBackwardFilter(to.emitter, to.gradient(this, 'gamma'), x, dy, geometry);
    }
    return super.emitBackward(to, dy, x, wanted);
  }
}

test('a gradient that was asked for in vain goes nowhere', () => {
  const run = (scale: Layer) => {
    scale.trainable = false;
    const image = input([2, 2, 3]);
    const conv = layers.conv2d({ filters: 3, kernelSize: 1 });
    const outputs = layers.globalAvgPool2d().apply(scale.apply(conv.apply(image)));
    const model = new Model({ inputs: image, outputs, seed: 1 });
    model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
    assert.equal(lostKernels(model), []);
    for (let step = 0; step < 3; step++) model.trainOnBatch(numbers(12, 1), [1]);
    const weights = model.weights.flatMap(({ tensor }) => [...tensor.data]);
    model.dispose();
    return Float32Array.from(weights);
  };
  sameBits(run(new Careless()), run(layerScale()), 'weights');
});

test.run();
