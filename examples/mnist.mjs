// Trains LeNet-5 on MNIST and saves it: `npm start`.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { backendInfo, callbacks, init, memory, optimizers, schedules, zoo } from 'wasmgrad';
import { loadDigits, modelFile } from './digits.mjs';

const help = `Trains LeNet-5 on MNIST, measures it on the test digits and saves it.

  npm start -- [--epochs 6] [--seed 1] [--simd auto|strict|relaxed]

  --epochs  times through the 60 000 training digits
  --seed    what weights and order come from: the same seed gives the same result
  --simd    'strict' gives the same bits on every machine, 'auto' is faster where it can be`;

const values = readArguments();
if (values.help) {
  console.log(help);
  process.exit(0);
}

const epochs = Number(values.epochs);
const seed = Number(values.seed);
const batchSize = 64;

await init({ simd: values.simd });
const { simd, tile } = backendInfo();
const train = loadDigits('train');
const test = loadDigits('t10k');
const steps = epochs * Math.ceil(train.y.length / batchSize);

const model = zoo.lenet5({ seed });
model.summary();
console.log(
  `\n${simd} SIMD, ${tile} tile; ${train.y.length} training and ${test.y.length} test digits\n`,
);
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
await model.fit(train.x, train.y, { epochs, batchSize, callbacks: callbacks.progress() });

const { accuracy } = await model.evaluate(test.x, test.y, { batchSize });
console.log(`\ntest accuracy ${(100 * accuracy).toFixed(2)} %\n`);
console.log(confusionMatrix(model.predict(test.x, { batchSize }), test.y));

writeFileSync(modelFile, model.toBytes());
console.log(`\n${(memory().bytes / 2 ** 20).toFixed(1)} MiB of memory; saved to ${modelFile}`);
console.log('Next: npm run classify');

/** Rows are what a digit is, columns what the network said. */
function confusionMatrix(scores, labels) {
  const counts = Array.from({ length: 10 }, () => new Array(10).fill(0));
  labels.forEach((label, i) => {
    const row = scores.data.subarray(10 * i, 10 * i + 10);
    counts[label][row.indexOf(Math.max(...row))]++;
  });
  const cell = (value) => String(value || '·').padStart(5);
  const header = `is \\ said${counts.map((_, digit) => String(digit).padStart(5)).join('')}`;
  return [
    header,
    ...counts.map((row, digit) => `${String(digit).padStart(9)}${row.map(cell).join('')}`),
  ].join('\n');
}

/** The options of the command line; says what is wrong with them. */
function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        epochs: { type: 'string', default: '6' },
        seed: { type: 'string', default: '1' },
        simd: { type: 'string', default: 'auto' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!/^[1-9]\d*$/.test(values.epochs))
      throw new Error(`--epochs must be a number from 1 on, not ${values.epochs}`);
    if (!/^\d+$/.test(values.seed))
      throw new Error(`--seed must be a whole number, not ${values.seed}`);
    if (!['auto', 'strict', 'relaxed'].includes(values.simd))
      throw new Error(`--simd must be auto, strict or relaxed, not ${values.simd}`);
    return values;
  } catch (error) {
    console.error(`${error.message}\n\n${help}`);
    process.exit(1);
  }
}
