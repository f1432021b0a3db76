// What a section of a report is.

import type { Html } from './html.js';
import type { Study } from './study.js';

/** A section. */
export interface Section {
  readonly title: string;
  /** About how long it takes, in seconds. */
  cost(study: Study): number;
  /** Why there is no such section of this model and these data; undefined where there is one. */
  lacks(study: Study): string | undefined;
  /** @param onProgress is told the share of its work that is done */
  make(study: Study, onProgress: (done: number) => void): Promise<Html>;
}

/** Why nothing that is drawn of images is there. */
export const withoutImages = ({ model, light }: Study): string | undefined =>
  light ? undefined : `the model takes [${model.inputShape.join(', ')}], not images`;

/** Why nothing of classes is there. */
export const withoutClasses = ({ model, classes }: Study): string | undefined =>
  classes.length > 0
    ? undefined
    : `the output [${model.outputShape.join(', ')}] is no score for each class`;

/** Why nothing is compared with the right classes. */
export const withoutLabels = (study: Study): string | undefined =>
  withoutClasses(study) ?? (study.right ? undefined : 'the data have no classes');
