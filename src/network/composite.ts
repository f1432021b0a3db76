// Layers made of several: applied, they are those.

import type { Shape } from '../base/shape.js';
import { type Forward, Layer, type SymbolicTensor } from './layer.js';
import type { Weight } from './weight.js';

/** Graphs hold its parts, not itself. */
export abstract class Composite extends Layer {
  /** Its layers. */
  protected abstract get parts(): readonly Layer[];

  /** Whether any of its layers is trainable; setting it sets that of all. */
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

  /** @throws {ShapeError} where one of its parts cannot take what it would get */
  abstract override apply(x: SymbolicTensor): SymbolicTensor;

  emitForward(): Forward<unknown> {
    throw new Error(`${this.name} has no ops of its own`);
  }

  emitBackward(): undefined {}
}

/** What layers one after another make of x. */
export const chain = (x: SymbolicTensor, layers: readonly Layer[]): SymbolicTensor =>
  layers.reduce((y, layer) => layer.apply(y), x);

/** The shape of what layers one after another make of an input of shape x. */
export const chainShape = (x: Shape, layers: readonly Layer[]): Shape =>
  layers.reduce((y, layer) => layer.shapeFor(y), x);
