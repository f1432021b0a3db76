// Optimizers as ops: plain descriptions, the update that they emit, and the settings of each step.

import {
  AdagradSettings,
  AdamSettings,
  AverageSettings,
  RmspropSettings,
  SgdSettings,
} from '../../../bindings/constants.js';
import { power } from '../../base/arithmetic.js';
import { ValueError } from '../../base/errors.js';
import {
  any,
  between,
  checkOptions,
  epsilon,
  flag,
  isFloat32,
  oneOf,
  positive,
  required,
  share,
  type Words,
} from '../../base/options.js';
import { shown } from '../../base/shown.js';
import { type Emitter, none, type Value } from '../../program/emitter.js';
import { partialsFor } from './penalty.emit.js';
import { checkRate, type LearningRate, rateAt } from './rate.js';

/** What all optimizers have. */
export interface CommonConfig {
  readonly learningRate: LearningRate;
  /** How much a weight shrinks, relative to the learning rate. */
  readonly weightDecay: number;
  /** What shrinks: kernels alone, or biases and the scales and shifts of norms too. */
  readonly decay: 'kernels' | 'all';
  /** Each gradient is held between −clipValue and clipValue. */
  readonly clipValue?: number;
  /** The norm of all gradients together is held to this. */
  readonly clipNorm?: number;
  /** How much of the weights' moving average a step keeps; without it there is none. */
  readonly averageDecay?: number;
}

/** Stochastic gradient descent; see `optimizers.sgd`. */
export interface SgdConfig extends CommonConfig {
  readonly type: 'sgd';
  readonly momentum: number;
  readonly nesterov: boolean;
}

