// The commands by name: a line about each, and where it is. Each is loaded when it is run.

import type { Command } from './command.js';

/** A command that is loaded when it is needed. */
export interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** All commands, in the order of the help. */
export const commands: Readonly<Record<string, Entry>> = {
  train: {
    summary: 'train a network on a folder of photos, IDX or CIFAR files',
    load: async () => (await import('./train.js')).train,
  },
  predict: {
    summary: 'what is on these images? Labels and probabilities',
    load: async () => (await import('./predict.js')).predict,
  },
  evaluate: {
    summary: 'accuracy and confusion matrix of a model on labelled images',
    load: async () => (await import('./evaluate.js')).evaluate,
  },
  report: {
    summary: 'all that is to be seen of a model and its mistakes, as one HTML file',
    load: async () => (await import('./report.js')).report,
  },
  summary: {
    summary: 'layers, sizes, costs and memory of a model or a network of the zoo',
    load: async () => (await import('./summary.js')).summary,
  },
  convert: {
    summary: 'change the format of a model file, by its ending',
    load: async () => (await import('./convert.js')).convert,
  },
  profile: {
    summary: 'where the time goes, layer by layer',
    load: async () => (await import('./profile.js')).profile,
  },
  bench: {
    summary: 'images per second of networks, predicting and training',
    load: async () => (await import('./bench.js')).bench,
  },
  info: {
    summary: 'what runs here: kernels, threads, measured peak, versions',
    load: async () => (await import('./info.js')).info,
  },
};
