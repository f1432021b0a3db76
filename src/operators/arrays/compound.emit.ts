// Functions whose gradient is several ops: tan, arcs, hyperbolic functions and their inverses.

import { combineArrays } from './combine.emit.js';
import { acosh, affine, asinh, atanh, chain } from './inverse.emit.js';
import type { Compound, MapFormula, Work } from './map.emit.js';

/** And those of the square. */
const ofSquare =
  (...steps: readonly MapFormula[]): Work =>
  (e, y, x) => {
    combineArrays(e, 'Multiply', y, x, x);
    chain(...steps)(e, y, y);
  };

const reciprocal = { fn: 'Reciprocal' } as const;
/** 1 / √x. */
const perRoot = [{ fn: 'Sqrt' }, reciprocal] as const;

const cosine = chain({ fn: 'Cos' });

const tanSlope: Work = (e, y, x) => {
  cosine(e, y, x);
  ofSquare(reciprocal)(e, y, y);
};

const compound = (value: Work, slope: Work) => (): Compound => ({ value, slope });

/** By the names that `map` has for them. */
export const compounds = {
  tan: compound(chain({ fn: 'Tan' }), tanSlope),
  asin: compound(chain({ fn: 'Asin' }), ofSquare(affine(-1, 1), ...perRoot)),
  acos: compound(chain({ fn: 'Acos' }), ofSquare(affine(-1, 1), ...perRoot, affine(-1, 0))),
  atan: compound(chain({ fn: 'Atan' }), ofSquare(affine(1, 1), reciprocal)),
  sinh: compound(chain({ fn: 'Sinh' }), chain({ fn: 'Cosh' })),
  cosh: compound(chain({ fn: 'Cosh' }), chain({ fn: 'Sinh' })),
  asinh: compound(asinh, ofSquare(affine(1, 1), ...perRoot)),
  acosh: compound(acosh, ofSquare(affine(1, -1), ...perRoot)),
  atanh: compound(atanh, ofSquare(affine(-1, 1), reciprocal)),
};
