// `vis.report`: all that is to be seen of a model, in one HTML file.

import { ValueError } from '../../base/errors.js';
import { namingAsync } from '../../base/namingasync.js';
import {
  abortSignal,
  any,
  callable,
  checkOptions,
  checkValue,
  forwarded,
  required,
  text,
  whole,
} from '../../base/options.js';
import { shown } from '../../base/shown.js';
import { backendInfo, type History, type Model, type Tensor } from '../../core.js';
import { breathe } from '../../training/measure.js';
import { featuresOf } from '../features.js';
import { checkNorms } from '../plot.js';
import { checkModel } from '../samples.js';
import { temporarilyAsync } from '../temporary.js';
import { change } from './change.js';
import { filters } from './filters.js';
import { made as madeForClasses } from './made.js';
import { maps } from './maps.js';
import { confusion, mistakes } from './mistakes.js';
import { keyFigures, layers, training } from './overview.js';
import { type Made, page } from './page.js';
import { patches } from './patches.js';
import { reasons } from './reasons.js';
import type { Section } from './section.js';
import { neighbors, plane } from './space.js';
import { type ReportData, type Study, saidOf, studyOf } from './study.js';

export type { ReportData } from './study.js';

/** Options of `vis.report`. */
export interface ReportOptions {
  /** Above all; the model's name by default. */
  title?: string;
  /** Names of the classes: `model.labels` by default, else their numbers. */
  classes?: readonly string[];
  /** What `fit` returned, for the curves of the training. */
  history?: History;
  /** The `norms` of `callbacks.gradientNorms()`, for how gradients change in the training, layer by layer. */
  gradientNorms?: Readonly<Record<string, readonly number[]>>;
  /** Where concepts are in each image, by name, or of one: [n, height, width], 0 elsewhere. Units are compared with them. */
  masks?: Tensor | Readonly<Record<string, Tensor>>;
  /** How many images neighbours, patches and the plane are made of, at most: 1000 by default. */
  samples?: number;
  /**
   * Called now and then.
   *
   * @param done the share of the work that is done, from 0 to 1, by about how long it takes
   * @param what the section that is being made
   */
  onProgress?: (done: number, what: string) => void;
  /** Aborts between two batches. */
  signal?: AbortSignal;
}

const words = {
  title: text,
  samples: whole(1),
  onProgress: callable,
  signal: abortSignal,
  ...forwarded('classes', 'history', 'gradientNorms', 'masks'),
};

const dataWords = {
  ...required({
    x: (value) => (value === undefined ? 'images, as the model takes them' : undefined),
  }),
  y: any,
};

/** All sections, in their order. */
const sections: readonly Section[] = [
  training,
  confusion,
  mistakes,
  reasons,
  change,
  maps,
  filters,
  patches,
  madeForClasses,
  neighbors,
  plane,
  layers,
];

/**
 * What there is to see of a model, as one HTML file without anything beside it: curves of the training, accuracy and
 * confusion matrix, the worst mistakes, which pixels speak for an answer, what changes of the image change, what layers
 * make of an image, filters, the patches that units answer to and where they are on, images made for the classes,
 * neighbours, all images in the plane, and the layers with their costs. A section that a model or its data do not allow
 * is left out, and the file says why.
 *
 * @param data x: images [n, ...inputShape], as the model takes them; y: their classes [n], or one-hot rows [n, classes]
 * @returns the text of the file
 * @throws {ShapeError} for data that do not fit the model, or each other
 * @throws {ValueError} for classes that the model does not have, and a model of several inputs
 */
export async function report(
  model: Model,
  data: ReportData,
  options: ReportOptions = {},
): Promise<string> {
  return namingAsync('vis.report', async () => {
    checkModel(model);
    const checked = checkOptions('vis.report', options, words);
    const { title = model.name, samples = 1000, onProgress, signal, ...given } = checked;
    const { classes, history, gradientNorms, masks } = given;
    checkGiven(given);
    const how = { classes, history, norms: gradientNorms, masks, samples, signal };
    return temporarilyAsync(async (keep) => {
      const study = studyOf(model, checkOptions('vis.report: data', data, dataWords), how, keep);
      const work = new Work(study, onProgress);
      await work.predict();
      const made: Made[] = [];
      for (const section of sections) made.push(await work.make(section));
      onProgress?.(1, 'done');
      const { count, right } = study;
      const of = right ? 'with their classes' : 'without classes';
      return page(
        title,
        `${model.name}, seen with ${count.toLocaleString('en')} images ${of}`,
        keyFigures(study),
        made,
        `Made by wasmgrad ${backendInfo().version}`,
      );
    });
  });
}

/** @throws {ValueError} */
function checkGiven({ classes, history, gradientNorms }: ReportOptions): void {
  if (classes !== undefined) {
    const fits = Array.isArray(classes) && classes.every((name) => typeof name === 'string');
    checkValue('classes', classes, () => (fits ? undefined : 'a list of names'));
  }
  const { epoch, history: logs } = (history ?? { epoch: [], history: {} }) as History;
  if (!Array.isArray(epoch) || typeof logs !== 'object' || logs === null)
    throw new ValueError(`history must be what fit returns, not ${shown(history)}`);
  checkNorms(gradientNorms ?? {});
}

/** The sections, one after the other, and how far all of them are. */
class Work {
  readonly #study: Study;
  readonly #onProgress: ((done: number, what: string) => void) | undefined;
  readonly #all: number;
  #done = 0;

  constructor(study: Study, onProgress: ((done: number, what: string) => void) | undefined) {
    this.#study = study;
    this.#onProgress = onProgress;
    const costs = sections.map((section) => (section.lacks(study) ? 0 : section.cost(study)));
    this.#all = costs.reduce((a, b) => a + b, study.count * study.seconds);
  }

  /** What the model says of all images: the sections need it. */
  async predict(): Promise<void> {
    const { model, x, batchSize, signal, classes, count, seconds } = this.#study;
    const cost = count * seconds;
    if (classes.length > 0) {
      const onProgress = this.#within('predictions', cost);
      onProgress(0);
      await breathe();
      this.#study.said = await temporarilyAsync(async (keep) => {
        const outputs = await featuresOf(model, x, model.outputs[0], {
          ...{ batchSize, signal, onProgress },
        });
        return saidOf(this.#study, keep(outputs));
      });
    }
    this.#done += cost;
  }

  async make(section: Section): Promise<Made> {
    const study = this.#study;
    const { title } = section;
    const why = section.lacks(study);
    if (why !== undefined) return { title, why, body: undefined };
    study.signal?.throwIfAborted();
    const cost = section.cost(study);
    const onProgress = this.#within(title, cost);
    onProgress(0);
    await breathe();
    const body = await temporarilyAsync((keep) => section.make({ ...study, keep }, onProgress));
    this.#done += cost;
    return { title, body, why };
  }

  #within(what: string, cost: number) {
    return (share: number): void =>
      this.#onProgress?.(Math.min(1, (this.#done + share * cost) / this.#all), what);
  }
}
