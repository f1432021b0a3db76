// TF.js's optimizers in one step for each weight, wherever our backend runs: theirs takes two to fourteen ops. What they
// keep, they keep as before, so that saving and loading them goes on working.

import {
  AdamOptimizer,
  engine,
  getBackend,
  MomentumOptimizer,
  mul,
  type Optimizer,
  RMSPropOptimizer,
  SGDOptimizer,
  type Tensor,
  tensor1d,
  tidy,
  type Variable,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { AdamSettings, SgdSettings } from '../../bindings/constants.js';
import { NAME } from './name.js';
import { call } from './registry.js';

/** What an optimizer keeps for one weight, in TF.js's own field. */
interface Kept {
  originalName: string;
  variable: Variable;
}

/** Fields that TF.js does not show. */
type Fields = Optimizer & Record<string, unknown>;

/** How an optimizer is one step. */
interface Rule {
  readonly kernel: string;
  /** The fields of its state, with what TF.js calls them. */
  readonly state: Readonly<Record<string, string>>;
  /** The step's numbers, in the order of the kernel. */
  settings(optimizer: Fields): number[];
  /** Whether it is this rule's: others run as TF.js has them. */
  fits?(optimizer: Fields): boolean;
  /** What comes after all weights. */
  after?(optimizer: Fields): void;
}

const inOrder = <N extends string>(names: readonly N[], numbers: Readonly<Record<N, number>>) =>
  names.map((name) => numbers[name]);

const number = (optimizer: Fields, field: string): number => Number(optimizer[field]);

const sgd = (optimizer: Fields, momentum: number, nesterov: unknown): number[] =>
  inOrder(SgdSettings, {
    learningRate: number(optimizer, 'learningRate'),
    momentum,
    weightDecay: 0,
    nesterov: nesterov ? 1 : 0,
  });

/** β to the power of the steps, this one too: TF.js keeps it in a variable. */
const powerOf = (optimizer: Fields, field: string): number =>
  (optimizer[field] as Variable).dataSync()[0];

const rules: readonly (readonly [new (...args: never[]) => Optimizer, Rule])[] = [
  [
    SGDOptimizer,
    { kernel: 'WasmgradSgd', state: {}, settings: (optimizer) => sgd(optimizer, 0, false) },
  ],
  [
    MomentumOptimizer,
    {
      kernel: 'WasmgradMomentum',
      state: { accumulations: 'momentum' },
      settings: (optimizer) => sgd(optimizer, number(optimizer, 'momentum'), optimizer.useNesterov),
    },
  ],
  [
    AdamOptimizer,
    {
      kernel: 'WasmgradAdam',
      state: { accumulatedFirstMoment: 'm', accumulatedSecondMoment: 'v' },
      settings: (optimizer) => {
        const [beta1, beta2] = [number(optimizer, 'beta1'), number(optimizer, 'beta2')];
        const { learningRate, epsilon } = optimizer as unknown as Record<string, number>;
        return inOrder(AdamSettings, {
          stepSize: learningRate / (1 - powerOf(optimizer, 'accBeta1')),
          ...{ beta1, beta2, epsilon, weightDecay: 0, decoupledDecay: 0 },
          correction: 1 / Math.sqrt(1 - powerOf(optimizer, 'accBeta2')),
          ...{ fresh1: 1 - beta1, fresh2: 1 - beta2 },
        });
      },
      after: (optimizer) =>
        tidy(() => {
          for (const beta of ['1', '2']) {
            const power = optimizer[`accBeta${beta}`] as Variable;
            power.assign(mul(power, number(optimizer, `beta${beta}`)));
          }
        }),
    },
  ],
  [
    RMSPropOptimizer,
    {
      kernel: 'WasmgradRmsprop',
      state: { accumulatedMeanSquares: 'rms', accumulatedMoments: 'momentum' },
      settings: (optimizer) => {
        const decay = number(optimizer, 'decay');
        const rest = ['momentum', 'learningRate', 'epsilon'].map((field) =>
          number(optimizer, field),
        );
        return [decay, 1 - decay, ...rest];
      },
      fits: (optimizer) => !optimizer.centered,
    },
  ],
];

type Gradients = Parameters<Optimizer['applyGradients']>[0];

/** What an optimizer keeps of weight number `i`; zeros at first. */
function stateOf(optimizer: Fields, field: string, as: string, i: number, weight: Variable): Kept {
  const all = optimizer[field] as Kept[];
  all[i] ??= {
    originalName: `${weight.name}/${as}`,
    variable: tidy(() => zerosLike(weight).variable(false)),
  };
  return all[i];
}

function apply(optimizer: Fields, rule: Rule, gradients: readonly (readonly [string, Tensor])[]) {
  const { kernel, state } = rule;
  tidy(() => {
    const settings = tensor1d(rule.settings(optimizer));
    gradients.forEach(([name, gradient], i) => {
      const weight = engine().registeredVariables[name];
      const kept = Object.entries(state).map(([field, as]) =>
        stateOf(optimizer, field, as, i, weight),
      );
      if (gradient == null) return;
      const before = kept.map(({ variable }) => variable);
      tidy(() => {
        const inputs = Object.fromEntries(before.map((variable, k) => [`state${k}`, variable]));
        const given = { weight, gradient, settings, ...inputs };
        const [after, ...states] = [call<Tensor | Tensor[]>(kernel, given)].flat();
        states.forEach((value, k) => {
          before[k].assign(value);
        });
        weight.assign(after);
      });
    });
  });
  rule.after?.(optimizer);
  // Protected in TF.js's types.
  (optimizer as unknown as { incrementIterations(): void }).incrementIterations();
}

/** Replaces how they apply gradients. */
export function patchOptimizers(): void {
  for (const [{ prototype }, rule] of rules) {
    const own = prototype.applyGradients;
    prototype.applyGradients = function (this: Fields, gradients: Gradients): void {
      const all: readonly (readonly [string, Tensor])[] = Array.isArray(gradients)
        ? gradients.map(({ name, tensor }) => [name, tensor] as const)
        : Object.entries(gradients);
      const areFloats = all.every(
        ([, gradient]) => gradient == null || (gradient.dtype === 'float32' && gradient.size > 0),
      );
      const isOurs = getBackend() === NAME && areFloats && (rule.fits?.(this) ?? true);
      if (isOurs) apply(this, rule, all);
      else own.call(this, gradients);
    };
  }
}
