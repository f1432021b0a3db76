// L1 and L2 regularizers: what they add to the loss and to gradients, by hand and by differences; Keras's rules.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Layer,
  layers,
  loadModel,
  optimizers,
  regularizers,
  Sequential,
  ValueError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { kernelsOf } from '../helpers/lowered.js';
import { rejects, sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

type Options = Partial<Parameters<typeof layers.dense>[0]>;

/** One weight of ½, and a bias of −½ where it is asked for. */
function one(options: Options, compile: { gradientAccumulation?: number } = {}): Sequential {
  const model = new Sequential([layers.dense({ units: 1, useBias: false, ...options })], {
    inputShape: [1],
  });
  model.weights.forEach(({ tensor }, i) => {
    tensor.data[0] = i === 0 ? 0.5 : -0.5;
  });
  const optimizer = optimizers.sgd({ learningRate: 0.1 });
  model.compile({ optimizer, loss: 'meanSquaredError', ...compile });
  return model;
}

const x = [[1]];
const y = [[1]];

test('computeGradients has them too, once for each batch, whatever was computed before', () => {
  const model = one({ kernelRegularizer: regularizers.l2(0.1) });
  for (let i = 0; i < 2; i++) {
    model.computeGradients(x, y);
    close(model.weights[0].gradient?.data ?? [], [-1 + 0.1], { rtol: 1e-6 }, 'gradient');
  }
  model.applyGradients();
  close(model.weights[0].tensor.data, [0.5 + 0.1 * 0.9], { rtol: 1e-6 }, 'step');
  model.dispose();
});

test('one weight by hand: the reported loss, the gradient, the step', async () => {
  // Without: loss ¼, gradient −1.
  const cases: [Options, loss: number, slope: number][] = [
    [{ kernelRegularizer: regularizers.l2(0.1) }, 0.25 + 0.1 * 0.25, -1 + 2 * 0.1 * 0.5],
    [{ kernelRegularizer: regularizers.l1(0.1) }, 0.25 + 0.1 * 0.5, -1 + 0.1],
    [
      { kernelRegularizer: regularizers.l1l2({ l1: 0.2, l2: 0.4 }) },
      0.25 + 0.2 * 0.5 + 0.4 * 0.25,
      -1 + 0.2 + 0.4,
    ],
    [{ kernelRegularizer: { l1: 0, l2: 0 } }, 0.25, -1],
  ];
  for (const [options, loss, slope] of cases) {
    const model = one(options);
    const what = JSON.stringify(options);
    close([(await model.evaluate(x, y)).loss], [loss], { rtol: 1e-6 }, `${what}: evaluated`);
    close([model.trainOnBatch(x, y).loss], [loss], { rtol: 1e-6 }, what);
    const [{ tensor, gradient }] = model.weights;
    close(gradient?.data ?? [], [slope], { rtol: 1e-6 }, `${what}: gradient`);
    close(tensor.data, [0.5 - 0.1 * slope], { rtol: 1e-6 }, `${what}: step`);
    model.dispose();
  }
  const biased = one({ useBias: true, biasRegularizer: regularizers.l1(0.3) });
  // 0 − 1 is off by 1; the bias costs 0.15 and is drawn up.
  close([biased.trainOnBatch(x, y).loss], [1.15], { rtol: 1e-6 }, 'bias');
  const slopes = biased.weights.map(({ gradient }) => gradient?.data[0] ?? 0);
  close(slopes, [-2, -2.3], { rtol: 1e-6 }, 'bias: gradients');
  biased.dispose();
});

test('several batches that make one step are penalized once', () => {
  const model = one({ kernelRegularizer: regularizers.l2(0.1) }, { gradientAccumulation: 2 });
  close([model.trainOnBatch(x, y).loss], [0.275], { rtol: 1e-6 }, 'loss');
  close([model.trainOnBatch(x, y).loss], [0.275], { rtol: 1e-6 }, 'loss');
  close(model.weights[0].tensor.data, [0.59], { rtol: 1e-6 }, 'step');
  model.dispose();
});

test('validation counts it too, a layer that does not learn costs nothing (Keras)', async () => {
  const list: Layer[] = [
    layers.dense({ units: 1, useBias: false, kernelRegularizer: regularizers.l2(1) }),
    layers.dense({ units: 1, useBias: false }),
  ];
  const two = new Sequential(list, { inputShape: [1] });
  for (const { tensor } of two.weights) tensor.data[0] = 1;
  two.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'meanSquaredError' });
  const { history } = await two.fit(x, y, { validationData: [x, y] });
  assert.equal([history.loss, history.val_loss], [[1], [1]]);
  list[0].trainable = false;
  assert.is((await two.evaluate(x, y)).loss, 0);
  assert.is(two.trainOnBatch(x, y).loss, 0);
  two.dispose();
});

