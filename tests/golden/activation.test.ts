// Activations, products and radial basis functions with their gradients against PyTorch: replays
// activation.json, which activation.py makes.

import { test } from 'uvu';
import { ops } from '../../src/index.js';
import {
  rbfBackwardInput,
  rbfBackwardKernel,
  rbfForward,
} from '../../src/operators/dense/rbf.emit.js';
import { asValue } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import { type Replay, replayAll, type Tensors } from '../helpers/golden.js';
import '../helpers/start.js';

/** An activation whose slope is taken from y. */
const fromOutput =
  (name: 'relu6' | 'leakyRelu' | 'elu' | 'selu' | 'hardSigmoid' | 'softplus') =>
  ({ x, dy }: Tensors, options: ops.AlphaOptions) => {
    const y = ops[name](x, options);
    return { y, dx: ops[`${name}Backward`](dy, y, options) };
  };

/** One whose slope is taken from x. */
const fromInput =
  (name: 'gelu' | 'silu' | 'hardSwish') =>
  ({ x, dy }: Tensors) => ({ y: ops[name](x), dx: ops[`${name}Backward`](dy, x) });

const replay: Replay = {
  relu6: fromOutput('relu6'),
  leakyRelu: fromOutput('leakyRelu'),
  elu: fromOutput('elu'),
  selu: fromOutput('selu'),
  gelu: fromInput('gelu'),
  silu: fromInput('silu'),
  hardSigmoid: fromOutput('hardSigmoid'),
  hardSwish: fromInput('hardSwish'),
  softplus: fromOutput('softplus'),
  multiply: ({ a, b, dy }) => ({ y: ops.multiply(a, b), ...ops.multiplyBackward(a, b, dy) }),
  rbf({ x, kernel, dy }) {
    const [vx, vk, vdy] = [x, kernel, dy].map(asValue);
    const [y, dx, dkernel] = compute([dy.shape, x.shape, kernel.shape], (e, vy, vdx, vdk) => {
      rbfForward(e, vy, vx, vk);
      rbfBackwardInput(e, vdx, vdy, vx, vk);
      rbfBackwardKernel(e, vdk, vdy, vx, vk);
    });
    return { y, dx, dkernel };
  },
};

replayAll('activation.json', import.meta.url, replay, 2 ** -18);

test.run();
