// ConvNetJS's LeNet-5 in a worker: each message asks for one update of the weights, the reply is the loss.
//
// In a thread of its own because V8 compiles all of a thread's typed-array code with extra checks once an
// ArrayBuffer there was detached, which every growing wasm memory does: beside wasmgrad ConvNetJS was 9 %
// slower than alone. A message takes microseconds, an update more than 100 ms.

import { parentPort, workerData } from 'node:worker_threads';
import convnetjs from 'convnetjs';
import { BATCH, type Batch, CLASSES, LEARNING_RATE, MOMENTUM, SIDE } from '../lenet5.js';

const { images, labels } = workerData as Batch;
const net = new convnetjs.Net();
net.makeLayers([
  { type: 'input', out_sx: SIDE, out_sy: SIDE, out_depth: 1 },
  { type: 'conv', sx: 5, filters: 6, stride: 1, pad: 2, activation: 'relu' },
  { type: 'pool', sx: 2, stride: 2 },
  { type: 'conv', sx: 5, filters: 16, stride: 1, pad: 0, activation: 'relu' },
  { type: 'pool', sx: 2, stride: 2 },
  { type: 'fc', num_neurons: 120, activation: 'relu' },
  { type: 'fc', num_neurons: 84, activation: 'relu' },
  { type: 'softmax', num_classes: CLASSES },
]);
const trainer = new convnetjs.Trainer(net, {
  method: 'sgd',
  learning_rate: LEARNING_RATE,
  momentum: MOMENTUM,
  batch_size: BATCH,
});
const pixels = SIDE * SIDE;
const volumes = Array.from({ length: BATCH }, (_, i) => {
  const volume = new convnetjs.Vol(SIDE, SIDE, 1, 0);
  volume.w.set(images.subarray(i * pixels, (i + 1) * pixels));
  return volume;
});

parentPort?.on('message', () => {
  let total = 0;
  for (let i = 0; i < BATCH; i++) total += trainer.train(volumes[i], labels[i]).loss;
  parentPort?.postMessage(total / BATCH);
});
