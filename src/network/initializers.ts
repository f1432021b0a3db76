// Initial weights. Names and formulas are Keras's; each weight has its own stream of random numbers, from the seed.

import { type Backend, backend } from '../../bindings/backend.js';
import { ValueError } from '../base/errors.js';
import { hereItIs } from '../base/names.js';
import { keyOf, purpose } from '../base/random.js';
import { type Shape, sizeOf } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { Tensor } from '../tensor/tensor.js';

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

/** Fills a tensor, with random numbers from stream `index` of the seed. */
type Fill = (tensor: Tensor, seed: number, index: number) => void;

/** The numbers of inputs and outputs of one unit; a filter's are multiplied by the size of its window. */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: window * (shape.at(-2) ?? 1), fanOut: window * (shape.at(-1) ?? 1) };
}

type Kernel = 'fillTruncatedNormal' | 'fillUniform';

function random(kernel: Kernel, scale: (shape: Shape) => number): Fill {
  return (tensor, seed, index) => {
    const { exports, memory }: Backend = backend();
    const words = memory.allocate(64, 'scratch');
    const [key0, key1] = keyOf(seed);
    const { address, size, shape } = tensor;
    exports[kernel](address, size, scale(shape), purpose.weights, index, key0, key1, words);
    memory.free(words);
  };
}

/** Normal, cut at two standard deviations. The cut multiplies the deviation by 0.8796, which is undone here. */
const truncatedNormal = (variance: (shape: Shape) => number): Fill =>
  random('fillTruncatedNormal', (shape) => Math.sqrt(variance(shape)) / 0.87962566103423978);

/** Uniform with the given variance: ±√(3·variance). */
const uniform = (variance: (shape: Shape) => number): Fill =>
  random('fillUniform', (shape) => Math.sqrt(3 * variance(shape)));

/** −1 or 1, equally often. */
const signs: Fill = (tensor, seed, index) => {
  random('fillUniform', () => 1)(tensor, seed, index);
  const { numbers } = tensor;
  for (let i = 0; i < numbers.length; i++) numbers[i] = numbers[i] < 0 ? -1 : 1;
};

const he = (shape: Shape) => 2 / fans(shape).fanIn;
const glorot = (shape: Shape) => 2 / (fans(shape).fanIn + fans(shape).fanOut);
const lecun = (shape: Shape) => 1 / fans(shape).fanIn;

/**
 * He (arXiv 1502.01852) for ReLU, Glorot (AISTATS 2010) for tanh and sigmoid, LeCun ("Efficient
 * BackProp", 1998).
 */
const initializers: Readonly<Record<InitializerName, Fill>> = {
  zeros: ({ numbers }) => numbers.fill(0),
  ones: ({ numbers }) => numbers.fill(1),
  signs,
  heNormal: truncatedNormal(he),
  heUniform: uniform(he),
  glorotNormal: truncatedNormal(glorot),
  glorotUniform: uniform(glorot),
  lecunNormal: truncatedNormal(lecun),
  lecunUniform: uniform(lecun),
};

/** What PyTorch calls them. */
const foreign = {
  kaimingnormal: "'heNormal'",
  kaiminguniform: "'heUniform'",
  xaviernormal: "'glorotNormal'",
  xavieruniform: "'glorotUniform'",
};

/** @throws {ValueError} for an unknown name */
export function checkInitializer(name: InitializerName): InitializerName {
  const known = Object.keys(initializers);
  if (known.includes(name)) return name;
  throw new ValueError(
    `there is no initializer ${shown(name)}${hereItIs(name, known, foreign)}; there are ${known.join(', ')}`,
  );
}

/** Fills a weight with its initial numbers. */
export function initialize(
  name: InitializerName,
  tensor: Tensor,
  seed: number,
  index: number,
): void {
  initializers[name](tensor, seed, index);
}
