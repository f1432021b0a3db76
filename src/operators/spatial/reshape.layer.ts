// Layers that give the same numbers another shape.

import { ShapeError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { checkShape, type Shape, show, sizeOf } from '../../base/shape.js';
import {
  type Forward,
  type Fusion,
  Layer,
  type LayerOptions,
  type Lowering,
} from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';

/** Options of `layers.reshape`. */
export interface ReshapeOptions extends LayerOptions {
  /** The new shape, without the batch. */
  targetShape: Shape;
}

class Reshape extends Layer<Shape> {
  readonly #target: Shape | undefined;

  constructor(type: 'flatten' | 'reshape', options: LayerOptions) {
    super(type, options, type === 'reshape' ? ['targetShape'] : []);
    if (type === 'flatten') return;
    const { targetShape } = this.options as ReshapeOptions;
    this.#target = naming('layers.reshape: targetShape', () => checkShape(targetShape, 1));
  }

  shapeFor(inputShape: Shape): Shape {
    const target = this.#target ?? [sizeOf(inputShape)];
    if (sizeOf(target) !== sizeOf(inputShape)) {
      throw new ShapeError(
        `${show(inputShape)} has ${sizeOf(inputShape)} elements and cannot become ${show(target)}`,
      );
    }
    return target;
  }

  override get fusion(): Fusion {
    return { keepsNumbers: true };
  }

  emitForward(_to: Lowering, x: Value): Forward<Shape> {
    const [batch, ...sample] = x.shape;
    return { y: x.view([batch, ...this.shapeFor(sample)]), saved: x.shape };
  }

  emitBackward(_to: Lowering, dy: Value, shape: Shape): Value {
    return dy.view(shape);
  }
}

/** All dimensions as one. */
export const flatten = (options: LayerOptions = {}): Layer => new Reshape('flatten', options);
/** Another shape of the same size. */
export const reshape = (options: ReshapeOptions): Layer => new Reshape('reshape', options);
