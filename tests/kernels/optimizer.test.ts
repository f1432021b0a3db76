// Optimizers against their formulas in f64, step by step: what they spare, clip and remember, and what they
// do to numbers near zero.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { optimizers, Tensor } from '../../src/index.js';
import {
  emitUpdate,
  type Optimizer,
  optimizerState,
  SETTINGS,
  writeSettings,
} from '../../src/operators/optimizer/optimizer.emit.js';
import { asValue, Emitter, none } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import type {
  AdagradConfig,
  AdamConfig,
  RmspropConfig,
  SgdConfig,
} from '../../src/training/optimizers.js';
import { free, poison } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { runsOf } from '../helpers/golden.js';
import { Guarded } from '../helpers/guarded.js';
import { numbers, random } from '../helpers/random.js';
import '../helpers/start.js';

const { sgd, adam, adamW, rmsprop, adagrad } = optimizers;

/** All parameters as one run. */
const whole = (count: number) => [{ count, decay: true }];

/** Runs steps of an optimizer; `gradient` makes each step's. Returns parameters and state. */
function run(
  config: Optimizer,
  start: Tensor,
  steps: number,
  gradient: (step: number) => Float32Array,
  state: Tensor[],
  parts = whole(start.size),
  first = 0,
): Float32Array {
  const [settings, gradients] = [Tensor.zeros([SETTINGS]), Tensor.zeros(start.shape)];
  const flat = {
    runs: runsOf(asValue(start), parts),
    gradients: asValue(gradients),
    state: state.map(asValue),
    settings: asValue(settings),
  };
  for (let step = first; step < first + steps; step++) {
    gradients.data.set(gradient(step));
    writeSettings(config, step, settings.data as Float32Array, 0);
    compute([], (e) => emitUpdate(e, config, flat));
  }
  free(settings, gradients);
  return start.data as Float32Array;
}

const stateOf = (config: Optimizer, count: number): Tensor[] =>
  optimizerState(config).map(() => Tensor.zeros([count]));

/** The same for one parameter, in f64 and in the papers' words. */
function reference(config: Optimizer, p: number, gradients: readonly number[]): number {
  const rate = config.learningRate as number;
  const rule = rules[config.type](config as never);
  gradients.forEach((plain, step) => {
    if (config.type === 'adamW') p -= rate * config.weightDecay * p;
    const g = plain + (config.type === 'adamW' ? 0 : config.weightDecay * p);
    p -= rate * rule(g, step + 1);
  });
  return p;
}

/** What each optimizer makes of the gradients one after another; t counts from 1. */
const rules: Record<Optimizer['type'], (config: never) => (g: number, t: number) => number> = {
  sgd: ({ momentum, nesterov }: SgdConfig, v = 0) => {
    return (g) => {
      v = momentum * v + g;
      return nesterov ? g + momentum * v : v;
    };
  },
  adam: adaptive,
  adamW: adaptive,
  rmsprop: ({ rho, momentum, epsilon }: RmspropConfig, square = 0, v = 0) => {
    return (g) => {
      square = rho * square + (1 - rho) * g * g;
      v = momentum * v + g / (Math.sqrt(square) + epsilon);
      return v;
    };
  },
  adagrad: ({ initialAccumulator, epsilon }: AdagradConfig, sum = initialAccumulator) => {
    return (g) => {
      sum += g * g;
      return g / (Math.sqrt(sum) + epsilon);
    };
  },
};

function adaptive({ beta1, beta2, epsilon }: AdamConfig, m = 0, v = 0) {
  return (g: number, t: number): number => {
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    return m / (1 - beta1 ** t) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon);
  };
}

