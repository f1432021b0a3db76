// `wasmgrad profile`: where the time of a prediction or a training step goes.

import { command, flag, UsageError, whole } from './command.js';
import { engineOptions, startEngine } from './engine.js';
import { inputOptions } from './formats.js';
import { openModel } from './networks.js';
import { randomBatch } from './randombatch.js';

const profileOptions = {
  batchSize: whole('images in the batch: 1 by default, 32 for a training step'),
  train: flag('a training step instead of a prediction'),
  json: flag('JSON: a row for each op'),
};
const options = { ...inputOptions, ...profileOptions, ...engineOptions };

export const profile = command({
  usage: 'profile MODEL',
  about: `Times each op of a prediction, or of a training step, and compares its speed with what the machine can do. MODEL
is a file, or a network of the zoo. Takes a second or more.`,
  options,
  sections: { Options: profileOptions, Model: inputOptions, Engine: engineOptions },
  words: { least: 1 },
  examples: [
    ['profile model.wasmgrad', 'a prediction of one image'],
    ['profile resnet20 --train --batch-size 32', 'a training step'],
    ['profile resnet18 --threads 1', 'on one thread'],
  ],
  async run([name], { train, batchSize = train ? 32 : 1, json, inputShape, ...engine }, terminal) {
    await startEngine(engine);
    const model = await openModel(name, inputShape);
    if (train && model.outputShape.length !== 1)
      throw new UsageError(`--train needs a model whose output is a number for each class`);
    const { x, y } = randomBatch(model, batchSize);
    if (train) model.compile({ optimizer: 'sgd', loss: 'softmaxCrossEntropy' });
    const print = json ? null : (text: string) => terminal.print(text);
    const profiled = model.profile(x, train ? { y, print } : { print });
    if (json) terminal.print(JSON.stringify(profiled, null, 2));
    return 0;
  },
});
