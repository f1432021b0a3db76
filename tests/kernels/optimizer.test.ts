// Optimizers against their formulas in f64, step by step, and what they do to numbers near zero.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compute } from '../../src/eager.js';
import { asValue } from '../../src/emit/emitter.js';
import {
  emitUpdate,
  type Optimizer,
  optimizerState,
  SETTINGS,
  writeSettings,
} from '../../src/emit/optimizer.js';
import { optimizers, Tensor } from '../../src/index.js';
import { free, poison } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { numbers, random } from '../helpers/random.js';
import '../helpers/start.js';

const { sgd, adam, adamW } = optimizers;

/** Runs steps of an optimizer; `gradient` makes each step's. Returns parameters and state. */
function run(
  config: Optimizer,
  start: Tensor,
  steps: number,
  gradient: (step: number) => Float32Array,
  state: Tensor[],
): Float32Array {
  const [settings, gradients] = [Tensor.zeros([SETTINGS]), Tensor.zeros(start.shape)];
  const flat = {
    parameters: asValue(start),
    gradients: asValue(gradients),
    state: state.map(asValue),
    settings: asValue(settings),
  };
  for (let step = 0; step < steps; step++) {
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
  let [v, m] = [0, 0];
  gradients.forEach((plain, step) => {
    if (config.type === 'sgd') {
      const g = plain + config.weightDecay * p;
      v = config.momentum * v + g;
      p -= rate * (config.nesterov ? g + config.momentum * v : v);
      return;
    }
    const g = plain + (config.type === 'adam' ? config.weightDecay * p : 0);
    if (config.type === 'adamW') p -= rate * config.weightDecay * p;
    m = config.beta1 * m + (1 - config.beta1) * g;
    v = config.beta2 * v + (1 - config.beta2) * g * g;
    const [mHat, vHat] = [
      m / (1 - config.beta1 ** (step + 1)),
      v / (1 - config.beta2 ** (step + 1)),
    ];
    p -= (rate * mHat) / (Math.sqrt(vHat) + config.epsilon);
  });
  return p;
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
};

const STEPS = 4;

for (const [name, config] of Object.entries(configs)) {
  test(name, () => {
    poison();
    // Around 4 lanes, pairs of vectors and the tile of 16384 floats.
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

test('what fades below 1e-30 becomes zero, not subnormal', () => {
  for (const config of [sgd({ momentum: 0.5 }), adam({ beta1: 0.5, beta2: 0.5 })]) {
    const [start, state] = [Tensor.zeros([3]), stateOf(config, 3)];
    for (const { data } of state) data.set([3e-30, -3e-30, 1.5e-30]);
    const halved = (times: number) => {
      run(config, start, times, () => new Float32Array(3), state);
      return state.map(({ data }) => [...data]);
    };
    for (const kept of halved(1))
      assert.equal(kept, [Math.fround(3e-30) / 2, -Math.fround(3e-30) / 2, 0], config.type);
    for (const kept of halved(1))
      assert.ok(
        kept.every((v) => v === 0),
        config.type,
      );
    free(start, ...state);
  }
});

test.run();
