// The worker: does what the page asks for, one call after another, and trains in between.

import { backendInfo, init, loadModel } from 'wasmgrad/core';
import { normalize } from 'wasmgrad/data';
import { datasets, PIXELS } from './datasets.js';
import { filterPixels, namedFilters } from './filtering.js';
import { loadDataset } from './loading.js';
import type { Calls, Reply, Request } from './messages.js';
import { Session } from './session.js';
import { measureSpeed } from './speed.js';

type Handlers = {
  [K in keyof Calls]: (given: Calls[K]['given']) => Calls[K]['got'] | Promise<Calls[K]['got']>;
};

const port = globalThis as unknown as {
  postMessage(reply: Reply, transfer?: Transferable[]): void;
  onmessage: (event: MessageEvent<Request>) => void;
};

const session = new Session((event, detail) => port.postMessage({ event, detail }));

/** Bytes as the network wants them. */
const normalized = (pixels: Uint8Array): Float32Array =>
  normalize(pixels, datasets[session.data.name].normalization);

/** What a page without these rooms does without. */
const later = () => import('./later.js');

/** The classes of one's own. */
const teacher = async () => (await later()).teacher;

const handlers: Handlers = {
  async init(options) {
    await init(options);
    return backendInfo();
  },
  async loadData(name) {
    await session.setData(await loadDataset(name));
    const { train, test } = session.data;
    return { train: train.y.length, test: test.y.length };
  },
  describe: (specs) => session.describe(specs),
  make: ({ layers, name }) => session.make(layers, name),
  train: (options) => session.train(options),
  pause: (paused) => session.pause(paused) as Promise<undefined>,
  changes: () => session.watcher.changes(),
  activations: (pixels) => session.watcher.activations(normalized(pixels)),
  explain: async (request) =>
    (await later()).explain(session.watcher, normalized(request.pixels), request),
  reasons: async (request) =>
    (await later()).reasons(session.watcher, normalized(request.pixels), request),
  patches: async (request) => (await later()).patches(session.watcher, session.data, request),
  plane: async ({ count }) =>
    (await later()).plane(session.watcher, session.data, count, (detail) =>
      port.postMessage({ event: 'plane', detail }),
    ),
  predict: (pixels) => session.watcher.probabilities(normalized(pixels)),
  setLearningRate: (rate) => session.setLearningRate(rate) as undefined,
  samples({ first, count }) {
    const { pixels, y } = session.data.test;
    return {
      pixels: new Uint8Array(pixels.subarray(first * PIXELS, (first + count) * PIXELS)),
      labels: Array.from(y.subarray(first, first + count)),
    };
  },
  judge({ first, count }) {
    const { x } = session.data.test;
    return session.watcher.probabilities(x.subarray(first * PIXELS, (first + count) * PIXELS));
  },
  testImage(index) {
    const { pixels, y } = session.data.test;
    const at = index * PIXELS;
    return { pixels: new Uint8Array(pixels.subarray(at, at + PIXELS)), label: y[index] };
  },
  test: () => session.watcher.test(session.data),
  save: () => session.watcher.model.toBytes(),
  saveOnnx: async () => (await later()).writeOnnx(session.watcher.model),
  load: ({ bytes, steps, epochs }) => session.load(loadModel(bytes), steps, epochs),
  loadFiles: async (files) => session.load((await later()).readFiles(files)),
  imageFilters: namedFilters,
  filterImage: filterPixels,
  teachBase: async (base) => (await teacher()).setBase(base),
  teachAdd: async (example) => (await teacher()).add(example) as Promise<undefined>,
  teachDrop: async (id) => (await teacher()).drop(id) as undefined,
  teach: async (classes) => (await teacher()).teach(classes),
  teachSay: async (pixels) => (await teacher()).say(pixels),
  teachSave: async (file) => (await teacher()).save(file),
  teachLoad: async (bytes) => (await teacher()).load(bytes),
  speed: measureSpeed,
};

/** What can be handed over instead of copied. */
const buffersOf = (got: unknown): Transferable[] =>
  ArrayBuffer.isView(got) && got.buffer instanceof ArrayBuffer ? [got.buffer] : [];

port.onmessage = async ({ data: { id, call, given } }) => {
  try {
    const got = await handlers[call](given as never);
    port.postMessage({ id, got }, buffersOf(got));
  } catch (error) {
    const { name, message } = error as Error;
    port.postMessage({ id, error: { name, message } });
  }
};
