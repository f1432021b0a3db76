// Elementwise ops, softmax, and the losses, each with its gradient.

import { argument, compute, expectShape } from '../eager.js';
import { type ActivationName, activationBackward, activationForward } from '../emit/activation.js';
import { none } from '../emit/emitter.js';
import * as loss from '../emit/loss.js';
import { ShapeError, ValueError } from '../errors.js';
import { show } from '../shape.js';
import { Tensor } from '../tensor.js';

const crossEntropy = loss.checkLoss('softmaxCrossEntropy');
const squaredError = loss.checkLoss('meanSquaredError');

type Nonlinear = Exclude<ActivationName, 'linear'>;

function forward(name: Nonlinear, x: Tensor): Tensor {
  const value = argument(name, 'x', x);
  if (name === 'softmax' && !x.shape.length)
    throw new ShapeError('softmax: x must have at least one dimension');
  const [y] = compute([x.shape], (e, vy) => activationForward(e, name, vy, value));
  return y;
}

function backward(name: Nonlinear, dy: Tensor, y: Tensor): Tensor {
  const where = `${name}Backward`;
  const [vdy, vy] = [argument(where, 'dy', dy), argument(where, 'y', y)];
  expectShape(where, 'dy', dy, y.shape);
  const [dx] = compute([y.shape], (e, vdx) => activationBackward(e, name, vdx, vdy, vy));
  return dx;
}

/** a + b, of one shape. */
export function add(a: Tensor, b: Tensor): Tensor {
  const [va, vb] = [argument('add', 'a', a), argument('add', 'b', b)];
  expectShape('add', 'b', b, a.shape);
  const [y] = compute([a.shape], (e, vy) => e.emit('add', { y: vy, a: va, b: vb, count: a.size }));
  return y;
}

/** max(x, 0). */
export const relu = (x: Tensor): Tensor => forward('relu', x);
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = (x: Tensor): Tensor => forward('sigmoid', x);
/** The hyperbolic tangent. */
export const tanh = (x: Tensor): Tensor => forward('tanh', x);
/** eˣ / Σ eˣ over the last dimension. */
export const softmax = (x: Tensor): Tensor => forward('softmax', x);

/** The gradient of relu. @param y what relu returned */
export const reluBackward = (dy: Tensor, y: Tensor): Tensor => backward('relu', dy, y);
/** The gradient of sigmoid. @param y what sigmoid returned */
export const sigmoidBackward = (dy: Tensor, y: Tensor): Tensor => backward('sigmoid', dy, y);
/** The gradient of tanh. @param y what tanh returned */
export const tanhBackward = (dy: Tensor, y: Tensor): Tensor => backward('tanh', dy, y);
/** The gradient of softmax. @param y what softmax returned */
export const softmaxBackward = (dy: Tensor, y: Tensor): Tensor => backward('softmax', dy, y);

/**
 * Mean over the rows of −Σ t·ln softmax(logits), and its gradient.
 *
 * @param logits [..., classes]
 * @param target class indices [...] (int32 or whole floats), or rows [..., classes] that are one-hot
 *   or any weights
 * @throws {ValueError} for an index that is no class
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  target: Tensor,
): { loss: number; dlogits: Tensor } {
  const where = 'softmaxCrossEntropy';
  const value = argument(where, 'logits', logits);
  const classes = logits.shape.at(-1);
  if (!classes || logits.size === 0)
    throw new ShapeError(`${where}: logits must be [..., classes], not ${show(logits.shape)}`);
  if (!(target instanceof Tensor))
    throw new ValueError(`${where}: target must be a Tensor, not ${typeof target}`);
  const rows = logits.size / classes;
  const indices = target.size === rows && target.shape.length < logits.shape.length;
  if (indices) {
    loss.checkLabels(where, target.data, classes);
  } else {
    expectShape(where, 'target', target, logits.shape);
    argument(where, 'target', target);
  }
  const labels =
    indices && target.dtype !== 'int32' ? Tensor.from(Int32Array.from(target.data)) : target;
  const [total, dlogits] = compute([[1], logits.shape], (e, mean, dx) => {
    const into = { losses: e.value([rows]), dx, mean };
    loss.emitLoss(e, crossEntropy, into, value, loss.targetOf(labels, indices));
  });
  if (labels !== target) labels.dispose();
  const number = total.data[0];
  total.dispose();
  return { loss: number, dlogits };
}

/** Mean of (prediction − target)², and its gradient. Both have one shape. */
export function meanSquaredError(
  prediction: Tensor,
  target: Tensor,
): { loss: number; dprediction: Tensor } {
  const where = 'meanSquaredError';
  const [value, wanted] = [
    argument(where, 'prediction', prediction),
    argument(where, 'target', target),
  ];
  expectShape(where, 'target', target, prediction.shape);
  if (prediction.size === 0)
    throw new ShapeError(`${where}: there is nothing to compare in ${show(prediction.shape)}`);
  const [total, dprediction] = compute([[1], prediction.shape], (e, mean, dx) => {
    const into = { losses: e.value([prediction.size]), dx, mean };
    const x = prediction.shape.length ? value : value.view([1]);
    loss.emitLoss(e, squaredError, into, x, { labels: none, targets: wanted });
  });
  const number = total.data[0];
  total.dispose();
  return { loss: number, dprediction };
}
