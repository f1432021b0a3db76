// The slopes of functions of single numbers, of the input.

import { bell } from '../activation/activation';
import { exp } from '../core/simd';
import { FAR, geluTanhSlope, mishSlope, sign, sine, ZERO } from './formulas';
import { MapFn } from './mapfn';
import { power } from './scalar';

// @ts-ignore: decorator
@inline
export function slope(fn: i32, x: v128, a: v128, b: v128, c: v128, scratch: usize): v128 {
  const zero = f32x4.splat(ZERO);
  const one = f32x4.splat(1);
  switch (fn) {
    case MapFn.Exp:
      return exp(x);
    case MapFn.Log:
      return f32x4.div(one, x);
    case MapFn.Sqrt:
      return f32x4.div(f32x4.splat(0.5), f32x4.sqrt(x));
    case MapFn.Abs:
      return sign(x);
    case MapFn.Reciprocal: {
      const y = f32x4.div(one, x);
      return f32x4.neg(f32x4.mul(y, y));
    }
    case MapFn.Erf: {
      // 2/√π·e^(−x²).
      const y = f32x4.mul(f32x4.pmin(f32x4.abs(x), f32x4.splat(FAR)), f32x4.splat(Mathf.SQRT2));
      return f32x4.mul(bell(y), f32x4.splat(1.1283791671));
    }
    case MapFn.Sin:
      return sine(x, 1);
    case MapFn.Cos:
      return f32x4.neg(sine(x, 0));
    case MapFn.Softsign: {
      const y = f32x4.div(one, f32x4.add(one, f32x4.abs(x)));
      return f32x4.mul(y, y);
    }
    case MapFn.Mish:
      return mishSlope(x);
    case MapFn.Elu: {
      const below = f32x4.mul(f32x4.mul(a, b), exp(f32x4.mul(x, b)));
      return v128.bitselect(below, c, f32x4.le(x, zero));
    }
    case MapFn.LeakyRelu:
      return v128.bitselect(a, one, f32x4.le(x, zero));
    case MapFn.ThresholdedRelu:
      return v128.and(one, f32x4.gt(x, a));
    case MapFn.HardSigmoid: {
      const y = f32x4.add(f32x4.mul(a, x), b);
      return v128.and(a, v128.and(f32x4.gt(y, zero), f32x4.lt(y, one)));
    }
    case MapFn.GeluTanh:
      return geluTanhSlope(x);
    case MapFn.Affine:
      return a;
    case MapFn.Power:
      return f32x4.mul(a, power(x, f32x4.sub(a, one), scratch));
    case MapFn.Clip:
      return v128.and(one, v128.and(f32x4.ge(x, a), f32x4.le(x, b)));
    default:
      return zero;
  }
}
