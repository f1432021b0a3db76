// How the network is trained: the numbers of the form.

import { byId, type Field, put } from './dom.js';
import type { TrainingOptions } from './messages.js';

export const form = byId('setup', HTMLFormElement);

/** The form's numbers, as the training takes them. */
export function trainingOptions(): TrainingOptions {
  const number = (id: string): number => byId(id, HTMLInputElement).valueAsNumber;
  return {
    epochs: number('epochs'),
    batchSize: number('batch-size'),
    learningRate: number('learning-rate'),
    optimizer: byId('optimizer', HTMLSelectElement).value as TrainingOptions['optimizer'],
  };
}

const ids: Readonly<Record<string, string>> = {
  epochs: 'epochs',
  batchSize: 'batch-size',
  learningRate: 'learning-rate',
  optimizer: 'optimizer',
};

/** Fills in numbers. @returns whether the form can hold them; what it cannot hold is left as it is */
export const setTrainingOption = (name: string, value: string): boolean =>
  put(document.getElementById(ids[name]) as Field, value);
