// What a network has learned of some classes helps it with others: `npm run transfer`.

import { callbacks, layers, Model, optimizers, zoo } from 'wasmgrad';
import { loadDigits } from './digits.mjs';
import { readArguments, start, untilInterrupted } from './run.mjs';

const { epochs, seed, simd, quick } = readArguments(
  `Trains LeNet-5 on the digits 0 to 4, freezes its convolutions, and has a new layer above them learn 5 to
9 from a few examples of each; the same network learns them from nothing, for comparison.

  npm run transfer -- [--epochs 3] [--seed 1] [--simd auto|strict|relaxed] [--quick]

  --epochs  times through the 30 596 digits from 0 to 4
  --seed    what weights and order come from: the same seed gives the same result
  --simd    'strict' gives the same bits on every machine, 'auto' is faster where it can be
  --quick   fewer digits, to see that it runs`,
  { epochs: 3, seed: 1, simd: 'auto', quick: false },
);
const PIXELS = 28 * 28;

/** The digits from `lowest` to `lowest` + 4, as classes 0 to 4: of each class numbers `from` … `to`−1. */
function choose({ x, y }, lowest, from = 0, to = Number.POSITIVE_INFINITY) {
  const seen = new Array(5).fill(0);
  const chosen = [...y.keys()].filter((i) => {
    const label = y[i] - lowest;
    if (label < 0 || label > 4) return false;
    const number = seen[label]++;
    return number >= from && number < to;
  });
  const images = new Float32Array(chosen.length * PIXELS);
  chosen.forEach((i, at) => {
    images.set(x.subarray(i * PIXELS, (i + 1) * PIXELS), at * PIXELS);
  });
  return { x: images, y: Int32Array.from(chosen, (i) => y[i] - lowest) };
}

/** Trains; says what share of the test it then gets right, and how many seconds it learned. */
async function learn(model, train, test, options) {
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.002 }),
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
  });
  const began = performance.now();
  await untilInterrupted((signal) => model.fit(train.x, train.y, { ...options, signal }));
  const seconds = (performance.now() - began) / 1000;
  const { accuracy } = await model.evaluate(test.x, test.y, { batchSize: 64 });
  return { accuracy, seconds };
}

const percent = (share) => `${(100 * share).toFixed(1).padStart(5)} %`;

await start(simd);
const train = loadDigits('train');
const test = loadDigits('t10k');

console.log('Learning 0 to 4 from many digits');
const base = zoo.lenet5({ classes: 5, seed });
const many = choose(train, 0, 0, quick ? 100 : undefined);
const first = await learn(base, many, choose(test, 0), {
  epochs: quick ? 1 : epochs,
  batchSize: 64,
  callbacks: callbacks.progress(),
});
console.log(`${percent(first.accuracy)} of the test digits right\n`);

// The convolutions have found out what strokes are. Frozen, nothing is done for them on the way back.
for (const layer of base.layers) layer.trainable = false;
const { inputs } = base;
const features = base.getLayer('flatten').output;

/** A new last layer above what was learned. */
const transferred = (name) =>
  new Model({ inputs, outputs: layers.dense({ name, units: 5 }).apply(features), seed });

const draws = quick ? 1 : 5;
const others = choose(test, 5);
console.log(`Learning 5 to 9 from few digits: what share of the test is right after 200 steps, in how
many seconds; means of ${draws}, each with other digits
`);
console.log('of each class   new layer above what was learned   the same network from nothing');
for (const each of quick ? [5] : [5, 20, 100]) {
  const sums = [0, 1].map(() => ({ accuracy: 0, seconds: 0 }));
  for (let draw = 0; draw < draws; draw++) {
    const few = choose(train, 5, each * draw, each * (draw + 1));
    const models = [transferred(`head ${each} ${draw}`), zoo.lenet5({ classes: 5, seed })];
    for (const [i, model] of models.entries()) {
      const learned = await learn(model, few, others, { epochs: 1000 / each, batchSize: 25 });
      sums[i].accuracy += learned.accuracy;
      sums[i].seconds += learned.seconds;
      model.dispose();
    }
  }
  const cells = sums.map(({ accuracy, seconds }) =>
    `${percent(accuracy / draws)}  ${(seconds / draws).toFixed(2)} s`.padStart(32),
  );
  console.log(`${String(each).padStart(13)}   ${cells.join('   ')}`);
}