/** Adam and AdamW; see `optimizers.adam`. */
export interface AdamConfig extends CommonConfig {
  readonly type: 'adam' | 'adamW';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** RMSprop; see `optimizers.rmsprop`. */
export interface RmspropConfig extends CommonConfig {
  readonly type: 'rmsprop';
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
}

/** Adagrad; see `optimizers.adagrad`. */
export interface AdagradConfig extends CommonConfig {
  readonly type: 'adagrad';
  readonly initialAccumulator: number;
  readonly epsilon: number;
}

/** An optimizer with all its numbers. */
export type Optimizer = SgdConfig | AdamConfig | RmspropConfig | AdagradConfig;

/** Floats of settings in linear memory: enough for any optimizer's, and after them those of two averages. */
export const SETTINGS = 16;
/** Where the settings of the weights' average begin. */
const AVERAGE = SETTINGS - AverageSettings.length;
/** Where the settings of the mean gradient of several batches begin. */
const GATHERING = AVERAGE - AverageSettings.length;

const adam = { beta1: share, beta2: share, epsilon };

/** What the options of each optimizer must be. */
const own: { readonly [T in Optimizer['type']]: Words } = {
  sgd: { momentum: share, nesterov: flag },
  adam,
  adamW: adam,
  rmsprop: { rho: share, momentum: share, epsilon },
  adagrad: { initialAccumulator: between(0), epsilon },
};

/** Those of all. */
const common: Words = {
  ...required({ learningRate: any, weightDecay: between(0), decay: oneOf('kernels', 'all') }),
  clipValue: positive,
  clipNorm: positive,
  averageDecay: share,
};

/** @throws {ValueError} for numbers out of range, and for optimizers that there are not */
export function checkOptimizer(config: Optimizer): Optimizer {
  if (!Object.hasOwn(own, config?.type)) {
    const known = Object.keys(own).join('(), optimizers.');
    const given = typeof config === 'function' ? 'a function, not called' : shown(config);
    throw new ValueError(
      `compile: optimizer must be what one of optimizers.${known}() returns, not ${given}`,
    );
  }
  const { type, ...options } = config;
  const where = `optimizers.${type}`;
  checkOptions<object>(where, options, { ...required(own[type]), ...common });
  checkRate(`${where}: learningRate`, config.learningRate);
  if (config.type === 'sgd' && config.nesterov && config.momentum === 0) {
    throw new ValueError(
      `${where}: nesterov looks ahead along the momentum, and there is none: give momentum, such as 0.9`,
    );
  }
  if (config.clipValue !== undefined && config.clipNorm !== undefined)
    throw new ValueError(`${where}: give clipValue or clipNorm, not both`);
  return config;
}

/** The names of an optimizer's state vectors, each as long as the parameters. */
export function optimizerState(config: Optimizer): readonly string[] {
  const average = config.averageDecay === undefined ? [] : ['average'];
  return [...ownState(config), ...average];
}

function ownState(config: Optimizer): readonly string[] {
  switch (config.type) {
    case 'sgd':
      return config.momentum > 0 ? ['velocity'] : [];
    case 'rmsprop':
      return config.momentum > 0 ? ['square', 'velocity'] : ['square'];
    case 'adagrad':
      return ['sum'];
    default:
      return ['m', 'v'];
  }
}

/** The flat vectors of an update. */
export interface FlatVectors {
  /** All parameters, run by run. */
  readonly runs: readonly Run[];
  readonly gradients: Value;
  /** In the order of `optimizerState`. */
  readonly state: readonly Value[];
  readonly settings: Value;
}

/** Parameters that lie side by side in memory and decay alike. */
export interface Run {
  readonly parameters: Value;
  /** Floats from the start of the other vectors. */
  readonly offset: number;
  /** Whether they are kernels, which weight decay shrinks. */
  readonly decay: boolean;
}

/** Emits the update of all parameters. */
export function emitUpdate(e: Emitter, config: Optimizer, flat: FlatVectors): void {
  const { runs, gradients, state, settings } = flat;
  emitClipping(e, config, gradients);
  for (const { parameters, offset, decay } of runs) {
    const count = parameters.size;
    const part = (vector: Value): Value => vector.view([count], offset);
    const decays = Number(decay || config.decay === 'all');
    const shared = { parameters, gradients: part(gradients), settings, count, decays };
    const own = ownState(config).map((_, i) => part(state[i]));
    emitRun(e, config, shared, own);
    if (config.averageDecay === undefined) continue;
    const average = part(state.at(-1) as Value);
    const share = settings.view([AverageSettings.length], AVERAGE);
    e.emit('movingAverage', { average, x: parameters, settings: share, count });
  }
}

/** What the records of all optimizers have. */
interface Shared {
  readonly parameters: Value;
  readonly gradients: Value;
  readonly settings: Value;
  readonly count: number;
  readonly decays: number;
}

function emitRun(e: Emitter, config: Optimizer, shared: Shared, [a, b]: readonly Value[]): void {
  switch (config.type) {
    case 'sgd':
      e.emit('sgd', { ...shared, velocity: a ?? none });
      break;
    case 'rmsprop':
      e.emit('rmsprop', { ...shared, square: a, velocity: b ?? none });
      break;
    case 'adagrad':
      e.emit('adagrad', { ...shared, sum: a });
      break;
    default:
      e.emit('adam', { ...shared, m: a, v: b });
  }
}

/** Clips the gradients in place, as PyTorch does: what the user sees of them is clipped too. */
function emitClipping(e: Emitter, { clipValue, clipNorm }: Optimizer, gradients: Value): void {
  const count = gradients.size;
  if (clipValue !== undefined) {
    e.emit('clip', { x: gradients, factor: none, count, limit: clipValue });
  }
  if (clipNorm !== undefined) {
    const partials = partialsFor(e, count);
    const splits = partials.size;
    const factor = e.value([1]);
    e.emit('squareSum', { partials, x: gradients, count, splits });
    e.emit('clipFactor', { factor, partials, count: splits, limit: clipNorm });
    e.emit('clip', { x: gradients, factor, count, limit: 0 });
  }
}

/** Emits what adds one more batch's gradients to the mean of those before; `writeGathering` writes the shares. */
export function emitGathering(e: Emitter, { gradients, batch, settings }: Gathered): void {
  const share = settings.view([AverageSettings.length], GATHERING);
  e.emit('movingAverage', { average: gradients, x: batch, settings: share, count: batch.size });
}

/** The flat vectors of a mean over batches. */
export interface Gathered {
  /** The mean so far. */
  readonly gradients: Value;
  /** The gradients of one more batch. */
  readonly batch: Value;
  readonly settings: Value;
}

/** Numbers in the order of their names: as a kernel reads them. */
const inOrder = <Name extends string>(
  names: readonly Name[],
  numbers: Readonly<Record<Name, number>>,
): number[] => names.map((name) => numbers[name]);

/** Writes the shares of the `before` samples in the mean, and of `samples` more. */
export function writeGathering(
  before: number,
  samples: number,
  to: Float32Array,
  at: number,
): void {
  // None where the labels of all are ignored.
  const all = before + samples || 1;
  const kept = before / all;
  const fresh = samples / all;
  to.set(inOrder(AverageSettings, { kept, fresh }), at + GATHERING);
}

/**
 * Writes a step's numbers, counted from 0, where the kernels read them (assembly/optimizer/).
 *
 * @param factor what the learning rate is multiplied by
 * @throws {ValueError} for numbers that float32 does not hold
 */
export function writeSettings(
  config: Optimizer,
  step: number,
  to: Float32Array,
  at: number,
  factor = 1,
): void {
  const rate = factor * rateAt(config.learningRate, step);
  const numbers = settingsOf(config, step, rate);
  if (!numbers.every(isFloat32)) {
    throw new ValueError(
      `optimizers.${config.type}: the learning rate of step ${step + 1} is ${rate}, which float32 cannot compute with: lower it or its factor`,
    );
  }
  to.set(numbers, at);
  // The average begins as a copy of the weights.
  const kept = step === 0 ? 0 : (config.averageDecay ?? 0);
  to.set(inOrder(AverageSettings, { kept, fresh: 1 - kept }), at + AVERAGE);
}

function settingsOf(config: Optimizer, step: number, learningRate: number): number[] {
  const { weightDecay } = config;
  switch (config.type) {
    case 'sgd': {
      const { momentum, nesterov } = config;
      const numbers = { learningRate, momentum, weightDecay, nesterov: Number(nesterov) };
      return inOrder(SgdSettings, numbers);
    }
    case 'rmsprop': {
      const { rho, momentum, epsilon } = config;
      const numbers = { learningRate, rho, momentum, epsilon, weightDecay, fresh: 1 - rho };
      return inOrder(RmspropSettings, numbers);
    }
    case 'adagrad': {
      const { initialAccumulator: initial, epsilon } = config;
      return inOrder(AdagradSettings, { learningRate, initial, epsilon, weightDecay });
    }
    default: {
      const { beta1, beta2, epsilon } = config;
      const decoupled = config.type === 'adamW';
      return inOrder(AdamSettings, {
        stepSize: learningRate / (1 - power(beta1, step + 1)),
        beta1,
        beta2,
        epsilon,
        weightDecay: decoupled ? 0 : weightDecay,
        decoupledDecay: decoupled ? learningRate * weightDecay : 0,
        correction: 1 / Math.sqrt(1 - power(beta2, step + 1)),
        fresh1: 1 - beta1,
        fresh2: 1 - beta2,
      });
    }
  }
}