const configs: Record<string, Optimizer> = {
  'plain descent': sgd({ learningRate: 0.1 }),
  'plain descent, weight decay': sgd({ learningRate: 0.1, weightDecay: 0.1 }),
  momentum: sgd({ learningRate: 0.1, momentum: 0.9 }),
  'momentum, weight decay': sgd({ learningRate: 0.1, momentum: 0.5, weightDecay: 0.1 }),
  nesterov: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  adam: adam({ learningRate: 0.1 }),
  'adam, weight decay, large epsilon': adam({ learningRate: 0.1, weightDecay: 0.2, epsilon: 0.1 }),
  adamW: adamW({ learningRate: 0.1, weightDecay: 0.2, beta1: 0.5, beta2: 0.9 }),
  // An epsilon that keeps the first steps from hanging on the last digits of small gradients.
  rmsprop: rmsprop({ learningRate: 0.03, rho: 0.8, epsilon: 0.01 }),
  'rmsprop, momentum, weight decay': rmsprop({
    learningRate: 0.03,
    momentum: 0.5,
    weightDecay: 0.2,
    epsilon: 0.1,
  }),
  adagrad: adagrad({ learningRate: 0.1 }),
  'adagrad, weight decay': adagrad({
    learningRate: 0.1,
    initialAccumulator: 0.5,
    weightDecay: 0.2,
  }),
};

const STEPS = 4;

for (const [name, config] of Object.entries(configs)) {
  test(name, () => {
    poison();
    // Around 4 lanes, pairs of vectors and the task of 16384 floats.
    for (const count of [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16383, 16384, 16385]) {
      const gradients = Array.from({ length: STEPS }, (_, step) => numbers(count, 2 + step));
      const start = random([count], 1);
      const expected = start.data.map((p, i) =>
        reference(
          config,
          p,
          gradients.map((g) => g[i]),
        ),
      );
      const state = stateOf(config, count);
      // Each step rounds the parameter, below 1.5, and a step of at most 0.4 that has some eight roundings.
      close(
        run(config, start, STEPS, (step) => gradients[step], state),
        expected,
        { atol: STEPS * 4 * 2 ** -24 },
        `${count}`,
      );
      free(start, ...state);
    }
  });
}

test('runs: what is spared does not decay, and every number is seen to once', () => {
  poison();
  for (const [name, config] of Object.entries(configs)) {
    for (const [kernels, rest] of [
      [21, 16],
      [16, 1],
      [1, 16386],
      [0, 5],
      [5, 0],
    ]) {
      const count = kernels + rest;
      const runs = [
        { count: kernels, decay: true },
        { count: rest, decay: false },
      ].filter((one) => one.count > 0);
      const gradients = Array.from({ length: 2 }, (_, step) => numbers(count, 2 + step));
      for (const decay of ['kernels', 'all'] as const) {
        const start = random([count], 1);
        const expected = start.data.map((p, i) => {
          const spared = decay === 'kernels' && i >= kernels;
          const own = { ...config, weightDecay: spared ? 0 : config.weightDecay };
          return reference(
            own,
            p,
            gradients.map((g) => g[i]),
          );
        });
        const state = stateOf(config, count);
        const actual = run({ ...config, decay }, start, 2, (step) => gradients[step], state, runs);
        close(actual, expected, { atol: 8 * 2 ** -24 }, `${name}, ${kernels} + ${rest}, ${decay}`);
        free(start, ...state);
      }
    }
  }
});

/** One update between sentinels: parameters, gradients and state afterwards. */
function guarded(config: Optimizer, count: number, gradient: ArrayLike<number>, step = 0) {
  const memory = new Guarded();
  const settings = new Float32Array(SETTINGS);
  writeSettings(config, step, settings, 0);
  const values = memory.value('parameters', [count], numbers(count, 1));
  const flat = {
    runs: runsOf(values, whole(count)),
    gradients: memory.value('gradients', [count], gradient),
    state: optimizerState(config).map((name) =>
      memory.value(name, [count], numbers(count, 2).map(Math.abs)),
    ),
    settings: memory.value('settings', [SETTINGS], settings),
  };
  const e = new Emitter();
  emitUpdate(e, config, flat);
  memory.run(e, `${config.type} of ${count}`);
  const [parameters, gradients, ...state] = [values, flat.gradients, ...flat.state].map((value) =>
    memory.read(value),
  );
  memory.free();
  return { parameters, gradients, state };
}

const counts = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 16383, 16384, 16385, 16401, 40000];

test('no optimizer writes beside its vectors', () => {
  const common = { clipNorm: 1, averageDecay: 0.9 };
  for (const count of [1, 3, 4, 7, 8, 9, 16385]) {
    for (const config of [
      sgd(common),
      sgd({ momentum: 0.9, ...common }),
      adam(common),
      rmsprop(common),
      rmsprop({ momentum: 0.9, ...common }),
      adagrad(common),
    ]) {
      const { parameters } = guarded(config, count, numbers(count, 3));
      assert.ok(parameters.every(Number.isFinite), `${config.type} of ${count}`);
    }
  }
});

