// How PyTorch and Keras name and arrange the weights of a layer.

import type { Shape } from '../base/shape.js';
import type { Layer, ParameterSpec } from '../network/layer.js';

/** A weight as another library has it. */
export interface Part {
  /** The last part of its name, as in 'weight' of 'conv1.weight'. */
  readonly word: string;
  readonly shape: Shape;
  /** The dimensions in our order; undefined if they are the same, or only grouped in another way. */
  readonly axes?: readonly number[];
}

/** What setWeights needs to know about a library. */
export interface Dialect {
  /** Between the words of a name. */
  readonly separator: string;
  /** Weights' words that have no counterpart here. */
  readonly ignored: readonly string[];
  /** Whether flatten puts channels first, as the library's images have them. */
  readonly channelsFirst: boolean;
  /** The module and the word of a weight of this name. @param names all names of the record */
  readonly place: (
    name: string,
    names: ReadonlySet<string>,
  ) => { readonly module: string; readonly word: string };
  /** What the library makes of a layer's parameter. */
  readonly part: (layer: Layer, parameter: ParameterSpec) => Part;
}

/** The name before the last separator, and the rest. */
function cut(name: string, separator: string): { module: string; word: string } {
  const at = name.lastIndexOf(separator);
  return { module: name.slice(0, Math.max(0, at)), word: name.slice(at + 1) };
}

const wordIn = (words: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(words, name) ? words[name] : name;

const pytorchWords = {
  ...{ kernel: 'weight', bias: 'bias', gamma: 'weight', beta: 'bias' },
  ...{ movingMean: 'running_mean', movingVariance: 'running_var' },
};

/** PyTorch: channels come before pixels, and what comes out before what goes in. */
const pytorch: Dialect = {
  separator: '.',
  ignored: ['num_batches_tracked'],
  channelsFirst: true,
  place: (name) => cut(name, '.'),
  part: (_layer, { name, shape }) => {
    const word = wordIn(pytorchWords, name);
    if (name !== 'kernel') return { word, shape };
    // [height, width, in, out] is [out, in, height, width] there; of transposed convolutions, whose kernel is
    // [height, width, out, in] here, [in, out, height, width].
    const axes = shape.map((_, i) => (i + 2 < shape.length ? i + 2 : shape.length - 1 - i));
    const theirs: number[] = [];
    axes.forEach((axis, i) => {
      theirs[axis] = shape[i];
    });
    return { word, shape: theirs, axes };
  },
};

const kerasWords = { movingMean: 'moving_mean', movingVariance: 'moving_variance' };

/** Keras: the same arrangement, in other words. */
const keras: Dialect = {
  separator: '/',
  ignored: [],
  channelsFirst: false,
  place: (name, names) => {
    const { module, word } = cut(name.replace(/:\d+$/, ''), '/');
    if (word === 'pointwise_kernel') return { module, word: 'kernel' };
    if (word !== 'depthwise_kernel') return { module, word };
    // A separable convolution is one layer there and two layers here.
    const isSeparable = names.has(name.replace('depthwise_kernel', 'pointwise_kernel'));
    return { module: isSeparable ? `${module}_depthwise` : module, word: 'kernel' };
  },
  part: (layer, { name, shape }) => {
    const word = wordIn(kerasWords, name);
    if (layer.type !== 'depthwiseConv2d' || name !== 'kernel') return { word, shape };
    const { depthMultiplier = 1 } = layer.options as { depthMultiplier?: number };
    const [height, width, , filters] = shape;
    return { word, shape: [height, width, filters / depthMultiplier, depthMultiplier] };
  },
};

/** The libraries by the names that `setWeights` takes. */
export const dialects = { pytorch, keras };
