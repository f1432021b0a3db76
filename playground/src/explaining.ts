// How a number in a network came about, in the worker: from which numbers of the layer below, by which weights.

import type { ExplainRequest, Explanation, Reason, Source, Spot, Window } from './inside.js';
import type { Made, Watcher } from './looking.js';
import { type Box, both, boxBelow, fieldOf, mapOf, type Numbers, windowOf } from './windows.js';

/** A number that is explained, and what there is to explain it by. */
interface Question {
  readonly spot: Spot;
  readonly made: Made;
  /** The number's place in `made.data`. */
  readonly at: number;
  /** What the layer reads: first the only one, where it reads one. */
  readonly below: readonly [Numbers, ...Numbers[]];
  /** The map below whose window is wanted. */
  readonly wanted: number | undefined;
  /** A weight of the layer. */
  weight(name: string): Float32Array | undefined;
}

/** None for options of a layer that are not explained here. */
type Answer = Pick<Explanation, 'reason' | 'sources'> | undefined;

const optionsOf = ({ made }: Question): Readonly<Record<string, unknown>> =>
  made.layer.options as Readonly<Record<string, unknown>>;

const boxOf = ({ row, column }: Pick<Spot, 'row' | 'column'>): Box => ({
  ...{ top: row, left: column, height: 1, width: 1 },
});

/** Zeros of the padding add nothing. */
const dot = ({ numbers }: Window, weights: Float32Array): number =>
  numbers.reduce((sum, number, i) => sum + (Number.isNaN(number) ? 0 : number * weights[i]), 0);

/** Which of some summands is the largest, of either sign. */
const strongest = (sums: Float32Array): number =>
  sums.reduce((best, sum, i) => (Math.abs(sum) > Math.abs(sums[best]) ? i : best), 0);

/** Convolutions, those of each channel by itself too. */
function convolution(question: Question): Answer {
  const { made, below, spot, wanted, weight } = question;
  const [x] = below;
  const { kernelSize, dilation = 1, paddingMode = 'zeros', activation } = optionsOf(question);
  const kernel = weight('kernel');
  if (!kernel || paddingMode !== 'zeros') return undefined;
  const sides = both(kernelSize);
  const taps = sides[0] * sides[1];
  const filters = made.channels;
  // Of groups, a filter sees the maps of its own.
  const depth = kernel.length / taps / filters;
  const groups = x.channels / depth;
  const first = Math.floor(spot.unit / (filters / groups)) * depth;
  const box = boxBelow(made, x, boxOf(spot));
  const seen = (map: number) => windowOf(x, first + map, box, sides, both(dilation));
  const weightsOf = (map: number) =>
    Float32Array.from(
      { length: taps },
      (_, tap) => kernel[(tap * depth + map) * filters + spot.unit],
    );
  const sums = Float32Array.from({ length: depth }, (_, map) => dot(seen(map), weightsOf(map)));
  const map = wanted === undefined ? strongest(sums) : Math.min(wanted, depth - 1);
  const products = { window: seen(map), weights: weightsOf(map), sums, first, map };
  return {
    reason: weighted(products, weight('bias')?.[spot.unit], activation),
    sources: [{ ...box, stage: made.below[0], unit: undefined, map: mapOf(x, first + map) }],
  };
}

function dense(question: Question): Answer {
  const { made, below, spot, weight } = question;
  const [{ data, channels }] = below;
  const kernel = weight('kernel');
  if (!kernel) return undefined;
  const window = { height: 1, width: channels, numbers: Float32Array.from(data) };
  const weights = window.numbers.map((_, i) => kernel[i * made.channels + spot.unit]);
  const sums = Float32Array.of(dot(window, weights));
  const products = { window, weights, sums, first: 0, map: 0 };
  return {
    reason: weighted(products, weight('bias')?.[spot.unit], optionsOf(question).activation),
    sources: [
      { ...boxOf({ row: 0, column: 0 }), stage: made.below[0], unit: undefined, map: undefined },
    ],
  };
}

type Products = Extract<Reason, { kind: 'products' }>;

/** The sum of products, its bias, and the activation after it. */
const weighted = (
  products: Omit<Products, 'kind' | 'bias' | 'sum' | 'activation'>,
  bias: number | undefined,
  activation: unknown = 'linear',
): Products => ({
  kind: 'products',
  ...products,
  bias,
  sum: products.sums.reduce((sum, one) => sum + one, bias ?? 0),
  activation: String(activation),
});

const pooling =
  (choice: 'largest' | 'smallest' | 'mean') =>
  ({ made, below: [x], spot }: Question): Answer => {
    const box = boxBelow(made, x, boxOf(spot));
    const window = windowOf(x, spot.unit, box, [box.height, box.width]);
    return {
      reason: { kind: 'pooling', choice, window },
      sources: [{ ...box, stage: made.below[0], unit: spot.unit, map: mapOf(x, spot.unit) }],
    };
  };

