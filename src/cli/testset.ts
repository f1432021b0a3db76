// Labelled images that a model is measured on: the part for tests where a data set has one, in the model's classes.

import type { Model } from '../core.js';
import type { LabelledImages } from '../data/index.js';
import { type Files, findParts, readLabels, readPart } from './datasets.js';
import { classMap } from './scores.js';
import type { Terminal } from './terminal.js';

/** Where the images are, and what their classes are called where the files do not say. */
interface TestFiles {
  readonly files: Files;
  readonly labels: readonly string[] | undefined;
}

/** Finds the images, before anything is loaded. @throws {ValueError} for a path that does not exist */
export async function testFiles(
  paths: readonly string[],
  labels: string | undefined,
): Promise<TestFiles> {
  const { test, validation, train } = await findParts(paths);
  const files = (test ?? validation ?? train) as Files;
  return { files, labels: labels === undefined ? undefined : await readLabels(labels) };
}

/**
 * Reads the images, in the numbers and names of the model's classes.
 *
 * @throws {FormatError} {@link ValueError} for files that are damaged, and classes that the model does not know
 */
export async function readTest(
  { files, labels }: TestFiles,
  model: Model,
  terminal: Terminal,
): Promise<LabelledImages> {
  const [height, width, channels] = model.inputShape;
  const set = await readPart(files, { size: [height, width], channels, labels }, terminal);
  const map = classMap(model, set.classes);
  const count = Math.max(2, model.outputShape[0]);
  const names = model.labels ?? Array.from({ length: count }, (_, k) => set.classes[k] ?? `${k}`);
  return { ...set, labels: set.labels.map((label) => map[label]), classes: names };
}
