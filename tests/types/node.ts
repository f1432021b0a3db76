// What TypeScript for Node sees of the package, with all of its types checked, and without the library "DOM".

import { parentPort, Worker } from 'node:worker_threads';
import { backendInfo, data, init, io, layers, ops, Tensor, zoo } from 'wasmgrad';
import { readSafetensors } from 'wasmgrad/io';
import { serveTraining, startWorker } from 'wasmgrad/worker';

export async function use(folder: string): Promise<string> {
  await init({ threads: 2, revectorize: true, maximumMemory: 512 });
  const images = await data.imageFolder(folder, { size: [8, 8] });
  using a = Tensor.zeros([2, 3]);
  using product = ops.matMul(a, Tensor.from(images.images.slice(0, 6), [3, 2]));
  await ops.useArrays();
  const sums: ops.Reduction = { fn: 'sum', axes: [-1] };
  using ones = ops.combine(ops.reduce(a, sums), a.reshape([3, 2]), { fn: 'greater' });
  const options: layers.Conv2dLayerOptions = { filters: 3, kernelSize: 3, padding: 'same' };
  const held = { filters: 3, kernelSize: 3, padding: 'same' } as const;
  for (const one of [options, held]) layers.conv2d(one);
  const worker = await startWorker({ worker: new Worker(new URL('own.mjs', import.meta.url)) });
  const there = await worker.load(new Uint8Array(8));
  const { data: scores } = await there.predict(images.images);
  worker.end();
  using photo = await io.readImage(new URL('x.jpg', import.meta.url), { resize: 256, size: 224 });
  const model = zoo.lenet5();
  model.setWeights(readSafetensors(io.writePng(photo), { dtype: 'float32' }), { from: 'pytorch' });
  const [{ label }] = await model.classify(folder, { topK: 1 });
  return backendInfo().tile + product.shape + ones.shape + scores.length + label;
}

/** In a worker of one's own. */
export function serve(): void {
  if (parentPort) serveTraining(parentPort);
}