/** Every layer that has a kernel, with both regularizers. */
function all(): Sequential {
  const own = {
    kernelRegularizer: regularizers.l1l2({ l1: 0.05, l2: 0.1 }),
    biasRegularizer: regularizers.l2(0.2),
  };
  return new Sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 2, activation: 'tanh', ...own }),
      layers.depthwiseConv2d({ kernelSize: 2, ...own }),
      layers.separableConv2d({ filters: 2, kernelSize: 2, ...own }),
      layers.conv2dTranspose({ filters: 2, kernelSize: 2, activation: 'tanh', ...own }),
      layers.reshape({ targetShape: [9, 2] }),
      layers.conv1d({ filters: 2, kernelSize: 3, ...own }),
      layers.flatten(),
      layers.dense({ units: 2, ...own }),
    ],
    { inputShape: [5, 5, 2], seed: 3 },
  );
}

const images = numbers(2 * 50, 4);
const targets = numbers(4, 5);

test('gradients of all layers are the slopes of the reported loss', () => {
  const model = all();
  model.weights.forEach(({ tensor }, i) => {
    // Away from 0, where |w| has a kink.
    tensor.data.set(
      numbers(tensor.size, 50 + i).map((v) => Math.sign(v) * (0.2 + Math.abs(v) / 2)),
    );
  });
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'meanSquaredError' });
  const loss = () => model.trainOnBatch(images, targets).loss;
  loss();
  const found = model.weights.map(({ gradient }) => Float32Array.from(gradient?.data ?? []));
  model.weights.forEach(({ tensor, name }, w) => {
    for (let i = 0; i < tensor.size; i += Math.ceil(tensor.size / 4)) {
      const kept = tensor.data[i];
      const at = (h: number) => {
        tensor.data[i] = kept + h;
        return loss();
      };
      const slope = 64 * (at(1 / 128) - at(-1 / 128));
      tensor.data[i] = kept;
      close([found[w][i]], [slope], { atol: 1e-3, rtol: 2e-2 }, `${name}[${i}]`);
    }
  });
  model.dispose();
});

test('saved with the layers: a loaded model goes on with the same bits', async () => {
  const model = all();
  model.compile({ optimizer: optimizers.sgd({ momentum: 0.9 }), loss: 'meanSquaredError' });
  model.trainOnBatch(images, targets);
  const loaded = await loadModel(model.toBytes());
  const losses = [model, loaded].map((each) => each.trainOnBatch(images, targets).loss);
  assert.is(losses[1], losses[0]);
  model.weights.forEach(({ tensor, name }, i) => {
    const other = loaded.weights[i].tensor.data as Float32Array;
    sameBits(other, tensor.data as Float32Array, name);
  });
  for (const each of [model, loaded]) each.dispose();
});

test('without regularizers there is no op of theirs', () => {
  const plain = one({});
  const penalized = one({ kernelRegularizer: regularizers.l2() });
  const own = (model: Sequential) =>
    kernelsOf(model).filter((kernel) => kernel === 'penalty' || kernel === 'blend');
  assert.equal([own(plain), own(penalized)], [[], ['penalty', 'blend']]);
  for (const each of [plain, penalized]) each.dispose();
});

test('bad input', async () => {
  const bad: [() => unknown, ...string[]][] = [
    [() => regularizers.l2(-1), 'regularizers.l2', 'l2', '-1'],
    [() => regularizers.l1(Number.NaN), 'regularizers.l1', 'NaN'],
    [() => regularizers.l1('x' as never), 'l1', 'x'],
    [() => regularizers.l1l2({ l3: 1 } as never), 'l1l2', "'l3'", 'l1, l2'],
    [() => layers.dense({ units: 1, kernelRegularizer: 'l2' as never }), 'kernelRegularizer'],
    [
      () => layers.dense({ units: 1, biasRegularizer: { l2: 1 } as never }),
      'biasRegularizer',
      'l1',
    ],
    [() => layers.maxPool2d({ kernelRegularizer: regularizers.l2() } as never), "'kernelReg"],
  ];
  for (const [call, ...parts] of bad) await rejects(call, ValueError, ...parts);
});

test.run();
