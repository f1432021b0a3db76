// Random graphs for fast-check: a plan is plain data that shrinks, and every plan is a model. What a step
// cannot do with the tensors there are, it does in another way.

import fc from 'fast-check';
import { sameShape, sizeOf } from '../../src/base/shape.js';
import { type CompileOptions, input, type Layer, layers, Model } from '../../src/index.js';
import type { Aim } from './interpreter.js';
import { numbers } from './random.js';

type SymbolicTensor = Model['inputs'][number];

/** One step: what is done to which of the newest tensors, and numbers for its options. */
interface Step {
  readonly kind: keyof typeof makers;
  /** Counted from the newest. */
  readonly from: number;
  readonly other: number;
  readonly channels: number;
  readonly option: number;
}

/** A graph as data. */
export interface Plan {
  readonly seed: number;
  readonly side: number;
  readonly inputs: number;
  readonly steps: readonly Step[];
  /** Which tensors are outputs, how they end, and the weights of their losses. */
  readonly ends: readonly { from: number; head: keyof typeof heads; weight: number }[];
}

/** The newest first, round and round. */
function pick<T>(list: readonly T[], number: number): T {
  return list[list.length - 1 - (number % list.length)];
}

/** What a step sees of the graph. */
class Growing {
  readonly tensors: SymbolicTensor[] = [];
  /** The last layers, by the channels they take. */
  readonly last = new Map<number, Layer>();
  /** Outputs beside those that the plan's ends make. */
  readonly also: SymbolicTensor[] = [];
  readonly rate: number;
  step!: Step;

  constructor(rate: number) {
    this.rate = rate;
  }

  /** A tensor shaped as x, x itself where there is no other. */
  alike(x: SymbolicTensor, number: number): SymbolicTensor {
    return pick(
      this.tensors.filter(({ shape }) => sameShape(shape, x.shape)),
      number,
    );
  }

  choose<T>(...options: readonly T[]): T {
    return options[this.step.option % options.length];
  }

  conv(more: Partial<Parameters<typeof layers.conv2d>[0]> = {}): Layer {
    const kernelSize = this.choose(3, 1, 2);
    return layers.conv2d({ filters: this.step.channels, kernelSize, padding: 'same', ...more });
  }
}

const norm = (): Layer => layers.batchNorm({ momentum: 0.8, epsilon: 0.05 });

const chain = (x: SymbolicTensor, ...list: readonly Layer[]): SymbolicTensor =>
  list.reduce((y, layer) => layer.apply(y), x);

type Make = (g: Growing, x: SymbolicTensor) => SymbolicTensor;

/** A layer that stands somewhere already, with the same weights; else a new one. */
function again(g: Growing, x: SymbolicTensor): SymbolicTensor {
  const used = g.tensors.filter(
    ({ layer, inputs: [first] }) => layer.parameters.length > 0 && sameShape(first.shape, x.shape),
  );
  const layer = used.length > 0 ? pick(used, g.step.other).layer : g.conv();
  return layer.apply(x);
}

