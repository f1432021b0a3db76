// The updates of TF.js's optimizers, each in one step for a weight. The numbers of a step, such as the learning rate, come
// in a tensor: they may change with each step, and the program does not.

import type { Shape } from '../../base/shape.js';
import { combineArrays } from '../../operators/arrays/combine.emit.js';
import { mapForward } from '../../operators/arrays/map.emit.js';
import { blendForward } from '../../operators/merge/combine.emit.js';
import { type Emitter, none, type Value } from '../../program/emitter.js';
import type { Native, Plan } from '../kernel.js';

/** Fills the new weight, and the new state, which hold copies of those before. */
type Update = (
  e: Emitter,
  parameters: Value,
  state: readonly Value[],
  gradients: Value,
  settings: Value,
) => void;

/** A kernel of the weight, its gradient, the step's numbers, and vectors of state as long as the weight. */
const ofOptimizer = (name: string, vectors: number, update: Update): Native => ({
  name,
  inputs: ['weight', 'gradient', 'settings', 'state0', 'state1'].slice(0, 3 + vectors),
  plan: ([weight]: readonly Shape[]): Plan => ({
    shapes: Array<Shape>(1 + vectors).fill(weight),
    emit: (e, [parameters, ...after], [before, gradients, settings, ...states]) => {
      blendForward(e, parameters, [before, 1]);
      states.forEach((x, i) => {
        blendForward(e, after[i], [x, 1]);
      });
      update(e, parameters, after, gradients, settings);
    },
  }),
});

const shared = (parameters: Value, gradients: Value, settings: Value) => ({
  ...{ parameters, gradients, settings },
  ...{ count: parameters.size, decays: 0 },
});

/** square = rho·square + fresh·g²; velocity = momentum·velocity + rate·g/√(square + ε); w −= velocity. */
const rmsprop: Update = (e, parameters, [square, velocity], g, settings) => {
  const setting = (i: number): Value => settings.view([1], i);
  const scaled = (y: Value, x: Value, i: number): void =>
    combineArrays(e, 'Multiply', y.view([y.size]), x.view([x.size]), setting(i));
  const part = e.value([g.size]);
  e.emit('multiply', { y: part, a: g, b: g, count: g.size });
  scaled(part, part, 1);
  scaled(square, square, 0);
  blendForward(e, square, [square, 1], [part, 1]);
  combineArrays(e, 'Add', part, square.view([g.size]), setting(4));
  mapForward(e, part, part, { fn: 'Sqrt' });
  combineArrays(e, 'Divide', part, g.view([g.size]), part);
  scaled(part, part, 3);
  scaled(velocity, velocity, 2);
  blendForward(e, velocity, [velocity, 1], [part, 1]);
  blendForward(e, parameters, [parameters, 1], [velocity, -1]);
};

export const optimizerKernels: readonly Native[] = [
  ofOptimizer('WasmgradSgd', 0, (e, parameters, _, gradients, settings) =>
    e.emit('sgd', { ...shared(parameters, gradients, settings), velocity: none }),
  ),
  ofOptimizer('WasmgradMomentum', 1, (e, parameters, [velocity], gradients, settings) =>
    e.emit('sgd', { ...shared(parameters, gradients, settings), velocity }),
  ),
  ofOptimizer('WasmgradAdam', 2, (e, parameters, [m, v], gradients, settings) =>
    e.emit('adam', { ...shared(parameters, gradients, settings), m, v }),
  ),
  ofOptimizer('WasmgradRmsprop', 2, rmsprop),
];