test('clipValue holds each gradient', () => {
  const config = sgd({ learningRate: 0.5, clipValue: 0.25 });
  for (const count of counts) {
    const gradient = numbers(count, 3);
    const { parameters, gradients } = guarded(config, count, gradient);
    const clipped = gradient.map((g) => Math.max(-0.25, Math.min(0.25, g)));
    close(gradients, clipped, {}, `${count}`);
    const expected = numbers(count, 1).map((p, i) => p - 0.5 * clipped[i]);
    close(parameters, expected, { atol: 2 ** -23 }, `${count}: parameters`);
  }
});

test('what lies behind the gradients is not clipped', () => {
  for (const count of [1, 2, 3, 4, 5, 7]) {
    const x = Tensor.from(new Float32Array(16).fill(9));
    compute([], (e) => e.emit('clip', { x: asValue(x), factor: none, count, limit: 2 }));
    assert.equal(
      [...x.data],
      Array.from({ length: 16 }, (_, i) => (i < count ? 2 : 9)),
      `${count}`,
    );
    free(x);
  }
});

test('clipNorm holds the norm of all gradients', () => {
  for (const count of counts) {
    const gradient = numbers(count, 3);
    const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    for (const limit of [norm / 3, norm * 3]) {
      const { gradients } = guarded(sgd({ clipNorm: limit }), count, gradient);
      const factor = Math.min(1, limit / (norm + 1e-6));
      const expected = gradient.map((g) => g * factor);
      // Sums of squares in lanes, and half of their error in the root.
      close(gradients, expected, { rtol: 2 ** -20 }, `${count} to ${limit}`);
      if (limit > norm) close(gradients, gradient, {}, `${count}: untouched`);
    }
  }
});

test('the average begins as the weights, and follows them', () => {
  for (const count of counts) {
    const config = sgd({ learningRate: 0.5, momentum: 0.5, averageDecay: 0.75 });
    const first = guarded(config, count, numbers(count, 3), 0);
    close(first.state[1], first.parameters, {}, `${count}: the first step`);
    const later = guarded(config, count, numbers(count, 3), 1);
    const before = numbers(count, 2).map(Math.abs);
    const expected = before.map((a, i) => 0.75 * a + 0.25 * later.parameters[i]);
    close(later.state[1], expected, { atol: 2 ** -22 }, `${count}: a later step`);
  }
});

test('what fades below 1e-30 becomes zero, not subnormal', () => {
  const [tiny, less] = [Math.fround(3e-30), Math.fround(1.5e-30)];
  for (const config of [
    sgd({ momentum: 0.5 }),
    adam({ beta1: 0.5, beta2: 0.5 }),
    rmsprop({ rho: 0.5, momentum: 0.5 }),
    sgd({ averageDecay: 0.5 }),
  ]) {
    const [start, state] = [Tensor.zeros([3]), stateOf(config, 3)];
    // Squares have no sign.
    const signs = optimizerState(config).map((name) => (name === 'square' ? 1 : -1));
    state.forEach(({ data }, i) => {
      data.set([tiny, signs[i] * tiny, less]);
    });
    // Not the first step, in which the average begins.
    const halve = () => run(config, start, 1, () => new Float32Array(3), state, whole(3), 1);
    halve();
    state.forEach(({ data }, i) => {
      assert.equal([...data], [tiny / 2, (signs[i] * tiny) / 2, 0], config.type);
    });
    halve();
    for (const { data } of state) assert.equal([...data], [0, 0, 0], config.type);
    free(start, ...state);
  }
});

test('a sum of squares below 1e-30 stays zero', () => {
  const { state } = guarded(adagrad(), 1, [1e-16]);
  const own = Math.abs(numbers(1, 2)[0]);
  close(state[0], [own], { rtol: 2 ** -23 });
  const [start, sums] = [Tensor.zeros([2]), stateOf(adagrad(), 2)];
  run(adagrad(), start, 1, () => Float32Array.of(0.9e-15, 1.1e-15), sums);
  close(sums[0].data, [0, Math.fround(1.1e-15) ** 2], { rtol: 2 ** -22 });
  free(start, ...sums);
});

test.run();
