// `readTfjs`: loads the code that reads models of TF.js, read.ts, when it is first called.

import { Later } from '../../base/later.js';
import type { Model } from '../../core.js';
import type { ReadTfjsOptions } from './read.js';
import type { TfjsSource } from './source.js';

export type { ReadTfjsOptions } from './read.js';

export const tfjsReader = new Later(() => import('./read.js'));

/**
 * Reads a model of TF.js into one that infers and trains: layers models, Sequential and functional, with Keras's names,
 * and graph models, which the converter makes. Quantized weights become float32. A layers model is compiled where the
 * file says how it was trained, and all of that is known here. Graph models learn in their weights too.
 *
 * @param source the path or URL of model.json, whose shards lie beside it; bytes by the files' names, as `writeTfjs`
 *   gives them; or TF.js's own `ModelArtifacts`
 * @throws {FormatError} for anything but a sound file, and for layers and operators that there are not: all are named
 * @throws {ValueError} for options that do not fit the file
 * @throws {EngineError} for files that cannot be read, and if the code that reads them cannot be loaded
 */
export async function readTfjs(source: TfjsSource, options: ReadTfjsOptions = {}): Promise<Model> {
  const reader = await tfjsReader.get('readTfjs');
  return reader.readTfjs(source, options);
}