const makers = {
  again,
  conv: (g, x) => g.conv({ useBias: g.choose(true, false) }).apply(x),
  convActivated: (g, x) => g.conv({ activation: g.choose('relu', 'tanh', 'sigmoid') }).apply(x),
  // With a bias: where all that a filter sees is 0, Winograd's sums are not quite.
  winograd: (g, x) => g.conv({ kernelSize: 3, algorithm: 'winograd' }).apply(x),
  strided: (g, x) => g.conv({ strides: 2 }).apply(x),
  dilated: (g, x) => g.conv({ kernelSize: 2, dilation: 2 }).apply(x),
  grouped: (g, x) => {
    const channels = x.shape[2];
    const groups = channels % 2 === 0 ? g.choose(2, channels) : channels;
    return g.conv({ filters: channels, groups }).apply(x);
  },
  batchNorm: (_, x) => norm().apply(x),
  relu: (_, x) => layers.relu().apply(x),
  activation: (g, x) =>
    layers.activation({ activation: g.choose('tanh', 'sigmoid', 'linear', 'softmax') }).apply(x),
  maxPool: (g, x) =>
    layers
      .maxPool2d({ poolSize: g.choose(2, 3), strides: g.choose(1, 2), padding: 'same' })
      .apply(x),
  avgPool: (g, x) => layers.avgPool2d({ strides: g.choose(1, 2), padding: 'same' }).apply(x),
  dropout: (g, x) => layers.dropout({ rate: g.rate }).apply(x),
  add: (g, x) => layers.add().apply([x, g.alike(x, g.step.other)]),
  addThree: (g, x) =>
    layers.add().apply([g.alike(x, g.step.other), x, g.alike(x, g.step.option + 1)]),
  addToItself: (_, x) => layers.add().apply([x, x]),
  // Not from what is almost the same: the difference would be rounding alone.
  subtract: (g, x) => layers.subtract().apply([x, g.conv({ filters: x.shape[2] }).apply(x)]),
  average: (g, x) =>
    layers.average().apply([g.alike(x, g.step.other), x, g.alike(x, g.step.option + 1)]),
  extreme: (g, x) => {
    const others = [g.alike(x, g.step.other), g.conv({ filters: x.shape[2] }).apply(x)];
    return g.choose(layers.maximum(), layers.minimum()).apply([x, ...others]);
  },
  convNormAddRelu: (g, x) => {
    const y = chain(x, g.conv({ filters: x.shape[2], useBias: g.choose(false, true) }), norm());
    const sum = layers.add().apply(g.choose([y, x], [g.alike(x, g.step.other), y]));
    return layers.relu().apply(sum);
  },
  convAddRelu: (g, x) => {
    const y = g.conv({ filters: x.shape[2] }).apply(x);
    const sum = layers.add().apply(g.choose([g.alike(x, g.step.other), y], [y, x]));
    return g.choose(true, false) ? layers.relu().apply(sum) : sum;
  },
  twoBranches: (g, x) => {
    const strides = g.choose(1, 2);
    const [a, b] = [g.conv({ strides }), g.conv({ strides, kernelSize: 1, useBias: false })];
    return layers.relu().apply(layers.add().apply([chain(x, a, norm()), chain(x, b, norm())]));
  },
  residual: (g, x) => {
    const deviation = [g.conv(), norm(), layers.relu(), g.conv({ filters: x.shape[2] })];
    return layers.residual({ layers: deviation, activation: g.choose('relu', 'linear') }).apply(x);
  },
  residualWithShortcut: (g, x) => {
    const deviation = [g.conv({ strides: 2 }), norm()];
    const shortcut = [g.conv({ kernelSize: 1, strides: 2, useBias: false }), norm()];
    return layers.residual({ layers: deviation, shortcut }).apply(x);
  },
  reluPool: (g, x) => {
    const pool = layers.maxPool2d({ strides: 1, padding: 'same' });
    return chain(x, g.choose(g.conv(), norm()), layers.relu(), pool);
  },
} satisfies Record<string, Make>;

/** How networks end. */
const heads = {
  dense: (_, x) => chain(x, layers.flatten(), layers.dense({ units: 3 })),
  softmax: (_, x) =>
    chain(x, layers.globalAvgPool2d(), layers.dense({ units: 3, activation: 'softmax' })),
  deep: (g, x) =>
    chain(
      x,
      layers.globalAvgPool2d(),
      layers.dense({ units: 5, useBias: false }),
      norm(),
      layers.relu(),
      layers.dropout({ rate: g.rate }),
      layers.dense({ units: 3 }),
      layers.softmax(),
    ),
  dot: (_, x) => {
    const y = layers.globalAvgPool2d().apply(x);
    const z = layers.dense({ units: y.shape[0], activation: 'tanh' }).apply(y);
    return layers.dense({ units: 3 }).apply(layers.dot().apply([y, z]));
  },
  sum: (_, x) => {
    const y = chain(x, layers.flatten(), layers.dense({ units: 4, activation: 'tanh' }));
    const sum = layers.add().apply([layers.dense({ units: 4 }).apply(y), y]);
    return chain(sum, layers.relu(), layers.dense({ units: 3 }));
  },
  /** The same layer for all that have so many channels. */
  shared: (g, x) => {
    const pooled = layers.globalAvgPool2d().apply(x);
    const channels = pooled.shape[0];
    const last = g.last.get(channels) ?? layers.dense({ units: 3 });
    g.last.set(channels, last);
    return last.apply(pooled);
  },
  /** A softmax that is an output, and that another layer reads. */
  cascade: (g, x) => {
    const first = chain(x, layers.globalAvgPool2d(), layers.dense({ units: 3 }), layers.softmax());
    g.also.push(first);
    return layers.dense({ units: 3 }).apply(first);
  },
  image: (_, x) => x,
  pooled: (_, x) => layers.globalAvgPool2d().apply(x),
} satisfies Record<string, Make>;

