// What a page's TypeScript sees of the package, with all of its types checked and none of Node's.

import { init, layers, loadModel, optimizers, Sequential, Tensor, zoo } from 'wasmgrad';
import type { Callback } from 'wasmgrad/core';
import { augment } from 'wasmgrad/data';
import { readImage } from 'wasmgrad/io';
import { serveTraining, startWorker } from 'wasmgrad/worker';
import { lenet5 } from 'wasmgrad/zoo';

export async function train(x: Float32Array, y: Int32Array): Promise<number[]> {
  await init({ threads: 'auto', wasm: new URL('kernels.wasm', location.href) });
  const model = new Sequential([layers.flatten(), layers.dense({ units: 10 })], {
    inputShape: [28, 28, 1],
  });
  model.compile({ optimizer: optimizers.adam(), loss: 'softmaxCrossEntropy' });
  const saving: Callback = {
    async onTrainBegin({ model: trained }) {
      await trained.toBytes();
    },
  };
  const { history } = await model.fit(x, y, { callbacks: saving, augmentation: augment({}) });
  const worker = await startWorker({ worker: new Worker('own.js', { type: 'module' }) });
  const there = await worker.load(model.toBytes());
  await there.fit(x, y, { transfer: [x.buffer], signal: new AbortController().signal });
  const weights: number[][] = model.weights[0].tensor.toArray<number[][]>();
  const other = await loadModel(await there.toBytes());
  other.predict(Tensor.from(x, [1, 28, 28, 1]));
  const [canvas, video] = [new OffscreenCanvas(2, 2), document.createElement('video')];
  const sources = [canvas, video, new Image(), new ImageData(2, 2), new Blob(), 'x.png'];
  for (const source of sources) await readImage(source, { channels: 1 });
  await other.classify(canvas);
  return [...history.loss, weights.length, lenet5().weights.length, zoo.lenet5().weights.length];
}

/** In a worker of one's own. */
export const serve = (): void => serveTraining(self, { layers: {} });
