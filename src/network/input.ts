// `input`: a network's input, where its graph begins.

import { naming } from '../base/naming.js';
import { checkFits, checkShape, type Shape } from '../base/shape.js';
import { type Forward, Layer, type LayerOptions, SymbolicTensor } from './layer.js';

/** The beginning of a graph; computes nothing. */
class Input extends Layer {
  constructor(options: LayerOptions) {
    super('input', options, []);
  }

  shapeFor(shape: Shape): Shape {
    return shape;
  }

  emitForward(): Forward<unknown> {
    throw new Error('an input has no forward pass');
  }

  emitBackward(): undefined {}
}

/**
 * A network's input.
 *
 * @param shape one sample's, such as [height, width, channels]
 * @throws {ShapeError} for anything but a shape, or one with more numbers than memory can hold
 */
export function input(shape: Shape, options: LayerOptions = {}): SymbolicTensor {
  const layer = new Input(options);
  naming(`input${layer.name && ` '${layer.name}'`}`, () => checkFits(checkShape(shape, 1)));
  return new SymbolicTensor(shape, layer, []);
}
