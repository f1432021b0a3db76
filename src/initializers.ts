// How weights begin. Names and formulas are Keras's; each draws from its own stream of the seed.

import { ValueError } from './errors.js';
import type { Random } from './random.js';
import { type Shape, sizeOf } from './shape.js';

/** The names that layers take. */
export type InitializerName =
  | 'zeros'
  | 'ones'
  | 'signs'
  | 'heNormal'
  | 'heUniform'
  | 'glorotNormal'
  | 'glorotUniform'
  | 'lecunNormal'
  | 'lecunUniform';

type Fill = (to: Float32Array, shape: Shape, random: Random) => void;

/** Inputs and outputs of one unit: a filter's are multiplied by its window. */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: window * (shape.at(-2) ?? 1), fanOut: window * (shape.at(-1) ?? 1) };
}

/** Normal, cut at two standard deviations, which the cut leaves at 0.8796 of what they were. */
function truncatedNormal(variance: (shape: Shape) => number): Fill {
  return (to, shape, random) => {
    const deviation = Math.sqrt(variance(shape)) / 0.87962566103423978;
    for (let i = 0; i < to.length; i++) to[i] = random.truncatedNormal() * deviation;
  };
}

/** Uniform with the given variance: ±√(3·variance). */
function uniform(variance: (shape: Shape) => number): Fill {
  return (to, shape, random) => {
    const limit = Math.sqrt(3 * variance(shape));
    for (let i = 0; i < to.length; i++) to[i] = (2 * random.uniform() - 1) * limit;
  };
}

/** −1 or 1, either as often. */
const signs: Fill = (to, _shape, random) => {
  for (let i = 0; i < to.length; i++) to[i] = random.uniform() < 0.5 ? -1 : 1;
};

const he = (shape: Shape) => 2 / fans(shape).fanIn;
const glorot = (shape: Shape) => 2 / (fans(shape).fanIn + fans(shape).fanOut);
const lecun = (shape: Shape) => 1 / fans(shape).fanIn;

/**
 * He (arXiv 1502.01852) for ReLU, Glorot (AISTATS 2010) for tanh and sigmoid, LeCun ("Efficient
 * BackProp", 1998).
 */
const initializers: Readonly<Record<InitializerName, Fill>> = {
  zeros: (to) => to.fill(0),
  ones: (to) => to.fill(1),
  signs,
  heNormal: truncatedNormal(he),
  heUniform: uniform(he),
  glorotNormal: truncatedNormal(glorot),
  glorotUniform: uniform(glorot),
  lecunNormal: truncatedNormal(lecun),
  lecunUniform: uniform(lecun),
};

/** @throws {ValueError} for a name that there is not */
export function checkInitializer(where: string, name: InitializerName): InitializerName {
  if (Object.hasOwn(initializers, name)) return name;
  const known = Object.keys(initializers).join(', ');
  throw new ValueError(`${where}: there is no initializer '${name}'; there are ${known}`);
}

/** Fills a weight of the given shape. */
export function initialize(
  name: InitializerName,
  to: Float32Array,
  shape: Shape,
  random: Random,
): void {
  initializers[name](to, shape, random);
}
