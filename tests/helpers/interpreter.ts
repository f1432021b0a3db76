// Graphs by their definition: every node by the naive f64 ops of reference.ts, one after another, and
// reverse mode over the same nodes. What lowering makes of a graph, joined, reordered and in place, is
// held against this; and this against central differences (tests/graph/random.test.ts).

import { sizeOf } from '../../src/base/shape.js';
import type { Layer, Model, Shape } from '../../src/index.js';
import { activations } from './reference/activation.js';
import * as ref from './reference.js';

type SymbolicTensor = Model['inputs'][number];

/** Numbers by name: of weights, their gradients, running statistics. */
export type Named = Map<string, Float64Array>;

/** What a layer is given: values are [batch, ...shape], flat. */
interface Call {
  readonly layer: Layer;
  readonly options: Readonly<Record<string, never>>;
  readonly batch: number;
  readonly x: readonly Float64Array[];
  /** Of each input, without the batch. */
  readonly shapes: readonly Shape[];
  readonly shape: Shape;
  readonly training: boolean;
  weight(name: string): Float64Array;
  /** Says how near a number came to where a derivative jumps, as a share of the largest beside it. */
  near(distance: number): void;
  /** Sets a running statistic. */
  keep(name: string, value: Float64Array): void;
}

/** What it makes, and the gradients of inputs and weights for its own. */
interface Made {
  readonly y: Float64Array;
  back(dy: Float64Array): { dx: Float64Array[]; dw?: Record<string, Float64Array> };
}

const largest = (x: Float64Array): number => x.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

const plus = (a: Float64Array, b: Float64Array): Float64Array =>
  Float64Array.from(a, (v, i) => v + b[i]);

function activate(name: string, z: Float64Array, { shape, near }: Call): Made {
  if (name === 'linear') return { y: z, back: (dy) => ({ dx: [dy] }) };
  if (name === 'softmax') {
    const classes = shape.at(-1) as number;
    const back = (dy: Float64Array) => ({ dx: [ref.softmaxBackward(dy, z, classes)] });
    return { y: ref.softmax(z, classes), back };
  }
  const { f, slope } = activations[name as keyof typeof activations];
  if (name === 'relu') {
    const scale = largest(z);
    // Zeros that are exact, such as those another ReLU has made, are on one side of it everywhere.
    for (const v of z) if (v !== 0) near(Math.abs(v) / scale);
  }
  return { y: z.map(f), back: (dy) => ({ dx: [dy.map((v, i) => v * slope(z[i]))] }) };
}

/** The activation of a layer's own behind what else it does. */
function behind(call: Call, { y: z, back }: Made): Made {
  const own = activate(call.options.activation ?? 'linear', z, call);
  return { y: own.y, back: (dy) => back(own.back(dy).dx[0]) };
}

const pair = (value: number | readonly [number, number]): readonly [number, number] =>
  typeof value === 'number' ? [value, value] : value;

function placed({ options, batch, shapes: [[height, width, channels]] }: Call, size: number) {
  const { padding, strides = size, dilation = 1 } = options as Partial<Record<string, number>>;
  const shape = [batch, height, width, channels] as const;
  const two = { kernel: pair(size), strides: pair(strides), dilation: pair(dilation) };
  return ref.geometry({ shape, ...two, padding });
}

function conv2d(call: Call): Made {
  const { options, x, weight, layer } = call;
  const { filters, kernelSize, groups = 1, strides = 1 } = options as Record<string, number>;
  const g = placed({ ...call, options: { ...options, strides: strides as never } }, kernelSize);
  const w = weight('kernel');
  const useBias = layer.parameters.length > 1;
  const y = ref.conv2d(x[0], w, useBias ? weight('bias') : undefined, g, filters, groups);
  return behind(call, {
    y,
    back: (dy) => ({
      dx: [ref.conv2dBackwardInput(dy, w, g, filters, groups)],
      dw: {
        kernel: ref.conv2dBackwardFilter(x[0], dy, g, filters, groups),
        ...(useBias && { bias: ref.sumRows(dy, filters) }),
      },
    }),
  });
}

/** A convolution of one pixel. */
function dense(call: Call): Made {
  const [features] = call.shapes[0];
  const options = { ...call.options, filters: call.shape[0] as never, kernelSize: 1 as never };
  return conv2d({ ...call, options, shapes: [[1, 1, features]] });
}

