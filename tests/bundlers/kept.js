// Checkpoints in the site's own folder. In a frame it trains and keeps each epoch, until somebody removes the frame, or
// looks at what is kept; in a page, `kept` does both again and again.

import { callbacks, init, loadCheckpoint, optimizers, zoo } from 'wasmgrad';

const NAME = 'kept.safetensors';
const ROUNDS = 8;

const x = Float32Array.from({ length: 24 * 784 }, (_, i) => ((i * 7919) % 1009) / 505 - 1);
const y = Int32Array.from({ length: 24 }, (_, i) => i % 10);

function begun() {
  const model = zoo.lenet5({ seed: 1 });
  const optimizer = optimizers.adam({ learningRate: 0.002 });
  model.compile({ optimizer, loss: 'softmaxCrossEntropy' });
  return model;
}

const fit = (model, epochs, ...more) => model.fit(x, y, { epochs, batchSize: 12, callbacks: more });

async function inFrame(what) {
  await init({ threads: 1, simd: 'strict' });
  const said = [];
  console.warn = (line) => said.push(line);
  const tell = (word, epoch, bytes) => parent.postMessage({ word, epoch, bytes, said }, '*');
  if (what === 'train') {
    const model = await loadCheckpoint(NAME).catch(begun);
    const telling = { onEpochEnd: (epoch) => tell('saved', epoch) };
    await fit(model, 1_000_000, callbacks.checkpoint(NAME), telling);
  }
  // Two more, and nobody in the way: then both files are there.
  if (what === 'finish') await fit(await loadCheckpoint(NAME), 2, callbacks.checkpoint(NAME));
  if (what === 'damage') {
    const root = await navigator.storage.getDirectory();
    const file = await root.getFileHandle(NAME);
    const bytes = new Uint8Array(await (await file.getFile()).arrayBuffer());
    bytes[bytes.length - 5] ^= 1;
    const stream = await file.createWritable();
    await stream.write(bytes);
    await stream.close();
  }
  const model = await loadCheckpoint(NAME);
  tell('found', model.epoch, model.toBytes());
}

if (parent !== globalThis && location.hash)
  inFrame(location.hash.slice(1)).catch((error) =>
    parent.postMessage({ word: 'failed', error: String(error) }, '*'),
  );

/** The next message of this kind: frames that were removed may have sent others. */
const heard = (word) =>
  new Promise((resolve, reject) => {
    const listener = ({ data }) => {
      if (data.word !== word && data.word !== 'failed') return;
      globalThis.removeEventListener('message', listener);
      if (data.word === 'failed') reject(new Error(data.error));
      else resolve(data);
    };
    globalThis.addEventListener('message', listener);
  });

function framed(what) {
  const frame = document.createElement('iframe');
  frame.src = `/kept.html#${what}`;
  document.body.append(frame);
  return frame;
}

async function look(what) {
  const frame = framed(what);
  const found = await heard('found');
  frame.remove();
  return found;
}

/**
 * Trains in frames that are removed at random moments, and looks each time at what is kept.
 *
 * @returns whether it is never older than what was told to be saved, and what an uninterrupted training gives; and where
 * the browser keeps it
 */
globalThis.kept = async () => {
  let found;
  for (let round = 0; round < ROUNDS; round++) {
    const frame = framed('train');
    const { epoch } = await heard('saved');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    frame.remove();
    found = await look('look');
    if (found.epoch < epoch) throw new Error(`epoch ${epoch} was saved, ${found.epoch} is kept`);
  }
  found = await look('finish');
  await init({ threads: 1, simd: 'strict' });
  const whole = begun();
  await fit(whole, found.epoch);
  const bytes = whole.toBytes();
  if (!bytes.every((byte, i) => byte === found.bytes[i])) throw new Error('other bits');
  const hasFolder = 'createWritable' in (globalThis.FileSystemFileHandle?.prototype ?? {});
  const root = hasFolder && (await navigator.storage.getDirectory().catch(() => undefined));
  const isThere = root && (await root.getFileHandle(NAME).catch(() => undefined));
  if (!isThere) return { place: 'database', epoch: found.epoch };
  const { epoch: before, said } = await look('damage');
  return { place: 'folder', epoch: found.epoch, before, said };
};
