// Functions of single numbers, with their gradients.

import { optionsOf } from '../../base/options.js';
import { argument, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import { array, callArrays } from './call.js';
import { mapBackward as emitBackward, mapForward } from './map.emit.js';
import { formulaOf, type Mapping, mappingWords } from './map.layer.js';

export type { MapFunction, Mapping } from './map.layer.js';

const formula = (options: Mapping) => formulaOf(optionsOf(options, mappingWords(options?.fn)));

/**
 * A function of each number: exp, log, sqrt, negate, abs, reciprocal, erf, sign, floor, ceil, round (halves to even), sin,
 * cos, elu and others with any alpha, affine (alpha·x + beta), power (x^alpha), clip to alpha … beta; `MapFunction` has all
 * names. NaN stays NaN. `await ops.useArrays()` first.
 */
export function map(x: Tensor, options: Mapping): Tensor {
  const [y] = callArrays('map', [x, options], () => {
    const value = array('x', x);
    const own = formula(options);
    return recipe([x.shape], (e, vy) => mapForward(e, vy, value, own));
  });
  return y;
}

/** The gradient of map with the same options, for the x that it was given. Where the function jumps it is 0. */
export function mapBackward(dy: Tensor, x: Tensor, options: Mapping): Tensor {
  const [dx] = callArrays('mapBackward', [dy, x, options], () => {
    const [vdy, vx] = [argument('dy', dy), array('x', x)];
    const own = formula(options);
    expectShape('dy', dy, x.shape);
    return recipe([x.shape], (e, vdx) => emitBackward(e, vdx, vdy, vx, own));
  });
  return dx;
}
