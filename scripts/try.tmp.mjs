import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { layers, optimizers, Sequential } from '../dist/core.js';
import { configure } from '../dist/tfjs.js';

configure({ threads: 1, simd: process.env.SIMD ?? 'auto' });
const L = tfl.layers;
const nets = {
  lenet: {
    batch: 64,
    shape: [28, 28, 1],
    tf() {
      const m = tfl.sequential();
      m.add(
        L.conv2d({
          inputShape: [28, 28, 1],
          filters: 6,
          kernelSize: 5,
          padding: 'same',
          activation: 'relu',
        }),
      );
      m.add(L.maxPooling2d({ poolSize: 2 }));
      m.add(L.conv2d({ filters: 16, kernelSize: 5, activation: 'relu' }));
      m.add(L.maxPooling2d({ poolSize: 2 }));
      m.add(L.flatten());
      m.add(L.dense({ units: 120, activation: 'relu' }));
      m.add(L.dense({ units: 84, activation: 'relu' }));
      m.add(L.dense({ units: 10, activation: 'softmax' }));
      return m;
    },
    wg: () => [
      layers.conv2d({ filters: 6, kernelSize: 5, padding: 'same', activation: 'relu' }),
      layers.maxPool2d(),
      layers.conv2d({ filters: 16, kernelSize: 5, activation: 'relu' }),
      layers.maxPool2d(),
      layers.flatten(),
      layers.dense({ units: 120, activation: 'relu' }),
      layers.dense({ units: 84, activation: 'relu' }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  },
  bnnet: {
    batch: 32,
    shape: [32, 32, 3],
    tf() {
      const m = tfl.sequential();
      m.add(L.conv2d({ inputShape: [32, 32, 3], filters: 16, kernelSize: 3, padding: 'same' }));
      m.add(L.batchNormalization());
      m.add(L.reLU());
      m.add(L.maxPooling2d({ poolSize: 2 }));
      m.add(L.conv2d({ filters: 32, kernelSize: 3, padding: 'same' }));
      m.add(L.batchNormalization());
      m.add(L.reLU());
      m.add(L.maxPooling2d({ poolSize: 2 }));
      m.add(L.conv2d({ filters: 64, kernelSize: 3, padding: 'same' }));
      m.add(L.batchNormalization());
      m.add(L.reLU());
      m.add(L.globalAveragePooling2d({}));
      m.add(L.dense({ units: 10, activation: 'softmax' }));
      return m;
    },
    wg: () => [
      layers.conv2d({ filters: 16, kernelSize: 3, padding: 'same' }),
      layers.batchNorm(),
      layers.relu(),
      layers.maxPool2d(),
      layers.conv2d({ filters: 32, kernelSize: 3, padding: 'same' }),
      layers.batchNorm(),
      layers.relu(),
      layers.maxPool2d(),
      layers.conv2d({ filters: 64, kernelSize: 3, padding: 'same' }),
      layers.batchNorm(),
      layers.relu(),
      layers.globalAvgPool2d(),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  },
};
let seed = 7;
const rnd = () => {
  seed = (seed * 1103515245 + 12345) & 2147483647;
  return seed / 2147483647 - 0.5;
};
await tf.setBackend('wasmgrad');
const opt = process.env.OPT ?? 'sgd';
for (const name of (process.env.NETS ?? 'lenet,bnnet').split(',')) {
  const { batch, shape, tf: make, wg } = nets[name];
  const size = shape.reduce((a2, b2) => a2 * b2);
  const xs = Float32Array.from({ length: batch * size }, rnd),
    labels = Int32Array.from({ length: batch }, (_, i) => i % 10);
  const ys = new Float32Array(batch * 10);
  labels.forEach((l, i) => {
    ys[i * 10 + l] = 1;
  });
  const m = make();
  m.compile({ optimizer: opt, loss: 'categoricalCrossentropy' });
  const n = new Sequential(wg(), { inputShape: shape, seed: 1 });
  n.compile({ optimizer: optimizers[opt]({ learningRate: 0.01 }), loss: 'softmaxCrossEntropy' });
  const x = tf.tensor(xs.slice(), [batch, ...shape]),
    y = tf.tensor(ys.slice(), [batch, 10]);
  const losses = [];
  if (process.env.CPU) {
    const w0 = m.getWeights().map((w) => w.dataSync().slice());
    await tf.setBackend('cpu');
    const c = make();
    c.compile({ optimizer: opt, loss: 'categoricalCrossentropy' });
    c.setWeights(c.getWeights().map((w, i) => tf.tensor(w0[i], w.shape)));
    const l = [];
    for (let i = 0; i < 3; i++) l.push(await c.trainOnBatch(x, y));
    console.log('cpu', l);
    await tf.setBackend('wasmgrad');
  }
  for (let i = 0; i < 3; i++) losses.push(await m.trainOnBatch(x, y));
  console.log(name, losses, tf.memory().numTensors);
  const time = async (f, k) => {
    const c = performance.now();
    for (let i = 0; i < k; i++) await f();
    return (performance.now() - c) / k;
  };
  const own = () => m.trainOnBatch(x, y),
    other = () => n.trainOnBatch(xs, labels);
  if (process.env.ONLY) {
    const k = performance.now();
    const w = process.env.ONLY === 'own' ? other : own;
    for (let i = 0; i < 400; i++) await w();
    console.log('ms/step', (performance.now() - k) / 400);
    continue;
  }
  await time(own, 20);
  await time(other, 20);
  const a = [],
    b = [],
    ratios = [];
  for (let r = 0; r < 11; r++) {
    a.push(await time(own, 20));
    b.push(await time(other, 20));
    ratios.push(b[r] / a[r]);
  }
  const med = (v) => [...v].sort((p, q) => p - q)[v.length >> 1];
  console.log(
    name,
    opt,
    'tfjs',
    med(a).toFixed(2),
    'own',
    med(b).toFixed(2),
    'ratio',
    med(ratios).toFixed(3),
    tf.memory().numTensors,
  );
  if (process.env.PROF) {
    const e = tf.engine();
    const t = /* @__PURE__ */ new Map();
    for (const k of tf.getKernelsForBackend('wasmgrad')) {
      const f = k.kernelFunc;
      k.kernelFunc = (p) => {
        const s2 = performance.now();
        const r = f(p);
        const d = performance.now() - s2;
        const o = t.get(k.kernelName) ?? [0, 0];
        o[0] += d;
        o[1]++;
        t.set(k.kernelName, o);
        return r;
      };
    }
    const s = performance.now();
    for (let i = 0; i < 20; i++) await own();
    console.log('step', (performance.now() - s) / 20);
    let sum = 0;
    for (const [, v] of t) sum += v[0] / 20;
    console.log('in kernels', sum);
    console.log(
      [...t]
        .sort((p, q) => q[1][0] - p[1][0])
        .slice(0, 30)
        .map(([k, v]) => `${k} ${(v[0] / 20).toFixed(3)} ms / ${v[1] / 20}`)
        .join('\n'),
    );
  }
}
