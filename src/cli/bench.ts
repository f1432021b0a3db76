// `wasmgrad bench`: images per second of networks, predicting and training.

import { backendInfo, type Model, memory } from '../core.js';
import { command, flag, positive, whole } from './command.js';
import { engineOptions, startEngine } from './engine.js';
import { inputOptions } from './formats.js';
import { openModel } from './networks.js';
import { randomBatch } from './randombatch.js';

const benchOptions = {
  batchSize: whole('images in a batch: 32 by default'),
  seconds: positive('how long each is measured: 1 by default'),
  json: flag('JSON'),
};
const options = { ...inputOptions, ...benchOptions, ...engineOptions };

/** What is measured where no model is named: small, medium, and as large as fits into a few seconds. */
const DEFAULTS = ['lenet5', 'resnet20', 'mobilenetV2'];

/** Images per second: the median over runs, after one that is not counted. */
function rate(images: number, seconds: number, work: () => void): number {
  work();
  const times: number[] = [];
  const started = performance.now();
  do {
    const began = performance.now();
    work();
    times.push(performance.now() - began);
  } while (performance.now() - started < 1000 * seconds);
  const median = times.sort((a, b) => a - b)[times.length >> 1];
  return (1000 * images) / median;
}

function measure(model: Model, batchSize: number, seconds: number) {
  const { x, y } = randomBatch(model, batchSize);
  const predicting = rate(batchSize, seconds, () => {
    for (const result of [model.predict(x, { batchSize })].flat()) result.dispose();
  });
  if (model.outputShape.length !== 1 || model.outputShape[0] < 2)
    return { predicting, training: null };
  model.compile({ optimizer: 'sgd', loss: 'softmaxCrossEntropy' });
  const training = rate(batchSize, seconds, () => {
    model.trainOnBatch(x, y);
  });
  return { predicting, training };
}

const rounded = (value: number): string =>
  value.toLocaleString('en', { maximumSignificantDigits: 3 }).padStart(7);

function shown({ predicting, training }: ReturnType<typeof measure>): string {
  const trains = training === null ? '' : `   training ${rounded(training)}`;
  return `predicting ${rounded(predicting)}${trains}`;
}

export const bench = command({
  usage: 'bench [MODEL…]',
  about: `Measures how many images a second networks predict and train on this machine: of files, or of the zoo; without
names ${DEFAULTS.join(', ')}. The images are noise, which takes as long as others. Other programs that run at the same
time make it slower.`,
  options,
  sections: { Options: benchOptions, Model: inputOptions, Engine: engineOptions },
  words: { least: 0, most: Number.POSITIVE_INFINITY },
  examples: [
    ['bench', 'three networks of the zoo'],
    ['bench model.wasmgrad --batch-size 1', 'a model file, image by image'],
    ['bench resnet18 --threads 1 --json', 'for other programs'],
  ],
  async run(names, { batchSize = 32, seconds = 1, json, inputShape, ...engine }, terminal) {
    await startEngine(engine);
    const { simd, threads, tile, revectorized } = backendInfo();
    const all = names.length > 0 ? names : DEFAULTS;
    const width = Math.max(...all.map((name) => name.length));
    const rows: unknown[] = [];
    for (const name of all) {
      terminal.status(`measuring ${name}`);
      const model = await openModel(name, inputShape);
      const rates = measure(model, batchSize, seconds);
      rows.push({ model: name, ...rates, bytes: memory().bytes });
      model.dispose();
      if (json) continue;
      if (rows.length === 1)
        terminal.print(
          `images per second in batches of ${batchSize}; ${simd} SIMD, ${tile} tile, ${threads} threads`,
        );
      terminal.print(`${name.padEnd(width)}   ${shown(rates)}`);
    }
    if (json)
      terminal.print(
        JSON.stringify({ simd, threads, tile, revectorized, batchSize, rows }, null, 2),
      );
    return 0;
  },
});
