// A residual block (He et al., arXiv 1512.03385): adds what its layers make of x to x itself.

import { ValueError } from '../../base/errors.js';
import { forwarded, oneOf } from '../../base/options.js';
import type { Shape } from '../../base/shape.js';
import { Composite, chain, chainShape } from '../../network/composite.js';
import type { SymbolicTensor } from '../../network/layer.js';
import { Layer, type LayerOptions, outputShapeOf } from '../../network/layer.js';
import { relu } from '../activation/activation.layer.js';
import { add } from './merge.layer.js';

/** Options of `layers.residual`. */
export interface ResidualOptions extends LayerOptions {
  /** The layers that compute what is added to x, one after another. */
  layers: readonly Layer[];
  /** What x goes through on the way past them, such as a 1×1 convolution; nothing by default. */
  shortcut?: readonly Layer[];
  /** What the sum goes through: 'relu' by default. */
  activation?: 'relu' | 'linear';
}

/** @throws {ValueError} for what is no list of layers */
function listOf(what: string, list: readonly Layer[]): readonly Layer[] {
  if (Array.isArray(list) && list.every((layer) => layer instanceof Layer))
    return Object.freeze([...list]);
  throw new ValueError(`layers.residual: ${what} must be a list of layers`);
}

class Residual extends Composite {
  declare readonly options: ResidualOptions;
  readonly #sum: Layer;

  constructor(options: ResidualOptions) {
    super('residual', options, {
      ...forwarded('layers', 'shortcut'),
      activation: oneOf('relu', 'linear'),
    });
    const { layers, shortcut, name } = options;
    // Copies: the caller may change the lists afterwards.
    this.options.layers = listOf('layers', layers);
    if (shortcut !== undefined) this.options.shortcut = listOf('shortcut', shortcut);
    this.#sum = add(name === undefined ? {} : { name });
  }

  protected override get parts(): readonly Layer[] {
    return [...this.options.layers, ...(this.options.shortcut ?? [])];
  }

  shapeFor(x: Shape): Shape {
    const { layers, shortcut = [] } = this.options;
    return outputShapeOf(this.#sum, chainShape(x, layers), chainShape(x, shortcut));
  }

  override apply(x: SymbolicTensor): SymbolicTensor {
    const { layers, shortcut = [], activation = 'relu' } = this.options;
    const sum = this.#sum.apply([chain(x, layers), chain(x, shortcut)]);
    return activation === 'relu' ? relu().apply(sum) : sum;
  }
}

/** y = relu(layers(x) + shortcut(x)); both must have the same shape. */
export const residual = (options: ResidualOptions): Layer => new Residual(options);
