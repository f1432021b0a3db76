// Five small networks, a hundred steps each, in strict arithmetic: hashes.json has what their weights must be, in every
// engine and with any number of threads; scripts/check/engines.ts and pages.ts compare. `npm run engines -- --write` makes it
// anew.

import { dispose, init, input, layers, Model, optimizers, schedules, zoo } from 'wasmgrad';

const STEPS = 100;

/** Numbers from −1 to 1 that are the same in all engines. */
const numbers = (count) =>
  Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 10007) / 5003.5 - 1);

const apply = (x, ...all) => all.reduce((y, layer) => layer.apply(y), x);

const conv = (filters, kernelSize, options = {}) =>
  layers.conv2d({ filters, kernelSize, padding: 'same', ...options });

/** 5×5 filters, max pooling, dense layers. */
function lenet() {
  const model = zoo.lenet5({ seed: 1 });
  const learningRate = schedules.cosine({ initial: 0.05, steps: STEPS });
  model.compile({
    optimizer: optimizers.sgd({ learningRate, momentum: 0.9, nesterov: true }),
    loss: 'softmaxCrossEntropy',
  });
  return { model, samples: 8 };
}

/** Residual blocks, batch norm, stride 2. */
function resnet() {
  const model = zoo.resnet({ depth: 20, inputShape: [16, 16, 3], classes: 10, seed: 2 });
  model.compile({
    optimizer: optimizers.adam({
      learningRate: schedules.exponential({ initial: 0.002, factor: 0.9, every: 10 }),
    }),
    loss: 'softmaxCrossEntropy',
  });
  return { model, samples: 4 };
}

/** Depthwise convolutions, dropout, an average of the weights, clipping. */
function mobile() {
  const x = input([20, 20, 3]);
  const block = (filters, strides) => [
    layers.depthwiseConv2d({ kernelSize: 3, strides, padding: 'same', useBias: false }),
    layers.batchNorm(),
    layers.relu6(),
    conv(filters, 1, { activation: 'gelu' }),
  ];
  const features = apply(
    x,
    conv(12, 3),
    ...block(16, 2),
    ...block(24, 1),
    layers.dropout({ rate: 0.3 }),
  );
  const outputs = apply(features, layers.globalAvgPool2d(), layers.dense({ units: 10 }));
  const model = new Model({ inputs: x, outputs, seed: 3 });
  model.compile({
    optimizer: optimizers.rmsprop({ learningRate: 0.003, clipNorm: 1, averageDecay: 0.95 }),
    loss: 'softmaxCrossEntropy',
  });
  return { model, samples: 6 };
}

/** Down and up again, with a shortcut: transposed convolution, concat. Its targets are images. */
function unet() {
  const x = input([12, 12, 2]);
  const down = apply(x, conv(8, 4, { strides: 2, activation: 'elu' }));
  const up = apply(
    down,
    conv(16, 3, { activation: 'silu' }),
    layers.conv2dTranspose({ filters: 6, kernelSize: 4, strides: 2, padding: 'same' }),
  );
  const outputs = apply(layers.concat().apply([up, x]), conv(3, 5, { activation: 'tanh' }));
  const model = new Model({ inputs: x, outputs, seed: 4 });
  model.compile({
    optimizer: optimizers.adamW({ learningRate: 0.004, weightDecay: 0.01 }),
    loss: 'meanSquaredError',
  });
  return { model, samples: 9 };
}

/** 1×7 and 7×1 filters, normalisation over channels, average pooling, gathered gradients. */
function inception() {
  const x = input([14, 14, 4]);
  const branches = [
    apply(x, conv(8, [1, 7]), conv(8, [7, 1], { activation: 'relu' })),
    apply(x, layers.avgPool2d({ poolSize: 3, strides: 1, padding: 'same' }), conv(6, 1)),
    apply(x, conv(10, 3, { activation: 'softplus' })),
  ];
  const features = apply(layers.concat().apply(branches), layers.lrn({ size: 5 }));
  const outputs = apply(
    features,
    layers.maxPool2d(),
    layers.flatten(),
    layers.dense({ units: 10 }),
  );
  const model = new Model({ inputs: x, outputs, seed: 5 });
  model.compile({
    optimizer: optimizers.adagrad({ learningRate: 0.02 }),
    loss: 'softmaxCrossEntropy',
    gradientAccumulation: 2,
  });
  return { model, samples: 5 };
}

const networks = { lenet, resnet, mobile, unet, inception };

const sizeOf = (shape) => shape.reduce((product, side) => product * side, 1);

async function hashOf(network) {
  const { model, samples } = network();
  const x = numbers(2 * samples * sizeOf(model.inputShape));
  const classes = Int32Array.from({ length: 2 * samples }, (_, i) => i % 10);
  const y =
    model.outputShape.length > 1 ? numbers(2 * samples * sizeOf(model.outputShape)) : classes;
  // Two steps to an epoch.
  await model.fit(x, y, { epochs: STEPS / 2, batchSize: samples });
  // Copies: blobs are not made of shared memory.
  const parts = model.weights.map(({ tensor }) => tensor.data.slice());
  const weights = await new Blob(parts).arrayBuffer();
  model.dispose();
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', weights));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The hashes of all networks' weights. */
export async function hashes(threads) {
  await init({ simd: 'strict', threads });
  const found = {};
  for (const [name, network] of Object.entries(networks)) found[name] = await hashOf(network);
  dispose();
  return found;
}
