// `wasmgrad summary`: the table of a model's layers, and what else its file has.

import type { Model } from '../core.js';
import { command, flag, whole } from './command.js';
import { engineOptions, startEngine } from './engine.js';
import { listed } from './faults.js';
import { inputOptions } from './formats.js';
import { openModel } from './networks.js';

const summaryOptions = {
  batchSize: whole('the batch that the memory is worked out for: 32 by default'),
  json: flag('JSON: a row for each layer, labels, preprocessing, epochs trained'),
};
const options = { ...inputOptions, ...summaryOptions, ...engineOptions };

/** What a model's file has beside its layers. */
function aboutOf({ labels, preprocessing, epoch, step }: Model): string[] {
  // What others trained before is not known.
  const trained = step > 0 ? `${epoch} epochs, ${step} steps` : 'no steps recorded';
  return [
    ...(labels ? [`labels: ${listed(labels)}`] : []),
    ...(preprocessing ? [`preprocessing: ${JSON.stringify(preprocessing)}`] : []),
    `trained: ${trained}`,
  ];
}

export const summary = command({
  usage: 'summary MODEL',
  about: `Shows the layers of a model file or of a network of the zoo: output shapes, parameters, multiply-adds for one
image, how many pixels of the image a number sees, and the memory that training and prediction need.`,
  options,
  sections: { Options: summaryOptions, Model: inputOptions, Engine: engineOptions },
  words: { least: 1 },
  examples: [
    ['summary model.wasmgrad', 'a model file'],
    ['summary resnet18', 'a network of the zoo, before it is trained'],
    ['summary resnet18 --batch-size 8', 'the memory for smaller batches'],
  ],
  async run([name], { batchSize, json, inputShape, ...engine }, terminal) {
    await startEngine(engine, 1);
    const model = await openModel(name, inputShape);
    const rows = model.summary({ batchSize, print: json ? null : (text) => terminal.print(text) });
    const { labels, preprocessing, epoch, step, outputShape } = model;
    if (json) {
      const about = {
        name: model.name,
        inputShape: model.inputShape,
        outputShape,
        labels,
        preprocessing,
        epoch,
        step,
      };
      terminal.print(JSON.stringify({ ...about, layers: rows }, null, 2));
    } else for (const line of aboutOf(model)) terminal.print(line);
    return 0;
  },
});
