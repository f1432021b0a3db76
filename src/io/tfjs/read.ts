// `readTfjs`: models of TF.js, of both kinds.

import { FormatError } from '../../base/errors.js';
import { namingAsync } from '../../base/namingasync.js';
import { any, checkOptions } from '../../base/options.js';
import { shown } from '../../base/shown.js';
import type { Model } from '../../core.js';
import { useArrays } from '../../operators/arrays/index.js';
import { readGraph } from './graph/read.js';
import { isObject } from './json.js';
import { readLayers } from './keras/read.js';
import type { InputShape } from './shapes.js';
import { fileOf, type TfjsSource } from './source.js';

/** Options of `readTfjs`. */
export interface ReadTfjsOptions {
  /**
   * One sample's shape, where the file leaves sides open; a record by the inputs' names for several. Without it, open
   * sides of images are 224 at first, and `predict` takes tensors with others.
   */
  inputShape?: Exclude<InputShape, undefined>;
}

/**
 * Reads a model of TF.js into one that infers and trains: layers models, Sequential and functional, with Keras's names,
 * and graph models, which the converter makes. Quantized weights become float32. A layers model is compiled where the
 * file says how it was trained, and all of that is known here. Graph models learn in their weights too.
 *
 * @param source the path or URL of model.json, whose shards lie beside it; bytes by the files' names, as `writeTfjs`
 *   gives them; or TF.js's own `ModelArtifacts`
 * @throws {FormatError} for anything but a sound file, and for layers and operators that there are not: all are named
 * @throws {ValueError} for options that do not fit the file
 * @throws {EngineError} for files that cannot be read
 */
export function readTfjs(source: TfjsSource, options: ReadTfjsOptions = {}): Promise<Model> {
  return namingAsync('readTfjs', async () => {
    const { inputShape } = checkOptions('readTfjs', options, { inputShape: any });
    const file = await fileOf(source);
    const { modelTopology } = file.json;
    if (!isObject(modelTopology))
      throw new FormatError(
        `modelTopology must be an object, not ${shown(modelTopology)}: is this a model.json of TF.js?`,
      );
    await useArrays();
    return 'node' in modelTopology ? readGraph(file, inputShape) : readLayers(file, inputShape);
  });
}
