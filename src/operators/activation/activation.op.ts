// Elementwise ops, softmax, and the losses, each with its gradient.

import { ShapeError, ValueError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { forwarded, optionsOf } from '../../base/options.js';
import { show } from '../../base/shape.js';
import { shown } from '../../base/shown.js';
import { checkAlpha, type Nonlinear, slopeFromInput } from '../../network/activation.js';
import { none } from '../../program/emitter.js';
import { argument, callOp, expectShape, recipe, withoutOptions } from '../../tensor/eager.js';
import { Tensor } from '../../tensor/tensor.js';
import * as loss from '../loss/loss.emit.js';
import { activationBackward, activationForward } from './activation.emit.js';

const crossEntropy = loss.checkLoss('softmaxCrossEntropy');
const squaredError = loss.checkLoss('meanSquaredError');

/** What leakyRelu and elu take. */
export interface AlphaOptions {
  /** A positive number: for leakyRelu the slope below 0, 0.01 by default; for elu 1. */
  alpha?: number;
}

/** @throws {ValueError} for another word, or an alpha that is not positive */
function alphaOf(options: AlphaOptions): number | undefined {
  const { alpha } = optionsOf(options, forwarded('alpha'));
  checkAlpha(alpha);
  return alpha;
}

function forward(name: Nonlinear, x: Tensor, options: AlphaOptions = {}): Tensor {
  const [y] = callOp(name, [x, options], () => {
    const value = argument('x', x);
    const alpha = alphaOf(options);
    if (name === 'softmax' && !x.shape.length)
      throw new ShapeError('x must have at least one dimension');
    return recipe([x.shape], (e, vy) => activationForward(e, name, vy, value, alpha));
  });
  return y;
}

/** @param from x where `slopeFromInput`, else y */
function backward(name: Nonlinear, dy: Tensor, from: Tensor, options: AlphaOptions = {}): Tensor {
  const [dx] = callOp(`${name}Backward`, [dy, from, options], () => {
    const vdy = argument('dy', dy);
    const v = argument(slopeFromInput(name) ? 'x' : 'y', from);
    const alpha = alphaOf(options);
    expectShape('dy', dy, from.shape);
    return recipe([from.shape], (e, vdx) => activationBackward(e, name, vdx, vdy, v, alpha));
  });
  return dx;
}

const plain = (name: Nonlinear) => withoutOptions(name, (x: Tensor): Tensor => forward(name, x));

const backwardOfY = (name: Nonlinear) =>
  withoutOptions(`${name}Backward`, (dy: Tensor, y: Tensor): Tensor => backward(name, dy, y));

const backwardOfX = (name: Nonlinear) =>
  withoutOptions(`${name}Backward`, (dy: Tensor, x: Tensor): Tensor => backward(name, dy, x));

/** a + b, of one shape. */
export const add = withoutOptions('add', (a: Tensor, b: Tensor): Tensor => {
  const [y] = callOp('add', [a, b], () => {
    const [va, vb] = [argument('a', a), argument('b', b)];
    expectShape('b', b, a.shape);
    return recipe([a.shape], (e, vy) => e.emit('add', { y: vy, a: va, b: vb, count: a.size }));
  });
  return y;
});

/** max(x, 0). */
export const relu = plain('relu');
/** min(max(x, 0), 6). */
export const relu6 = plain('relu6');
/** x, below 0 alpha·x (Maas et al., ICML 2013). */
export const leakyRelu = (x: Tensor, options?: AlphaOptions): Tensor =>
  forward('leakyRelu', x, options);
/** x, below 0 alpha·(eˣ − 1) (Clevert et al., arXiv 1511.07289). */
export const elu = (x: Tensor, options?: AlphaOptions): Tensor => forward('elu', x, options);
/** 1.0507·x, below 0 1.7581·(eˣ − 1) (Klambauer et al., arXiv 1706.02515). */
export const selu = plain('selu');
/** x·Φ(x), Φ the normal distribution's, by erf and not by tanh (Hendrycks & Gimpel, arXiv 1606.08415). */
export const gelu = plain('gelu');
/** x / (1 + e⁻ˣ), also called swish (arXiv 1710.05941). */
export const silu = plain('silu');
/** min(max(x + 3, 0), 6) / 6. */
export const hardSigmoid = plain('hardSigmoid');
/** x·hardSigmoid(x) (MobileNetV3, arXiv 1905.02244). */
export const hardSwish = plain('hardSwish');
/** ln(1 + eˣ). */
export const softplus = plain('softplus');
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = plain('sigmoid');
/** The hyperbolic tangent. */
export const tanh = plain('tanh');
/** eˣ / Σ eˣ over the last dimension. */
export const softmax = plain('softmax');

/** The gradient of relu, for the y that it returned. */
export const reluBackward = backwardOfY('relu');
/** The gradient of relu6, for the y that it returned. */
export const relu6Backward = backwardOfY('relu6');
/** The gradient of leakyRelu with the same alpha. @param y what leakyRelu returned */
export const leakyReluBackward = (dy: Tensor, y: Tensor, options?: AlphaOptions): Tensor =>
  backward('leakyRelu', dy, y, options);
/** The gradient of elu with the same alpha. @param y what elu returned */
export const eluBackward = (dy: Tensor, y: Tensor, options?: AlphaOptions): Tensor =>
  backward('elu', dy, y, options);
/** The gradient of selu, for the y that it returned. */
export const seluBackward = backwardOfY('selu');
/** The gradient of gelu, for the x that it was given. */
export const geluBackward = backwardOfX('gelu');
/** The gradient of silu, for the x that it was given. */
export const siluBackward = backwardOfX('silu');
/** The gradient of hardSigmoid, for the y that it returned. */
export const hardSigmoidBackward = backwardOfY('hardSigmoid');
/** The gradient of hardSwish, for the x that it was given. */
export const hardSwishBackward = backwardOfX('hardSwish');
/** The gradient of softplus, for the y that it returned. */
export const softplusBackward = backwardOfY('softplus');
/** The gradient of sigmoid, for the y that it returned. */
export const sigmoidBackward = backwardOfY('sigmoid');
/** The gradient of tanh, for the y that it returned. */
export const tanhBackward = backwardOfY('tanh');
/** The gradient of softmax, for the y that it returned. */
export const softmaxBackward = backwardOfY('softmax');

/**
 * Mean over the rows of −Σ t·ln softmax(logits), and its gradient. Logits are [..., classes]; the target is class
 * indices [...] (int32 or whole floats), or rows [..., classes] that are one-hot or any weights.
 *
 * @throws {ValueError} for an index that is no class
 */
export const softmaxCrossEntropy = withoutOptions(
  'softmaxCrossEntropy',
  (logits: Tensor, target: Tensor): { loss: number; dlogits: Tensor } => {
    const name = 'softmaxCrossEntropy';
    const { value, rows, indices } = naming(name, () => checkTarget(logits, target));
    const labels =
      indices && target.dtype !== 'int32' ? Tensor.from(Int32Array.from(target.data)) : target;
    const [total, dlogits] = callOp(name, [logits, labels], () =>
      recipe([[1], logits.shape], (e, mean, dx) => {
        const into = { losses: e.value([rows]), dx, mean };
        loss.emitLoss(e, crossEntropy, into, value, loss.targetOf(labels, indices));
      }),
    );
    if (labels !== target) labels.dispose();
    const number = total.data[0];
    total.dispose();
    return { loss: number, dlogits };
  },
);

/** Whether the target is class indices; and the logits' rows. */
function checkTarget(logits: Tensor, target: Tensor) {
  const value = argument('logits', logits);
  const classes = logits.shape.at(-1);
  if (!classes || logits.size === 0)
    throw new ShapeError(`logits must be [..., classes], not ${show(logits.shape)}`);
  if (!(target instanceof Tensor))
    throw new ValueError(`target must be a Tensor, not ${shown(target)}`);
  const rows = logits.size / classes;
  const indices = target.size === rows && target.shape.length < logits.shape.length;
  if (indices) {
    loss.checkLabels(target.data, classes);
  } else {
    expectShape('target', target, logits.shape);
    argument('target', target);
  }
  return { value, rows, indices };
}

/** Mean of (prediction − target)², and its gradient. Both have one shape. */
export const meanSquaredError = withoutOptions(
  'meanSquaredError',
  (prediction: Tensor, target: Tensor): { loss: number; dprediction: Tensor } => {
    const [total, dprediction] = callOp('meanSquaredError', [prediction, target], () => {
      const value = argument('prediction', prediction);
      const wanted = argument('target', target);
      expectShape('target', target, prediction.shape);
      if (prediction.size === 0)
        throw new ShapeError(`there is nothing to compare in ${show(prediction.shape)}`);
      return recipe([[1], prediction.shape], (e, mean, dx) => {
        const into = { losses: e.value([prediction.size]), dx, mean };
        const x = prediction.shape.length ? value : value.view([1]);
        loss.emitLoss(e, squaredError, into, x, { labels: none, targets: wanted });
      });
    });
    const number = total.data[0];
    total.dispose();
    return { loss: number, dprediction };
  },
);
