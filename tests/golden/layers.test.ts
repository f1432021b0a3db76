// Every op and its gradients against PyTorch: replays layers.json, which generate.py makes.

import { test } from 'uvu';
import { ops, Tensor } from '../../src/index.js';
import { matMul } from '../../src/operators/dense/matrix.emit.js';
import { normRunning } from '../../src/operators/norm/batchnorm.emit.js';
import { asValue } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import { adam, adamW, sgd } from '../../src/training/optimizers.js';
import { descend, type Replay, replayAll } from '../helpers/golden.js';
import '../helpers/start.js';

/**
 * Of an output's largest magnitude. The files are right to half an ulp (2⁻²⁵); ours sum up to 4608
 * float32 products and chain a handful of such sums. The worst measured, a variance taken about a
 * chunk's first row, is 22·2⁻²⁴, all convolutions stay below 5·2⁻²⁴: three times the worst.
 */
const TOLERANCE = 2 ** -18;

/** How an op's case is replayed: all its outputs by name. */
const replay: Replay = {
  conv2d({ x, filter, bias, dy }, { activation, ...options }: ops.Conv2dOptions) {
    const y = ops.conv2d(x, filter, { ...options, bias, activation });
    const dz = activation === 'relu' ? ops.reluBackward(dy, y) : dy;
    return {
      y,
      dx: ops.conv2dBackwardInput(dz, filter, x.shape, options),
      dfilter: ops.conv2dBackwardFilter(x, dz, filter.shape, options),
      dbias: ops.biasBackward(dz),
    };
  },
  conv2dTranspose({ x, filter, bias, dy }, { activation, ...options }: ops.Conv2dTransposeOptions) {
    const y = ops.conv2dTranspose(x, filter, { ...options, bias, activation });
    const dz = activation === 'relu' ? ops.reluBackward(dy, y) : dy;
    return {
      y,
      dx: ops.conv2dTransposeBackwardInput(dz, filter, x.shape, options),
      dfilter: ops.conv2dTransposeBackwardFilter(x, dz, filter.shape, options),
      dbias: ops.biasBackward(dz),
    };
  },
  dense({ x, kernel, bias, dy }, { relu }: { relu: boolean }) {
    const [m, k] = x.shape;
    const n = kernel.shape[1];
    const [y] = compute([[m, n]], (e, vy) =>
      matMul(e, vy, asValue(x), asValue(kernel), { m, n, k }, asValue(bias), relu),
    );
    const dz = relu ? ops.reluBackward(dy, y) : dy;
    return {
      y,
      dx: ops.matMul(dz, kernel, { transposeB: true }),
      dkernel: ops.matMul(x, dz, { transposeA: true }),
      dbias: ops.biasBackward(dz),
    };
  },
  maxPool2d: ({ x, dy }, options) => ({
    y: ops.maxPool2d(x, options),
    dx: ops.maxPool2dBackward(dy, x, options),
  }),
  avgPool2d: ({ x, dy }, options) => ({
    y: ops.avgPool2d(x, options),
    dx: ops.avgPool2dBackward(dy, x.shape, options),
  }),
  lpPool2d: ({ x, dy }, options) => ({
    y: ops.lpPool2d(x, options),
    dx: ops.lpPool2dBackward(dy, x, options),
  }),
  globalAvgPool2d: ({ x, dy }) => ({
    y: ops.globalAvgPool2d(x),
    dx: ops.globalAvgPool2dBackward(dy, x.shape),
  }),
  batchNorm: (
    { x, gamma, beta, runningMean: mean, runningVariance: variance },
    options: { epsilon: number },
  ) => ({
    y: ops.batchNorm(x, { gamma, beta, mean, variance, ...options }),
  }),
  batchNormTraining(
    { x, gamma, beta, runningMean, runningVariance, dy },
    { epsilon, momentum }: { epsilon: number; momentum: number },
  ) {
    const { y, mean, variance } = ops.batchNormTraining(x, { gamma, beta, epsilon });
    const size = { rows: x.size / gamma.size, channels: gamma.size, epsilon };
    const moments = { mean: asValue(mean), variance: asValue(variance) };
    compute([], (e) =>
      normRunning(e, asValue(runningMean), asValue(runningVariance), moments, momentum, size),
    );
    const gradients = ops.batchNormBackward(dy, x, { gamma, mean, variance, epsilon });
    return { y, mean, variance, runningMean, runningVariance, ...gradients };
  },
  relu({ x, dy }) {
    const y = ops.relu(x);
    return { y, dx: ops.reluBackward(dy, y) };
  },
  sigmoid({ x, dy }) {
    const y = ops.sigmoid(x);
    return { y, dx: ops.sigmoidBackward(dy, y) };
  },
  tanh({ x, dy }) {
    const y = ops.tanh(x);
    return { y, dx: ops.tanhBackward(dy, y) };
  },
  softmax({ x, dy }) {
    const y = ops.softmax(x);
    return { y, dx: ops.softmaxBackward(dy, y) };
  },
  softmaxCrossEntropy: ({ logits, target }, { labels }: { labels: number[] }) => ({
    ...ops.softmaxCrossEntropy(logits, target ?? Tensor.from(Int32Array.from(labels))),
  }),
  meanSquaredError: ({ prediction, target }) => ({ ...ops.meanSquaredError(prediction, target) }),
  sgd: (tensors, options) => ({ steps: descend(sgd(options), tensors) }),
  adam: (tensors, options) => ({ steps: descend(adam(options), tensors) }),
  adamW: (tensors, options) => ({ steps: descend(adamW(options), tensors) }),
};

replayAll('layers.json', import.meta.url, replay, TOLERANCE);

test.run();