/** A plan's model: images from −1 to 1 on all inputs. Layers drop `rate` of their inputs. */
export function modelOf(
  { seed, side, inputs: count, steps, ends }: Plan,
  rate = 0,
): Model<SymbolicTensor[]> {
  const g = new Growing(rate);
  const all = Array.from({ length: count }, (_, i) => input([side, side + 1, 2 + (i % 2)]));
  for (const x of all) {
    // So that steps meet only what layers make, all of the same size at first.
    g.tensors.push(layers.conv2d({ filters: 3, kernelSize: 2, padding: 'same' }).apply(x));
  }
  for (const step of steps) {
    g.step = step;
    g.tensors.push((makers[step.kind] as Make)(g, pick(g.tensors, step.from)));
  }
  const outputs = ends.map(({ from, head }) => heads[head](g, pick(g.tensors, from)));
  const unique = [...new Set([...outputs, ...g.also])];
  const inputs = all.filter((x) => unique.some((y) => dependsOn(y, x)));
  return new Model({ inputs, outputs: unique, seed, name: 'random' });
}

function dependsOn(y: SymbolicTensor, x: SymbolicTensor): boolean {
  const seen = new Set<SymbolicTensor>();
  const stack = [y];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (node === x) return true;
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.inputs);
  }
  return false;
}

/** Samples for a model of a plan, and what is wanted of each output. */
export function dataOf(
  model: Model<SymbolicTensor[]>,
  { seed, ends }: Plan,
  count: number,
): { x: Float32Array[]; aims: Aim[] } {
  const x = model.inputs.map(({ shape }, i) => numbers(count * sizeOf(shape), seed + i));
  const aims = model.outputs.map(({ shape, layer }, i): Aim => {
    const { weight } = ends[i % ends.length];
    // Cross-entropy where there are three classes, mostly. What is pooled may have been through a softmax, which
    // cross-entropy refuses.
    const isScores = shape.length === 1 && layer.type !== 'globalAvgPool2d';
    if (isScores && sizeOf(shape) === 3 && (seed + i) % 5 > 0) {
      const y = Int32Array.from({ length: count }, (_, j) => (j + i + seed) % 3);
      return { loss: 'softmaxCrossEntropy', weight, y };
    }
    return { loss: 'meanSquaredError', weight, y: numbers(count * sizeOf(shape), seed + 9 + i) };
  });
  return { x, aims };
}

/** Several as a list, one as it is. */
export const listed = <T>(all: readonly T[]): T | readonly T[] => (all.length === 1 ? all[0] : all);

/** What compiles the model for the aims. */
export const lossesFor = (aims: readonly Aim[]): Pick<CompileOptions, 'loss' | 'lossWeights'> => ({
  loss: aims.map(({ loss }) => loss),
  lossWeights: aims.map(({ weight }) => weight),
});

/** Weights, biases and statistics away from where they begin: nothing is 0 that should not be. */
export function stir(model: Pick<Model, 'weights'>, seed: number): void {
  model.weights.forEach(({ name, tensor }, i) => {
    const noise = numbers(tensor.size, seed + 100 + i);
    const { data } = tensor;
    for (let j = 0; j < data.length; j++) {
      data[j] += 0.4 * noise[j];
      if (name.endsWith('movingVariance')) data[j] = Math.abs(data[j]) + 0.2;
    }
  });
}

/** Plans of up to `steps` steps. */
export function plans(steps = 8): fc.Arbitrary<Plan> {
  const kinds = Object.keys(makers) as (keyof typeof makers)[];
  // The newest tensor more often than others: chains, some of which fuse.
  const from = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(7));
  const others = Object.keys(heads) as (keyof typeof heads)[];
  const step = fc.record({
    kind: fc.constantFrom(...kinds),
    from,
    other: fc.nat(7),
    channels: fc.constantFrom(3, 4, 1, 2, 5, 8),
    option: fc.nat(5),
  });
  const end = fc.record({
    from,
    head: fc.constantFrom('image', 'image', ...others),
    weight: fc.constantFrom(1, 0.3, 2),
  });
  return fc.record({
    seed: fc.nat(1000),
    side: fc.integer({ min: 3, max: 6 }),
    inputs: fc.integer({ min: 1, max: 2 }),
    steps: fc.array(step, { minLength: 1, maxLength: steps }),
    // The newest tensor is always of use.
    ends: fc
      .tuple(end, fc.array(end, { maxLength: 2 }))
      .map(([first, more]) => [{ ...first, from: 0 }, ...more]),
  });
}
