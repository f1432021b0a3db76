// What all pages compute, and Node too: the same bits, in strict arithmetic.

import { backendInfo, dispose, init, loadModel, optimizers, zoo } from 'wasmgrad';
import { readSafetensors } from 'wasmgrad/io';

/** That `setWeights` knows { from } where one name of wasmgrad/io is imported: our names are Keras's. */
function checkForeignWeights() {
  const [one, other] = [1, 2].map((seed) => zoo.lenet5({ seed }));
  other.setWeights(readSafetensors(one.toBytes()), { from: 'keras' });
  const numbers = ({ weights }) => weights.flatMap(({ tensor }) => [...tensor.data]).join();
  if (numbers(other) !== numbers(one)) throw new Error('weights of other names differ');
}

/**
 * Trains LeNet-5, which is large enough for threads to share, here or in a training worker; saves and loads it, and
 * predicts.
 *
 * @returns a digest of the model's bytes and its predictions, and how many threads there were here
 */
export async function train(options, worker) {
  await init({ simd: 'strict', ...options });
  const model = zoo.lenet5({ seed: 1 });
  model.compile({
    optimizer: optimizers.sgd({ learningRate: 0.02, momentum: 0.9 }),
    loss: 'softmaxCrossEntropy',
  });
  // Numbers from −1 to 1 that are the same in all engines.
  const x = Float32Array.from({ length: 48 * 784 }, (_, i) => ((i * 7919) % 1009) / 505 - 1);
  const y = Int32Array.from({ length: 48 }, (_, i) => i % 10);
  const trained = worker ? await worker.load(model.toBytes()) : model;
  await trained.fit(x, y, { epochs: 2, batchSize: 12 });
  const file = await trained.toBytes();
  const scores = (await loadModel(file)).predict(x).data.slice();
  const { data } = await trained.predict(x);
  if (!scores.every((score, i) => score === data[i])) throw new Error('a loaded model differs');
  checkForeignWeights();
  const all = await new Blob([file, scores]).arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  const { threads } = backendInfo();
  dispose();
  return { bits: [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join(''), threads };
}
