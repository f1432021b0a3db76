// Separable convolution (Chollet, arXiv 1610.02357): each channel is filtered by itself, then 1×1 filters
// mix the channels.

import type { Shape } from '../../base/shape.js';
import { Composite, chain, chainShape } from '../../network/composite.js';
import { kernelWords } from '../../network/kernel.js';
import type { Layer, SymbolicTensor } from '../../network/layer.js';
import {
  type Conv2dLayerOptions,
  conv2d,
  type DepthwiseConv2dLayerOptions,
  depthwiseConv2d,
  depthwiseWords,
  filterWords,
} from './conv.layer.js';

/** Options of `layers.separableConv2d`, Keras's words. Bias and activation belong to the 1×1 filters. */
export interface SeparableConv2dOptions extends DepthwiseConv2dLayerOptions {
  /** How many filters, which is how many channels come out. */
  filters: number;
}

class SeparableConv2d extends Composite {
  protected override readonly parts: readonly Layer[];

  constructor(options: SeparableConv2dOptions) {
    super('separableConv2d', options, { ...filterWords, ...depthwiseWords, ...kernelWords });
    const { filters, useBias, activation, name, ...both } = options;
    const { biasInitializer, biasRegularizer, ...depthwise } = both;
    const { kernelInitializer, kernelRegularizer } = depthwise;
    const initializers = { biasInitializer, kernelInitializer };
    const regularizers = { biasRegularizer, kernelRegularizer };
    const pointwise = { useBias, activation, ...initializers, ...regularizers };
    const given = Object.entries({ ...pointwise, name }).filter(([, value]) => value !== undefined);
    const named = name === undefined ? {} : { name: `${name}_depthwise` };
    this.parts = [
      depthwiseConv2d({ ...depthwise, ...named, useBias: false }),
      conv2d({ filters, kernelSize: 1, ...Object.fromEntries(given) } as Conv2dLayerOptions),
    ];
  }

  shapeFor(x: Shape): Shape {
    return chainShape(x, this.parts);
  }

  override apply(x: SymbolicTensor): SymbolicTensor {
    return chain(x, this.parts);
  }
}

/** A depthwise convolution and a 1×1 convolution over [height, width, channels]: [h, w, filters]. */
export const separableConv2d = (options: SeparableConv2dOptions): Layer =>
  new SeparableConv2d(options);
