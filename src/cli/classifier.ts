// What `predict` and `evaluate` ask of a model.

import { type Model, type Shape, ShapeError } from '../core.js';
import { quoted, type Terminal } from './terminal.js';

/** @throws {ShapeError} for a model that does not make classes of images */
export function checkClassifier({ inputShape, outputShape }: Model): void {
  const is = (what: string, shape: Shape, wanted: string): never => {
    throw new ShapeError(`the model's ${what} is [${shape.join(', ')}], not ${wanted}`);
  };
  if (inputShape.length !== 3) is('input', inputShape, '[height, width, channels]');
  if (outputShape.length !== 1) is('output', outputShape, '[classes]');
}

/** Says that pixels are not normalized, which few models were trained for. */
export function noteUnprepared(model: Model, path: string, terminal: Terminal): void {
  if (!model.preprocessing)
    terminal.note(
      `'${path}' does not say how pixels are normalized: they go in as they are, from 0 to 255. If that is wrong:\n  npx wasmgrad convert ${quoted(path)} model.wasmgrad --normalize imagenet`,
    );
}