function batchNorm({ options, layer, training, x: [x], weight, keep }: Call): Made {
  const { momentum = 0.99, epsilon = 1e-3 } = options as Record<string, number>;
  const [gamma, beta] = [weight('gamma'), weight('beta')];
  const [mean, variance] = [weight('movingMean'), weight('movingVariance')];
  if (!training || !layer.trainable) {
    const slope = gamma.map((v, c) => v / Math.sqrt(variance[c] + epsilon));
    const back = (dy: Float64Array) => ({ dx: [dy.map((v, i) => v * slope[i % slope.length])] });
    return { y: ref.batchNorm(x, gamma, beta, mean, variance, epsilon), back };
  }
  const now = ref.moments(x, gamma.length);
  const rows = x.length / gamma.length;
  const blend = (old: Float64Array, next: Float64Array) =>
    old.map((v, c) => momentum * v + (1 - momentum) * next[c]);
  keep('movingMean', blend(mean, now.mean));
  const unbiased = now.variance.map((v) => (v * rows) / Math.max(1, rows - 1));
  keep('movingVariance', blend(variance, unbiased));
  return {
    y: ref.batchNorm(x, gamma, beta, now.mean, now.variance, epsilon),
    back: (dy) => {
      const { dx, dgamma, dbeta } = ref.batchNormBackward(dy, x, gamma, epsilon);
      return { dx: [dx], dw: { gamma: dgamma, beta: dbeta } };
    },
  };
}

function maxPool2d(call: Call): Made {
  const { options, x, near } = call;
  const g = placed(call, (options.poolSize as number | undefined) ?? 2);
  const { y } = ref.maxPool2d(x[0], g);
  const [scale, taps] = [largest(x[0]), ref.taps(g)];
  const columns = ref.im2col(x[0], g);
  const inside = ref.im2col(
    x[0].map(() => 1),
    g,
  );
  y.forEach((most, i) => {
    const from = Math.floor(i / g.channels) * taps * g.channels + (i % g.channels);
    const places = Array.from({ length: taps }, (_, tap) => from + tap * g.channels);
    const window = places.filter((at) => inside[at]).map((at) => columns[at]);
    const [first, second = Number.NEGATIVE_INFINITY] = window.sort((a, b) => b - a);
    // Of zeros that ReLU has made, whichever is taken has no gradient.
    if (most !== 0) near((first - second) / scale);
  });
  return { y, back: (dy) => ({ dx: [ref.maxPool2dBackward(dy, x[0], g)] }) };
}

function avgPool2d(call: Call, size = (call.options.poolSize as number | undefined) ?? 2): Made {
  const g = placed(call, size);
  const back = (dy: Float64Array) => ({ dx: [ref.avgPool2dBackward(dy, g)] });
  return { y: ref.avgPool2d(call.x[0], g), back };
}

/** The largest of the inputs times `sign`, or the first of those; its gradient is its alone. */
function extreme({ x, near }: Call, sign: 1 | -1): Made {
  const scale = Math.max(...x.map(largest));
  const taken = Array.from(x[0], (_, i) => {
    const values = x.map((one) => sign * one[i]);
    const [first, second] = [...values].sort((a, b) => b - a);
    // What is one tensor twice, or 0 by ReLU in both, has the same gradient whichever is taken.
    if (first !== second) near((first - second) / scale);
    return values.indexOf(first);
  });
  return {
    y: Float64Array.from(taken, (which, i) => x[which][i]),
    back: (dy) => ({ dx: x.map((_, k) => dy.map((v, i) => (taken[i] === k ? v : 0))) }),
  };
}

/** Σ a·b of each sample. */
function dot({ x: [a, b], batch }: Call): Made {
  const features = a.length / batch;
  const sample = (i: number): number => Math.floor(i / features);
  const y = new Float64Array(batch);
  a.forEach((v, i) => {
    y[sample(i)] += v * b[i];
  });
  const of = (dy: Float64Array, other: Float64Array) => other.map((v, i) => v * dy[sample(i)]);
  return { y, back: (dy) => ({ dx: [of(dy, b), of(dy, a)] }) };
}

const same = ({ x }: Call): Made => ({ y: x[0], back: (dy) => ({ dx: [dy] }) });

const rules: Readonly<Record<string, (call: Call) => Made>> = {
  conv2d,
  dense,
  batchNorm,
  maxPool2d,
  avgPool2d: (call) => avgPool2d(call),
  globalAvgPool2d: (call) => avgPool2d(call, call.shapes[0].slice(0, 2) as never),
  activation: (call) => activate(call.options.activation, call.x[0], call),
  relu: (call) => activate('relu', call.x[0], call),
  softmax: (call) => activate('softmax', call.x[0], call),
  add: ({ x }) => ({ y: x.reduce(plus), back: (dy) => ({ dx: x.map(() => dy) }) }),
  subtract: ({ x: [a, b] }) => ({
    y: a.map((v, i) => v - b[i]),
    back: (dy) => ({ dx: [dy, dy.map((v) => -v)] }),
  }),
  average: ({ x }) => ({
    y: x.reduce(plus).map((v) => v / x.length),
    back: (dy) => ({ dx: x.map(() => dy.map((v) => v / x.length)) }),
  }),
  maximum: (call) => extreme(call, 1),
  minimum: (call) => extreme(call, -1),
  dot,
  flatten: same,
  reshape: same,
  dropout: same,
};