/** The number of the same place below, which need not be the same pixel of the same map. */
function sameBelow({ made, below: [x], at }: Question): Source {
  const place = Math.floor(at / x.channels);
  const box = boxOf({ row: Math.floor(place / x.width), column: place % x.width });
  const unit = at % x.channels;
  return { ...box, stage: made.below[0], unit, map: mapOf(x, unit) };
}

const copy = (question: Question): Answer => ({
  reason: { kind: 'copy' },
  sources: [sameBelow(question)],
});

function activation(question: Question): Answer {
  const { made, at, below } = question;
  const name = made.layer.type === 'activation' ? optionsOf(question).activation : made.layer.type;
  if (name === 'softmax') return softmax(question);
  const x = below[0].data[at];
  return {
    reason: { kind: 'activation', activation: String(name), x },
    sources: [sameBelow(question)],
  };
}

function softmax(question: Question): Answer {
  const { made, at, spot, below } = question;
  const [{ data }] = below;
  const row = data.subarray(at - spot.unit, at - spot.unit + made.channels);
  const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
  return {
    reason: { kind: 'softmax', x: data[at], total },
    sources: [{ ...sameBelow(question), unit: undefined }],
  };
}

function norm(question: Question): Answer {
  const { at, below, spot, weight } = question;
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'movingMean', 'movingVariance'].map(
    (name) => weight(name)?.[spot.unit] as number,
  );
  const { epsilon = 1e-3 } = optionsOf(question) as { epsilon?: number };
  const deviation = Math.sqrt(variance + epsilon);
  return {
    reason: { kind: 'norm', x: below[0].data[at], mean, deviation, gamma, beta },
    sources: [sameBelow(question)],
  };
}

function add({ made, below, spot, at }: Question): Answer {
  return {
    reason: { kind: 'sum', numbers: below.map(({ data }) => data[at]) },
    sources: below.map((numbers, i) => ({
      ...boxOf(spot),
      ...{ stage: made.below[i], unit: spot.unit, map: mapOf(numbers, spot.unit) },
    })),
  };
}

type Answering = (question: Question) => Answer;

/** What explains which layers, by the library's names of them. */
const kinds: readonly (readonly [Answering, ...string[]])[] = [
  [convolution, 'conv2d', 'depthwiseConv2d'],
  [dense, 'dense'],
  [pooling('largest'), 'maxPool2d', 'globalMaxPool2d'],
  [pooling('smallest'), 'minPool2d'],
  [pooling('mean'), 'avgPool2d', 'globalAvgPool2d'],
  [norm, 'batchNorm'],
  [add, 'add'],
  [softmax, 'softmax'],
  [copy, 'flatten', 'reshape', 'dropout', 'spatialDropout2d', 'linear'],
  [activation, 'activation', 'relu', 'relu6', 'leakyRelu', 'elu', 'selu', 'gelu', 'silu'],
  [activation, 'sigmoid', 'tanh', 'hardSigmoid', 'hardSwish', 'softplus'],
];

const answers = new Map(
  kinds.flatMap(([answer, ...types]) => types.map((type) => [type, answer] as const)),
);

/**
 * Explains a pixel of a map: where nothing else is known of the layer, by what it saw of the image.
 *
 * @param x the image as the network reads it
 * @throws for a pixel that the network does not have
 */
export function explain(watcher: Watcher, x: Float32Array, request: ExplainRequest): Explanation {
  const { stage, unit, row, column, below: wanted } = request;
  const [tall, wide, depth] = watcher.model.inputShape;
  const image: Numbers = { height: tall, width: wide, channels: depth, data: x };
  const all = watcher.outputs(x);
  const made = all[stage];
  if (!made || unit >= made.channels || row >= made.height || column >= made.width)
    throw new Error('This network has no such pixel: another one has taken its place.');
  const { weights } = watcher.model;
  const { layer, width, channels, data } = made;
  const at = (row * width + column) * channels + unit;
  const [first, ...others] = made.below.map((one) => all[one] ?? image);
  const answer = answers.get(layer.type)?.({
    spot: request,
    made,
    at,
    below: [first, ...others],
    wanted,
    weight: (name) => weights.find((one) => one.name === `${layer.name}/${name}`)?.tensor.data,
  });
  if (answer) return { value: data[at], ...answer };
  const seen = fieldOf(all, stage, boxOf(request), image);
  const source = { ...seen, stage: -1, unit: undefined, map: mapOf(image, 0) };
  return { value: data[at], reason: { kind: 'field' }, sources: [source] };
}
