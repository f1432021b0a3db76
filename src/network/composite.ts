// Layers that consist of several layers: applied to a tensor, they apply those one after another.

import type { Shape } from '../base/shape.js';
import { type Forward, Layer, outputShapeOf, type SymbolicTensor } from './layer.js';
import type { Weight } from './weight.js';

/** A layer made of several. A graph has its parts and not the layer itself. */
export abstract class Composite extends Layer {
  /** The layers that it consists of. */
  protected abstract get parts(): readonly Layer[];

  /** Whether any of its layers is trainable; setting it sets it for all of them. */
  override get trainable(): boolean {
    return this.parts.some(({ trainable }) => trainable);
  }

  override set trainable(value: boolean) {
    for (const part of this.parts) part.trainable = value;
  }

  /** The weights of its layers. */
  override get weights(): readonly Weight[] {
    return this.parts.flatMap(({ weights }) => weights);
  }

  abstract override shapeFor(x: Shape): Shape;

  /** @throws {ShapeError} if one of its layers cannot take the shape of its input */
  abstract override apply(x: SymbolicTensor): SymbolicTensor;

  emitForward(): Forward<unknown> {
    throw new Error(`${this.name} has no ops of its own`);
  }

  emitBackward(): undefined {}
}

/** Applies layers one after another to x. */
export const chain = (x: SymbolicTensor, layers: readonly Layer[]): SymbolicTensor =>
  layers.reduce((y, layer) => layer.apply(y), x);

/** The output shape of layers one after another, for an input of shape x. */
export const chainShape = (x: Shape, layers: readonly Layer[]): Shape =>
  layers.reduce((y, layer) => outputShapeOf(layer, y), x);
