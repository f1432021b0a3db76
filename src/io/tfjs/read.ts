// `readTfjs`: models of TF.js, of both kinds.

import { FormatError } from '../../base/errors.js';
import { namingAsync } from '../../base/namingasync.js';
import { any, checkOptions } from '../../base/options.js';
import { shown } from '../../base/shown.js';
import type { Model } from '../../core.js';
import { loadArrays } from '../importing/arrays.js';
import type { InputShape } from '../importing/inputshape.js';
import { readGraph } from './graph/read.js';
import { isObject } from './json.js';
import { readLayers } from './keras/read.js';
import { fileOf, type TfjsSource } from './source.js';

/** Options of `readTfjs`. */
export interface ReadTfjsOptions {
  /**
   * One sample's shape, where the file leaves sides open; a record by the inputs' names for several. Without it, open
   * sides of images are 224 at first, and `predict` takes tensors with others.
   */
  inputShape?: Exclude<InputShape, undefined>;
}

/** See load.ts. */
export function readTfjs(source: TfjsSource, options: ReadTfjsOptions = {}): Promise<Model> {
  return namingAsync('readTfjs', async () => {
    const { inputShape } = checkOptions('readTfjs', options, { inputShape: any });
    const file = await fileOf(source);
    const { modelTopology } = file.json;
    if (!isObject(modelTopology))
      throw new FormatError(
        `modelTopology must be an object, not ${shown(modelTopology)}: is this a model.json of TF.js?`,
      );
    await loadArrays('readTfjs');
    return 'node' in modelTopology ? readGraph(file, inputShape) : readLayers(file, inputShape);
  });
}
