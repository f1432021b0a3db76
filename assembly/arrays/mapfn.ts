// The functions of single numbers: elementwise.ts has their values, slopes.ts their slopes.

/** Which f; a, b and c are alpha, beta and gamma of the record. */
export const enum MapFn {
  Exp = 0,
  Log,
  Sqrt,
  Abs,
  Reciprocal,
  Erf,
  Sign,
  Floor,
  Ceil,
  /** To the nearest, halves to the even one. */
  Round,
  Sin,
  Cos,
  Softsign,
  Mish,
  /** c·x above 0, else a·(e^(b·x) − 1): elu, celu and selu. */
  Elu,
  /** x above 0, else a·x. */
  LeakyRelu,
  /** x above a, else 0. */
  ThresholdedRelu,
  /** max(0, min(1, a·x + b)). */
  HardSigmoid,
  GeluTanh,
  /** a·x + b. */
  Affine,
  /** x^a. */
  Power,
  /** max(a, min(b, x)). */
  Clip,
  // What follows has no gradient here.
  /** 1 above 0, else a. */
  Step,
  /** 1 where it is so, else 0. */
  IsNaN,
  IsFinite,
  IsInfinite,
  IsNotZero,
  Sigmoid,
  Expm1,
  Log1p,
  Asin,
  Acos,
  Atan,
  Sinh,
  Cosh,
  Tan,
  /** From a float to the whole number that JavaScript makes of it, and back. */
  ToInteger,
  FromInteger,
}
