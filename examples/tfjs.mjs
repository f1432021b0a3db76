// Trains LeNet-5 on MNIST by TF.js, on wasmgrad's kernels: `npm run tfjs-mnist`. Only two lines of it are not TF.js's.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import 'wasmgrad/tfjs';
import { loadDigits } from './digits.mjs';
import { readArguments } from './run.mjs';

const { epochs, seed, backend, quick } = readArguments(
  `Trains LeNet-5 of tf.layers on MNIST, and measures it on the test digits.

  npm run tfjs-mnist -- [--epochs 2] [--seed 1] [--backend wasmgrad|cpu] [--quick]

  --epochs   times through the 60 000 training digits
  --seed     what weights come from
  --backend  'cpu' is TF.js's own: far slower
  --quick    2000 digits, to see whether it runs`,
  { epochs: 2, seed: 1, backend: 'wasmgrad', quick: false },
);

await tf.setBackend(backend);

const { conv2d, maxPooling2d, flatten, dense } = tfl.layers;
let drawn = seed;
const fresh = () => ({ kernelInitializer: tfl.initializers.glorotUniform({ seed: drawn++ }) });
const padded = { kernelSize: 5, activation: 'relu', padding: 'same' };
const model = tfl.sequential({
  layers: [
    conv2d({ inputShape: [28, 28, 1], filters: 6, ...padded, ...fresh() }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 16, kernelSize: 5, activation: 'relu', ...fresh() }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 120, activation: 'relu', ...fresh() }),
    dense({ units: 84, activation: 'relu', ...fresh() }),
    dense({ units: 10, activation: 'softmax', ...fresh() }),
  ],
});
model.summary();
model.compile({
  optimizer: tf.train.adam(0.001),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});

/** Some digits as tensors of TF.js. */
function tensors(part, most) {
  const { x, y } = loadDigits(part);
  const count = Math.min(most, y.length);
  return [
    tf.tensor4d(x.subarray(0, count * 784), [count, 28, 28, 1]),
    tf.tensor1d(Float32Array.from(y.subarray(0, count))),
  ];
}

const [x, y] = tensors('train', quick ? 2000 : 60_000);
const [testX, testY] = tensors('t10k', quick ? 1000 : 10_000);
const started = performance.now();
await model.fit(x, y, {
  ...{ epochs, batchSize: 64, verbose: 0 },
  callbacks: {
    onEpochEnd(epoch, { loss, acc }) {
      const perSecond = (1000 * (epoch + 1) * x.shape[0]) / (performance.now() - started);
      console.log(
        `epoch ${epoch + 1}: loss ${loss.toFixed(4)}, accuracy ${(100 * acc).toFixed(2)} %, ${perSecond.toFixed(0)} images/s on ${tf.getBackend()}`,
      );
    },
  },
});

const [loss, accuracy] = model.evaluate(testX, testY, { batchSize: 500 });
console.log(
  `test loss ${loss.dataSync()[0].toFixed(4)}, test accuracy ${(100 * accuracy.dataSync()[0]).toFixed(2)} %`,
);
