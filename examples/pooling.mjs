// What pooling does to shifts: max, average and blur pooling side by side, as curves: `npm run pooling`.

import { writeFileSync } from 'node:fs';
import { callbacks, layers, optimizers, Sequential, vis } from 'wasmgrad';
import { loadDigits } from './digits.mjs';
import { readArguments, start, untilInterrupted } from './run.mjs';

const { epochs, seed, simd, quick } = readArguments(
  `Trains one network with three kinds of pooling on 6000 digits, then shifts, turns, enlarges and darkens test
digits: how many keep their class, and how well each layer's maps move with the digit. Writes pooling.svg.

  npm run pooling -- [--epochs 4] [--seed 1] [--simd auto|strict|relaxed] [--quick]

  --epochs  times through the digits, for each network
  --seed    what weights and order come from: the same seed gives the same result
  --simd    'strict' gives the same bits on every machine, 'auto' is faster where it can be
  --quick   a few digits, to see that it runs`,
  { epochs: 4, seed: 1, simd: 'auto', quick: false },
);
const PIXELS = 28 * 28;

/** What halves the sides of maps. A maximum that is blurred before it is subsampled shifts with its input. */
const poolings = {
  max: () => [layers.maxPool2d()],
  average: () => [layers.avgPool2d()],
  blur: () => [layers.maxPool2d({ poolSize: 2, strides: 1, padding: 'same' }), layers.blurPool2d()],
};

function network(pooling) {
  const block = (filters) => [
    layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu' }),
    ...pooling(),
  ];
  return new Sequential(
    [...block(8), ...block(16), ...block(32), layers.flatten(), layers.dense({ units: 10 })],
    { inputShape: [28, 28, 1], seed },
  );
}

await start(simd);
const { x, y } = loadDigits('train');
const test = loadDigits('t10k');
const count = quick ? 200 : 6000;
const digits = test.x.subarray(0, (quick ? 10 : 300) * PIXELS);

const studies = {};
await untilInterrupted(async (signal) => {
  for (const [name, pooling] of Object.entries(poolings)) {
    console.log(`${name} pooling`);
    const model = network(pooling);
    model.compile({
      optimizer: optimizers.adam({ learningRate: 0.002 }),
      loss: 'softmaxCrossEntropy',
      metrics: ['accuracy'],
    });
    await model.fit(x.subarray(0, count * PIXELS), y.subarray(0, count), {
      ...{ epochs: quick ? 1 : epochs, batchSize: 64, signal, callbacks: callbacks.progress() },
    });
    studies[name] = await vis.invariance(model, digits, { signal });
    model.dispose();
  }
});

const percent = (share) => `${(100 * share).toFixed(1).padStart(6)} %`;
console.log('\nshare of digits that keep their class, shifted by so many pixels\n');
const [first] = Object.values(studies);
if (first) {
  console.log(' '.repeat(9) + first.shift.by.map((by) => String(by).padStart(8)).join(''));
  for (const [name, { shift }] of Object.entries(studies))
    console.log(name.padEnd(9) + shift.same.map(percent).join(''));
  writeFileSync('pooling.svg', vis.plot(studies, { title: 'What pooling does to shifts' }));
  console.log('\npooling.svg has the curves of all changes, and the error of each layer');
}
