// Losses, optimizers and schedules against PyTorch: replays training.json, which training.py makes.

import { test } from 'uvu';
import { optimizers, schedules, Tensor } from '../../src/index.js';
import { checkLoss, emitLoss, type Loss, targetOf } from '../../src/operators/loss/loss.emit.js';
import { rateAt } from '../../src/operators/optimizer/rate.js';
import { asValue } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import { descend, type Outputs, replayAll, type Tensors } from '../helpers/golden.js';
import '../helpers/start.js';

/**
 * Of an output's largest magnitude. The files are right to half an ulp (2⁻²⁵). The worst measured, a
 * gradient of cross-entropy, is 5·2⁻²⁴: three times as much.
 */
const TOLERANCE = 2 ** -20;

/** A loss with weights, of indices where the options have them. */
function replayLoss({ x, t, weights }: Tensors, loss: Loss, labels?: number[]): Outputs {
  const target = t ?? Tensor.from(Int32Array.from(labels ?? []));
  const rows = x.shape[0];
  const [mean, dx] = compute([[1], x.shape], (e, vMean, vdx) => {
    const into = { mean: vMean, dx: vdx, losses: e.value([rows]) };
    emitLoss(e, loss, into, asValue(x), targetOf(target, !t), { weights: asValue(weights) });
  });
  return { loss: mean, dx };
}

const loss =
  (type: Loss['type']) =>
  (tensors: Tensors, { labels, ...options }: { labels?: number[] }): Outputs =>
    replayLoss(tensors, checkLoss({ type, ...options } as Loss), labels);

/** Of the parameters, the first are kernels. */
const RUNS = [
  { count: 21, decay: true },
  { count: 16, decay: false },
];

const optimizer =
  (type: 'sgd' | 'adam' | 'adamW' | 'rmsprop' | 'adagrad') =>
  (tensors: Tensors, options: object): Outputs => ({
    steps: descend(optimizers[type](options), tensors, RUNS),
  });

const replay = {
  softmaxCrossEntropy: loss('softmaxCrossEntropy'),
  binaryCrossEntropy: loss('binaryCrossEntropy'),
  meanSquaredError: loss('meanSquaredError'),
  meanAbsoluteError: loss('meanAbsoluteError'),
  huber: loss('huber'),
  hinge({ t, ...tensors }: Tensors): Outputs {
    const classes = Tensor.from(
      Float32Array.from(t.data, (v) => Number(v > 0)),
      t.shape,
    );
    return replayLoss({ ...tensors, t: classes }, checkLoss('hinge'));
  },
  sgd: optimizer('sgd'),
  adam: optimizer('adam'),
  adamW: optimizer('adamW'),
  rmsprop: optimizer('rmsprop'),
  adagrad: optimizer('adagrad'),
  oneCycle(_: Tensors, options: Parameters<typeof schedules.oneCycle>[0]): Outputs {
    const rate = schedules.oneCycle(options);
    const rates = Array.from({ length: options.steps }, (_, step) => rateAt(rate, step));
    return { rates: Tensor.from(rates) };
  },
};

replayAll('training.json', import.meta.url, replay, TOLERANCE);

test.run();
