// Starting the library: which build an engine gets, where the wasm may come from, and calls at the
// wrong time. Starts it anew many times, and leaves it running as it was.

import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseInstructions, type SimdMode } from '../../bindings/variant.js';
import {
  backendInfo,
  dispose,
  EngineError,
  type InitOptions,
  init,
  layers,
  loadModel,
  memory,
  ops,
  Sequential,
  StateError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { compiled, rejects, samples, tiny } from '../helpers/models.js';
import { options, simd } from '../helpers/start.js';

const build = async () =>
  new Uint8Array(
    await readFile(new URL(`../../build/${backendInfo().variant}.wasm`, import.meta.url)),
  );

/** Runs `body` without a backend, and starts one again after it. */
async function stopped(body: () => Promise<void>): Promise<void> {
  dispose();
  try {
    await body();
  } finally {
    dispose();
    await init(options);
  }
}

/** A sum by the kernels. */
function works(): void {
  const [a, b] = [Tensor.from([1, 2]), Tensor.from([3, 5])];
  const sum = ops.add(a, b);
  assert.equal([...sum.data], [4, 7]);
  for (const tensor of [a, b, sum]) tensor.dispose();
}

test('which build: the best that the engine has, or the one that was asked for', async () => {
  const [none, plain, relaxed] = [
    { simd: false, relaxedSimd: false },
    { simd: true, relaxedSimd: false },
    { simd: true, relaxedSimd: true },
  ];
  assert.equal(
    [plain, relaxed].map((features) => chooseInstructions('auto', features)),
    ['simd', 'relaxed'],
  );
  assert.equal(
    [plain, relaxed].map((features) => chooseInstructions('strict', features)),
    ['simd', 'simd'],
  );
  assert.is(chooseInstructions('relaxed', relaxed), 'relaxed');
  await rejects(
    () => chooseInstructions('relaxed', plain),
    EngineError,
    'no relaxed SIMD',
    'Node',
    "'auto'",
  );
  for (const mode of ['auto', 'strict', 'relaxed'] as const)
    await rejects(() => chooseInstructions(mode, none), EngineError, 'no WebAssembly SIMD', 'Node');
  await rejects(
    () => chooseInstructions('fast' as SimdMode, relaxed),
    ValueError,
    "'strict'",
    'fast',
  );
});

test('what was chosen', async () => {
  const info = backendInfo();
  const { version } = JSON.parse(
    await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  assert.is(info.version, version);
  assert.is(info.threads, options.threads);
  const build = info.simd === 'strict' ? 'simd' : 'relaxed';
  assert.is(info.variant, info.threads > 1 ? `${build}-threads` : build);
  assert.match(info.tile, /^\d+×\d+$/);
  if (simd !== 'auto') assert.is(info.simd, simd);
});

test('a second init: the same options do nothing, others are refused', async () => {
  const tensor = Tensor.from([7]);
  await init(options);
  await init({ ...options, maximumMemory: 4096 });
  assert.is(tensor.data[0], 7);
  tensor.dispose();
  await rejects(
    () => init({ ...options, maximumMemory: 64 }),
    StateError,
    'other options',
    'dispose()',
  );
  works();
});

test('two inits at once share one start; dispose amid it wins', () =>
  stopped(async () => {
    const [first, second] = [init(options), init(options)];
    await Promise.all([first, second]);
    works();
    dispose();
    const late = init(options);
    dispose();
    await late;
    await rejects(() => memory(), StateError, 'init');
    const ended = init(options);
    dispose();
    const again = init(options);
    await ended;
    works();
    await again;
  }));

test('a file is read, where there is one', () =>
  stopped(async () => {
    const build = (name: string) => new URL(`../../build/${name}.wasm`, import.meta.url);
    await init({
      ...options,
      threads: 1,
      wasm: build(options.simd === 'strict' ? 'simd' : 'relaxed'),
    });
    works();
    dispose();
    const none = { ...options, wasm: build('none') };
    await rejects(() => init(none), EngineError, 'could not be fetched', 'none.wasm', 'ENOENT');
    const shared = { ...options, threads: 1, wasm: build('simd-threads') };
    await rejects(() => init(shared), EngineError, 'a build for threads');
  }));

test('options that make no sense', () =>
  stopped(async () => {
    const bad: [object, ...string[]][] = [
      [{ simd: 'fast' }, 'simd', 'fast'],
      [{ maximumMemory: 0 }, 'maximumMemory', '0'],
      [{ maximumMemory: 5000 }, 'maximumMemory', '4096'],
      [{ wasm: 'https://example.com/simd.wasm' }, 'wasm', 'URL', 'string'],
      [{ wasm: 5 }, 'wasm', 'number'],
      [{ revectorize: 'yes' }, 'revectorize', 'yes'],
      [{ revectorise: true }, 'revectorise', 'revectorize'],
      [null as unknown as object, 'options object', 'null'],
    ];
    for (const [wrong, ...parts] of bad)
      await rejects(() => init(wrong as InitOptions), ValueError, 'init', ...parts);
    await init({ ...options, threads: 1 });
    works();
  }));

test('the wasm from bytes, a module, a response, a URL', async () => {
  const bytes = await build();
  const padded = new Uint8Array(bytes.length + 5);
  padded.set(bytes, 5);
  const sources: NonNullable<InitOptions['wasm']>[] = [
    bytes,
    bytes.buffer,
    padded.subarray(5),
    await WebAssembly.compile(bytes),
    new Response(bytes, { headers: { 'content-type': 'application/octet-stream' } }),
    new URL(`data:application/wasm;base64,${Buffer.from(bytes).toString('base64')}`),
  ];
  for (const wasm of sources) {
    await stopped(async () => {
      await init({ ...options, wasm });
      works();
    });
  }
});

test('what is no wasm, or cannot be had', async () => {
  const html = new TextEncoder().encode('<!doctype html><title>404</title>');
  // A module without any exports: "\0asm", version 1.
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const cut = (await build()).subarray(0, 5000);
  const used = new Response(await build());
  await used.arrayBuffer();
  const bad: [NonNullable<InitOptions['wasm']>, ...string[]][] = [
    [html, 'HTML', 'URL'],
    [new Response(html), 'HTML'],
    [new Uint8Array(0), 'compile'],
    [new TextEncoder().encode('not wasm at all'), 'compile'],
    [cut, 'compile'],
    [empty, 'version', 'export'],
    [await WebAssembly.compile(empty), 'version', 'export'],
    [new Response('gone', { status: 404 }), '404'],
    [used, 'fetched'],
    [new URL('http://127.0.0.1:1/simd.wasm'), 'http://127.0.0.1:1/simd.wasm', 'fetch'],
    [new URL('file:///nowhere/simd.wasm'), 'file:///nowhere/simd.wasm'],
  ];
  await stopped(async () => {
    for (const [wasm, ...parts] of bad) {
      await rejects(() => init({ ...options, wasm }), EngineError, 'init', ...parts);
      await rejects(() => memory(), StateError, 'init');
    }
    await init(options);
    works();
  });
});

test('an engine without WebAssembly', () =>
  stopped(async () => {
    const { WebAssembly: kept } = globalThis;
    Object.assign(globalThis, { WebAssembly: undefined });
    try {
      await rejects(() => init(options), EngineError, 'no WebAssembly SIMD');
    } finally {
      Object.assign(globalThis, { WebAssembly: kept });
    }
  }));

test('calls without a running library say what to do', async () => {
  const { x, y } = samples(4);
  const bytes = tiny().toBytes();
  await stopped(async () => {
    const model = tiny();
    const early: (() => unknown)[] = [
      () => Tensor.zeros([2]),
      () => Tensor.from([1]),
      () => backendInfo(),
      () => memory(),
      () => model.weights,
      () => model.predict(x),
      () => model.compile({ optimizer: {} as never, loss: 'meanSquaredError' }),
      () => model.toBytes(),
      () => model.fit(x, y),
      () => loadModel(bytes),
      () => model.profile(x),
    ];
    for (const call of early.filter((_, i) => i !== 6))
      await rejects(call, StateError, 'not running', 'await init()');
    await rejects(early[6], ValueError, 'optimizer');
    // Building and summing up need no kernels.
    assert.is(
      new Sequential([layers.dense({ units: 3 })], { inputShape: [2] }).summary({ print: null })[0]
        .parameters,
      9,
    );
    await init(options);
    model.predict(x).dispose();
    model.dispose();
  });
});

test('what an earlier start made is gone: saying so, and harmless to dispose', async () => {
  const { x, y } = samples(8);
  const tensor = Tensor.from([1, 2, 3]);
  const view = tensor.reshape([3, 1]);
  const model = compiled();
  model.trainOnBatch(x, y);
  const [{ tensor: weight, gradient }] = model.weights;
  const fitting = rejects(() => model.fit(x, y, { epochs: 1000 }), StateError, 'tiny', 'dispose');
  await stopped(async () => {
    await init(options);
    const kept = Tensor.from([5]);
    const before = memory();
    await fitting;
    for (const old of [tensor, view, weight, gradient as Tensor])
      await rejects(() => old.data, StateError, 'dispose');
    await rejects(() => ops.relu(tensor), StateError, 'dispose');
    await rejects(() => model.predict(x), StateError, 'tiny', 'dispose');
    await rejects(() => model.weights, StateError, 'dispose');
    for (const old of [tensor, view, model]) old.dispose();
    assert.equal(memory(), before);
    assert.is(kept.data[0], 5);
  });
});

test.run();
