// Activations, spatial dropout and radial basis functions in networks: who overwrites what, what the
// summary says, and that they learn.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layers, optimizers, Sequential } from '../../src/index.js';
import { lower } from '../../src/lowering/lower.js';
import type { Mode } from '../../src/lowering/spec.js';
import type { EmittedOp, Value } from '../../src/program/emitter.js';
import { predictions, samples } from '../helpers/models.js';
import '../helpers/start.js';

const sgd = optimizers.sgd({ learningRate: 0.05, momentum: 0.9 });

/** The ops of a kernel that a network of one convolution, with this activation, is made of. */
function opsOf(activation: 'gelu' | 'hardSwish' | 'elu', kernel: string, mode: Mode): EmittedOp[] {
  const conv = () => layers.conv2d({ filters: 3, kernelSize: 3, activation });
  const model = new Sequential([conv(), layers.flatten(), layers.dense({ units: 3 })], {
    inputShape: [6, 6, 1],
  });
  model.compile({ optimizer: sgd, loss: 'softmaxCrossEntropy' });
  const { weights, objective, network } = model.engine('test');
  const { graph } = network;
  const given = { targets: ['labels'], weighted: false } as const;
  const { emitter } = lower({ graph, weights, objective, batch: 2, mode, ...given });
  model.dispose();
  return emitter.ops.filter((op) => op.kernel === kernel);
}

test('an activation overwrites its input, but while training where backward needs it', () => {
  for (const activation of ['gelu', 'hardSwish', 'elu'] as const) {
    for (const mode of ['predict', 'evaluate', 'train'] as const) {
      const [{ args }] = opsOf(activation, 'unary', mode) as EmittedOp<'unary'>[];
      const keeps = mode === 'train' && activation !== 'elu';
      assert.is(args.y !== args.x, keeps, `${activation}: ${mode}`);
      if (mode !== 'train') continue;
      const [back] = opsOf(activation, 'unaryBackward', mode) as EmittedOp<'unaryBackward'>[];
      assert.is(back.args.dx, back.args.dy, `${activation}: the gradient stays in its place`);
      assert.ok((back.args.from as Value).size === (args.x as Value).size);
    }
  }
});

test('rbf: weights, multiply-adds, and 0 at a centre', () => {
  const model = new Sequential([layers.rbf({ units: 10 })], { inputShape: [84], seed: 1 });
  const [{ outputShape, multiplyAdds }] = model.summary({ print: null });
  assert.equal([outputShape, multiplyAdds], [[10], 840]);
  const [{ name, tensor }] = model.weights;
  assert.equal([name, ...tensor.shape], ['rbf/kernel', 84, 10]);
  assert.ok([...tensor.data].every((v) => Math.abs(v) === 1));
  // The image that is unit 3's centre: 0 there, and minus four for each sign that another has otherwise.
  const centre = Float32Array.from({ length: 84 }, (_, f) => tensor.data[10 * f + 3]);
  const scores = predictions(model, centre);
  scores.forEach((score, unit) => {
    const others = centre.filter((v, f) => v !== tensor.data[10 * f + unit]).length;
    assert.is(score + 4 * others, 0, `unit ${unit}`);
  });
  model.dispose();
});

test('a network with rbf outputs and spatial dropout learns', async () => {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 6, kernelSize: 3, activation: 'hardSwish' }),
      layers.spatialDropout2d({ rate: 0.2 }),
      layers.conv2d({ filters: 6, kernelSize: 3, activation: 'gelu' }),
      layers.flatten(),
      layers.dense({ units: 12, activation: 'tanh' }),
      layers.rbf({ units: 3 }),
    ],
    { inputShape: [6, 6, 1], seed: 1 },
  );
  const optimizer = optimizers.adam({ learningRate: 0.01 });
  model.compile({ optimizer, loss: 'softmaxCrossEntropy', metrics: ['accuracy'] });
  const { x, y } = samples(96);
  await model.fit(x, y, { epochs: 20, batchSize: 16 });
  const { accuracy } = await model.evaluate(x, y);
  assert.ok(accuracy > 0.9, `accuracy ${accuracy}`);
  model.dispose();
});

test.run();