/** A pass through a graph. */
export interface Pass {
  readonly outputs: readonly Float64Array[];
  /** Of all tensors, inputs included. */
  readonly values: ReadonlyMap<SymbolicTensor, Float64Array>;
  /** Running statistics behind it. */
  readonly statistics: Named;
  /** How near the nearest number came to where a derivative jumps. */
  readonly kink: number;
  /** All weights' gradients for those of the outputs, and the tensors', inputs included. */
  backward(dys: readonly Float64Array[]): Named & { of: Map<SymbolicTensor, Float64Array> };
}

/** A copy of a model's weights. */
export const weightsOf = (model: Pick<Model, 'weights'>): Named =>
  new Map(model.weights.map(({ name, tensor }) => [name, Float64Array.from(tensor.data)]));

/** Runs a model's graph on samples for each input. Dropout drops nothing. */
export function interpret(
  { inputs, outputs }: Pick<Model, 'inputs' | 'outputs'>,
  weights: Named,
  x: readonly ArrayLike<number>[],
  training: boolean,
): Pass {
  const batch = x[0].length / sizeOf(inputs[0].shape);
  const statistics: Named = new Map();
  const values: Map<SymbolicTensor, Float64Array> = new Map(
    inputs.map((one, i) => [one, Float64Array.from(x[i])]),
  );
  const tape: { node: SymbolicTensor; made: Made }[] = [];
  let kink = Number.POSITIVE_INFINITY;
  const near = (distance: number): void => {
    kink = Math.min(kink, distance);
  };
  const numbersOf = (node: SymbolicTensor): Float64Array => {
    const known = values.get(node);
    if (known) return known;
    const { layer } = node;
    const key = (name: string): string => `${layer.name}/${name}`;
    const made = rules[layer.type]({
      layer,
      options: layer.options as Call['options'],
      batch,
      x: node.inputs.map(numbersOf),
      shapes: node.inputs.map(({ shape }) => shape),
      shape: node.shape,
      training,
      weight: (name) => (statistics.get(key(name)) ?? weights.get(key(name))) as Float64Array,
      near,
      keep: (name, value) => statistics.set(key(name), value),
    });
    values.set(node, made.y);
    tape.push({ node, made });
    return made.y;
  };
  const results = outputs.map(numbersOf);
  const backward: Pass['backward'] = (dys) => {
    const gradients = new Map<SymbolicTensor, Float64Array>();
    const found: Named = new Map();
    const give = <K>(to: Map<K, Float64Array>, key: K, d: Float64Array): void => {
      const old = to.get(key);
      to.set(key, old ? plus(old, d) : d);
    };
    for (const [i, node] of outputs.entries()) give(gradients, node, dys[i]);
    for (const { node, made } of [...tape].reverse()) {
      const dy = gradients.get(node);
      if (!dy) continue;
      const { dx, dw = {} } = made.back(dy);
      for (const [i, one] of node.inputs.entries()) give(gradients, one, dx[i]);
      for (const [name, d] of Object.entries(dw)) give(found, `${node.layer.name}/${name}`, d);
    }
    return Object.assign(found, { of: gradients });
  };
  return { outputs: results, values, statistics, kink, backward };
}

/** What is wanted of an output: class indices by cross-entropy, or numbers by squared error. */
export interface Aim {
  readonly loss: 'softmaxCrossEntropy' | 'meanSquaredError';
  readonly weight: number;
  readonly y: ArrayLike<number>;
}

/** The losses of the outputs, each one's gradient times its weight, and the sum of all. */
export function lossesOf(
  { outputs }: Pick<Model, 'outputs'>,
  pass: Pass,
  aims: readonly Aim[],
): { total: number; losses: number[]; dys: Float64Array[] } {
  const all = pass.outputs.map((output, i) => {
    const { loss, y } = aims[i];
    const classes = outputs[i].shape.at(-1) as number;
    if (loss === 'meanSquaredError') return ref.meanSquaredError(output, y);
    const target = ref.oneHot(y, classes);
    const { type, options } = outputs[i].layer;
    const isSoftmax = type === 'softmax' || Object.values(options).includes('softmax');
    if (!isSoftmax) return ref.softmaxCrossEntropy(output, target, classes);
    // Of probabilities the mean of −ln p.
    const dx = output.map((p, j) => -target[j] / p / y.length);
    return { loss: output.reduce((sum, p, j) => sum - target[j] * Math.log(p), 0) / y.length, dx };
  });
  const losses = all.map(({ loss }) => loss);
  return {
    losses,
    total: losses.reduce((sum, loss, i) => sum + aims[i].weight * loss, 0),
    dys: all.map(({ dx }, i) => dx.map((v) => v * aims[i].weight)),
  };
}
