// Trains a small residual network on all of Fashion-MNIST and saves it: `npm run fashion`.
//
// Seed 1, eight epochs: 93.64 % of the test images right with `--simd strict`.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  backendInfo,
  callbacks,
  data,
  memory,
  metrics,
  optimizers,
  ResNet,
  schedules,
} from 'wasmgrad';
import { classes, loadFashion } from './fashion.mjs';
import { readArguments, start, untilInterrupted } from './run.mjs';

const { epochs, seed, simd, quick } = readArguments(
  `Trains ResNet-8 on Fashion-MNIST, says which classes it takes for which, and saves it.
Ctrl-C ends the training early and goes on with what was learned.

  npm run fashion -- [--epochs 8] [--seed 1] [--simd auto|strict|relaxed] [--quick]

  --epochs  times through the 60 000 training images
  --seed    what weights, order and augmentation come from: the same seed gives the same result
  --simd    'strict' gives the same bits on every machine, 'auto' is faster where it can be
  --quick   a thousand images, once, to see that it runs`,
  { epochs: 8, seed: 1, simd: 'auto', quick: false },
);
const batchSize = 128;

await start(simd);
console.log('reading Fashion-MNIST …');
const { train, test } = loadFashion();
const x = quick ? train.x.subarray(0, 1000 * 28 * 28) : train.x;
const y = train.y.subarray(0, x.length / (28 * 28));

// Three stages of one residual block each, 16, 32 and 64 channels wide: the ResNet of the CIFAR
// experiments (He et al., arXiv 1512.03385) at its smallest.
const model = new ResNet({ depth: 8, inputShape: [28, 28, 1], seed });
model.summary({ batchSize });

// One cycle (Smith & Topin, arXiv 1708.07120): the rate rises to a height that could not be held, then
// falls to nothing, which a few epochs gain most from.
const rounds = quick ? 1 : epochs;
model.compile({
  optimizer: optimizers.sgd({
    learningRate: schedules.oneCycle({
      maximum: 0.15,
      steps: rounds * Math.ceil(y.length / batchSize),
    }),
    momentum: 0.9,
    nesterov: true,
    weightDecay: 5e-4,
  }),
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
});

const { simd: instructions, tile } = backendInfo();
console.log(`\n${instructions} SIMD, ${tile} tile; ${y.length} images\n`);
await untilInterrupted((signal) =>
  model.fit(x, y, {
    epochs: rounds,
    batchSize,
    // Clothes are as likely to lie the other way round: every epoch mirrors another half of them.
    augmentation: data.augment({ flip: 'horizontal', seed }),
    callbacks: callbacks.progress(),
    signal,
  }),
);

const scores = model.predict(test.x, { batchSize });
const confusion = metrics.confusionMatrix(test.y, scores, { classes });
console.log(`\n${confusion}`);
console.log(`\ntest accuracy ${(100 * confusion.accuracy).toFixed(2)} %`);

const modelFile = fileURLToPath(
  new URL(`../fashion-${quick ? 'quick' : 'resnet'}.safetensors`, import.meta.url),
);
writeFileSync(modelFile, model.toBytes());
console.log(`${(memory().bytes / 2 ** 20).toFixed(0)} MiB of memory; saved to ${modelFile}`);
