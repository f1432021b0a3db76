// Sequential: layers one after another.

import { ShapeError, StateError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { any, anySeed, checkOptions, text } from '../base/options.js';
import { checkFits, checkShape, type Shape, sameShape, show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { isFresh } from '../lowering/store.js';
import { nameLayers } from '../network/graph.js';
import { input } from '../network/input.js';
import type { SymbolicTensor } from '../network/layer.js';
import { Layer, outputShapeOf } from '../network/layer.js';
import type { ModelOptions } from './architecture.js';
import { Model } from './model.js';

/** Options of a model. */
export interface SequentialOptions {
  /** One sample's shape, such as [height, width, channels]. */
  inputShape: Shape;
  /** The seed of all random numbers: initial weights, shuffling, dropout. 0 by default. */
  seed?: number;
  /** For messages: 'sequential' by default. */
  name?: string;
}

/** Layers, or whole models with one input and one output, one after another. */
export class Sequential extends Model {
  /** @internal Messages call it so, whatever a minifier calls the class. */
  static override readonly name: string = 'Sequential';
  /**
   * Names and joins the layers. Takes memory only when the weights are first needed.
   *
   * @throws {ShapeError} for a layer that cannot take the output of the one before
   * @throws {ValueError} for two layers with the same name
   */
  constructor(layers: readonly (Layer | Model)[], options: SequentialOptions) {
    super(chain(layers, options));
  }

  /**
   * Adds a layer, or a model, at the end, as in Keras: before the model is compiled or used. `new Sequential([],
   * { inputShape })` makes an empty one.
   *
   * @returns the model
   * @throws {ShapeError} for a layer that cannot take the output of the last one
   * @throws {ValueError} for a layer that is in the model already, and for two layers with the same name
   * @throws {StateError} if the model has weights or labels already
   */
  add(layer: Layer | Model): this {
    const where = `${this.name}.add`;
    const own = naming(where, () => {
      checkLayer('the layer', layer);
      const own = layer instanceof Model ? layer.layers : [layer];
      checkOnce([...this.layers, ...own]);
      return own;
    });
    if (this.labels)
      throw new StateError(`${where}: the model has labels: set them after the last layer`);
    this.resources.grow(where, (last) => {
      naming(this.name, () => nameLayers([...this.layers, ...own], isFresh));
      naming(where, () => shapeAfter(layer, last.shape));
      return layer.apply(last);
    });
    return this;
  }
}

function chain(
  list: readonly (Layer | Model)[],
  options: SequentialOptions,
): ModelOptions<SymbolicTensor> {
  if (!Array.isArray(list)) {
    throw new ValueError(
      `new Sequential: the layers must be a list, as in new Sequential([layers.flatten(), …], { inputShape }), not ${shown(list)}`,
    );
  }
  const words = { inputShape: any, seed: anySeed, name: text };
  const {
    inputShape,
    seed = 0,
    name = 'sequential',
  } = checkOptions('new Sequential', options, words);
  naming(`${name}: inputShape`, () => checkShape(inputShape, 1));
  naming(name, () => checkFits(inputShape));
  naming('Sequential', () => {
    list.forEach((one, i) => {
      checkLayer(`element ${i} of the list`, one);
    });
  });
  naming(name, () => {
    const layers = list.flatMap((one) => (one instanceof Model ? one.layers : [one]));
    checkOnce(layers);
    nameLayers(layers, isFresh);
    // All shapes are checked before any layer is applied: after an error the layers can still be used elsewhere.
    list.reduce((shape, one) => shapeAfter(one, shape), inputShape);
  });
  const inputs = input(inputShape);
  const outputs = list.reduce((x, one) => one.apply(x), inputs);
  return { inputs, outputs, seed, name };
}

/** The output's shape. @throws {ShapeError} if the layer or model cannot take this input */
function shapeAfter(one: Layer | Model, shape: Shape): Shape {
  if (one instanceof Layer) return outputShapeOf(one, shape);
  const single = one.inputs.length === 1 && one.outputs.length === 1;
  if (single && sameShape(one.inputShape, shape)) return one.outputShape;
  const takes = one.inputs.map((x) => show(x.shape)).join(' and ');
  throw new ShapeError(
    `the model '${one.name}' takes ${takes} and gives ${one.outputs.length} outputs, but in a row it is given ${show(shape)} and must give one`,
  );
}

/** @throws {ValueError} if the list has a layer twice */
function checkOnce(layers: readonly Layer[]): void {
  if (new Set(layers).size === layers.length) return;
  throw new ValueError(`the same layer is there twice: make one for each place`);
}

/** @throws {ValueError} for anything but a layer, such as a function of `layers` that was not called */
function checkLayer(what: string, layer: Layer | Model): void {
  if (layer instanceof Layer || layer instanceof Model) return;
  const hint = typeof layer === 'function' ? ': call it, as in layers.flatten()' : '';
  throw new ValueError(`${what} is ${shown(layer)}, not a layer${hint}`);
}
