// Why deep networks have shortcuts and batch normalisation: the same network with and without, on some
// digits of MNIST: `npm run depths`.

import { writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { layers, optimizers, Sequential, schedules, vis } from 'wasmgrad';
import { bars, chart } from './chart.mjs';
import { loadDigits } from './digits.mjs';
import { readArguments, start, untilInterrupted } from './run.mjs';

const { steps, seed, simd, quick } = readArguments(
  `Trains four networks of 32 layers for a while, all from the same digits: plain or residual, with or without
batch normalisation. Draws how their losses fall, and how large the gradients of each layer are; depths.svg
has the gradients of all steps.
Ctrl-C ends it early and draws what there is.

  npm run depths -- [--steps 160] [--seed 1] [--simd auto|strict|relaxed] [--quick]

  --steps   optimizer steps of 64 digits each, for each network
  --seed    what weights come from: the same seed gives the same result
  --simd    'strict' gives the same bits on every machine, 'auto' is faster where it can be
  --quick   four steps, to see that it runs`,
  { steps: 160, seed: 1, simd: 'auto', quick: false },
);
const batchSize = 64;
const blocks = 15;

/**
 * A convolution, 15 blocks of two, and a dense layer. The initial weights are Glorot's, the default, which
 * were made for tanh: behind ReLU, each layer halves the square of what comes through it, both ways.
 */
function network(residual, norm) {
  const conv = (name, strides = 1) => [
    layers.conv2d({ name, filters: 16, kernelSize: 3, padding: 'same', strides, useBias: !norm }),
    ...(norm ? [layers.batchNorm({ momentum: 0.9 })] : []),
  ];
  const block = (i) => [...conv(`conv${2 * i}`), layers.relu(), ...conv(`conv${2 * i + 1}`)];
  return new Sequential(
    [
      ...conv('conv1', 2),
      layers.relu(),
      ...Array.from({ length: blocks }, (_, i) =>
        residual ? [layers.residual({ layers: block(i + 1) })] : [...block(i + 1), layers.relu()],
      ).flat(),
      layers.globalAvgPool2d(),
      layers.dense({ units: 10 }),
    ],
    { inputShape: [28, 28, 1], seed },
  );
}

/** How large the gradients of each convolution are, from the first to the last. */
const gradientNorms = ({ weights }) =>
  weights
    .filter(({ name }) => /^conv\d+\/kernel$/.test(name))
    .map(({ gradient }) => Math.hypot(...gradient.data));

/** How far all four are, in one line of a terminal. */
function progress(done, of) {
  if (!process.stderr.isTTY) return;
  const seconds = ((performance.now() - started) / 1000 / done) * (of - done);
  const left = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
  process.stderr.write(`\r\x1b[2K${done < of ? `step ${done}/${of}  ${left} left` : ''}`);
}

await start(simd);
const { x, y } = loadDigits('train');
const count = quick ? 4 : steps;
const networks = [
  { mark: '▲', name: 'residual, batch norm', residual: true, norm: true },
  { mark: '△', name: 'residual', residual: true, norm: false },
  { mark: '●', name: 'plain, batch norm', residual: false, norm: true },
  { mark: '○', name: 'plain', residual: false, norm: false },
].map((one) => ({ ...one, model: network(one.residual, one.norm), losses: [], norms: [] }));
for (const { model } of networks)
  model.compile({
    optimizer: optimizers.sgd({
      learningRate: schedules.cosine({ initial: 0.02, steps: count }),
      momentum: 0.9,
      clipNorm: 1, // Else the residual one without norm would not get beyond its first steps.
    }),
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
  });
console.log(`4 networks of ${2 * blocks + 2} layers, ${count} steps of ${batchSize} digits each`);

// In turns, all take a step on the same digits.
const started = performance.now();
await untilInterrupted(async (signal) => {
  for (let step = 1; step <= count; step++) {
    const from = ((step - 1) * batchSize) % (y.length - batchSize);
    const to = from + batchSize;
    const digits = x.subarray(from * 28 * 28, to * 28 * 28);
    for (const { model, losses, norms } of networks) {
      losses.push(model.trainOnBatch(digits, y.subarray(from, to)).loss);
      norms.push(gradientNorms(model));
    }
    progress(step, count);
    await setImmediate();
    signal.throwIfAborted();
  }
});

// The loss of one batch says little: each point is the mean of the last ten.
const smooth = (losses) =>
  losses.map((_, i) => {
    const last = losses.slice(Math.max(0, i - 9), i + 1);
    return last.reduce((sum, loss) => sum + loss, 0) / last.length;
  });
const curves = networks.map(({ mark, losses }) => ({ mark, values: smooth(losses) }));
console.log('\nloss\n');
console.log(chart(curves, { label: 'step', length: networks[0].losses.length }));

const test = loadDigits('t10k');
console.log();
for (const { mark, name, model, losses } of networks) {
  const { accuracy } = await model.evaluate(
    test.x.subarray(0, 2000 * 28 * 28),
    test.y.subarray(0, 2000),
    { batchSize },
  );
  const loss = smooth(losses).at(-1).toFixed(3);
  console.log(
    `  ${mark} ${name.padEnd(22)} loss ${loss}   ${(100 * accuracy).toFixed(1).padStart(5)} % of 2000 test digits right`,
  );
}

console.log(`
gradient norms, from the first convolution (left) to the last (right), on one logarithmic scale
`);
const firstAndLast = ({ norms }) => [norms[0], norms.at(-1)];
const all = networks.flatMap((one) => firstAndLast(one).flat()).filter((norm) => norm > 0);
const [least, most] = [Math.min(...all), Math.max(...all)];
const width = 2 * blocks + 1;
const short = (norm) => (norm > 0 ? norm.toExponential(0) : '0');
const ends = (norms) => `${short(norms[0])} … ${short(norms.at(-1))}`;
console.log(`${' '.repeat(26)}${'first step'.padEnd(width + 20)}last step`);
for (const one of networks) {
  const cells = firstAndLast(one).map(
    (layer) => `${bars(layer, least, most)}  ${ends(layer).padEnd(16)}`,
  );
  console.log(`  ${one.mark} ${one.name.padEnd(22)}${cells.join('  ')}`.trimEnd());
}

// All steps, as a picture: a frame for each network, a curve for some of its convolutions. What is 0 has no logarithm.
const shown = [0, 7, 15, 23, 30];
const curvesOf = ({ norms }) =>
  Object.fromEntries(
    shown.map((layer) => [`conv${layer + 1}`, norms.map((step) => step[layer] || Number.NaN)]),
  );
const frames = Object.fromEntries(networks.map((one) => [one.name, curvesOf(one)]));
const title = 'Gradient norms of the first to the last convolution';
writeFileSync(
  'depths.svg',
  vis.plot(frames, { title, xLabel: 'step', logarithmic: true, width: 620 }),
);
console.log('\ndepths.svg has the gradients of all steps');
