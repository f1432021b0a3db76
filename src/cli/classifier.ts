// Reads the models of `predict`, `evaluate` and `report`, which must make classes of images.

import { type Model, type Shape, ShapeError } from '../core.js';
import { readModel } from './formats.js';
import { quoted, type Terminal } from './terminal.js';

/**
 * Reads a model's file, and says so where pixels are not normalized for it.
 *
 * @param inputShape where the file leaves it open
 * @throws {FormatError} {@link UsageError} as `readModel`
 * @throws {ShapeError} for a model that does not make classes of images
 */
export async function readClassifier(
  path: string,
  inputShape: Shape | undefined,
  terminal: Terminal,
): Promise<Model> {
  const model = await readModel(path, { inputShape });
  checkClassifier(model);
  noteUnprepared(model, path, terminal);
  return model;
}

function checkClassifier({ inputShape, outputShape }: Model): void {
  const is = (what: string, shape: Shape, wanted: string): never => {
    throw new ShapeError(`the model's ${what} is [${shape.join(', ')}], not ${wanted}`);
  };
  if (inputShape.length !== 3) is('input', inputShape, '[height, width, channels]');
  if (outputShape.length !== 1) is('output', outputShape, '[classes]');
}

/** Says that pixels are not normalized, which few models were trained for. */
function noteUnprepared(model: Model, path: string, terminal: Terminal): void {
  if (!model.preprocessing)
    terminal.note(
      `'${path}' does not say how pixels are normalized: they go in as they are, from 0 to 255. If that is wrong:\n  npx wasmgrad convert ${quoted(path)} model.wasmgrad --normalize imagenet`,
    );
}
