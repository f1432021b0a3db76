// Trains LeNet-5 on MNIST and saves it: `npm start`.

import { writeFileSync } from 'node:fs';
import { backendInfo, callbacks, memory, metrics, optimizers, schedules, zoo } from 'wasmgrad';
import { loadDigits, modelFile } from './digits.mjs';
import { readArguments, start, untilInterrupted } from './run.mjs';

const { epochs, seed, simd } = readArguments(
  `Trains LeNet-5 on MNIST, measures it on the test digits and saves it.
Ctrl-C ends the training early and goes on with what was learned.

  npm start -- [--epochs 6] [--seed 1] [--simd auto|strict|relaxed]

  --epochs  times through the 60 000 training digits
  --seed    what weights and order come from: the same seed gives the same result
  --simd    'strict' gives the same bits on every machine, 'auto' is faster where it can be`,
  { epochs: 6, seed: 1, simd: 'auto' },
);
const batchSize = 64;

await start(simd);
const train = loadDigits('train');
const test = loadDigits('t10k');
const steps = epochs * Math.ceil(train.y.length / batchSize);

const model = zoo.lenet5({ seed });
model.summary();
const engine = backendInfo();
console.log(`\n${engine.simd} SIMD, ${engine.tile} tile; ${train.y.length} training digits\n`);
model.compile({
  optimizer: optimizers.sgd({
    learningRate: schedules.warmup({
      steps: 200,
      to: schedules.cosine({ initial: 0.03, steps: steps - 200 }),
    }),
    momentum: 0.9,
    weightDecay: 5e-4,
  }),
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
});
await untilInterrupted((signal) =>
  model.fit(train.x, train.y, { epochs, batchSize, callbacks: callbacks.progress(), signal }),
);

const confusion = metrics.confusionMatrix(test.y, model.predict(test.x, { batchSize }));
console.log(`\n${confusion}`);
console.log(`\ntest accuracy ${(100 * confusion.accuracy).toFixed(2)} %`);

writeFileSync(modelFile, model.toBytes());
console.log(`${(memory().bytes / 2 ** 20).toFixed(1)} MiB of memory; saved to ${modelFile}`);
console.log('Next: npm run classify');
