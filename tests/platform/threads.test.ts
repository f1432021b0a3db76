// How threads come and go, whatever they compute: who is lost is told, all end, and where there cannot be several there is
// one.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import workers from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  backendInfo,
  dispose,
  EngineError,
  init,
  memory,
  ops,
  optimizers,
  Tensor,
  ValueError,
  zoo,
} from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { warnings } from '../helpers/console.js';
import { rejects } from '../helpers/models.js';
import { numbers, random } from '../helpers/random.js';
import { options } from '../helpers/start.js';
import { on, residual } from '../helpers/threads.js';

/** The workers that `body` starts. */
async function watching(body: (started: workers.Worker[]) => Promise<void>): Promise<void> {
  const { Worker } = workers;
  const started: workers.Worker[] = [];
  workers.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      started.push(this);
    }
  };
  syncBuiltinESMExports();
  try {
    await body(started);
  } finally {
    workers.Worker = Worker;
    syncBuiltinESMExports();
  }
}

const works = (): void => {
  const [a, b] = [random([90, 70], 1), random([70, 130], 2)];
  const product = ops.matMul(a, b);
  assert.ok(product.data.every(Number.isFinite));
  free(a, b, product);
};

test('a thread that ends between runs: a warning, and the same results on one', () =>
  watching(async (started) => {
    const told = await warnings(() =>
      on(3, async () => {
        assert.is(started.length, 2);
        await started[1].terminate();
        await setTimeout(50);
        assert.is(backendInfo().threads, 1);
        works();
      }),
    );
    assert.is(told.length, 1);
    assert.match(told[0], 'goes on with one');
    await on(3, () => assert.is(backendInfo().threads, 3));
  }));

test('a thread that ends in the middle of a run: an error, then one thread, then a fresh start', () =>
  watching(async (started) => {
    await warnings(() =>
      on(2, async () => {
        const model = residual();
        model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
        const step = () => model.trainOnBatch(numbers(8 * 429, 1), new Int32Array(8));
        step();
        void started[0].terminate();
        // Thread 0 waits in 200 turns of 100 ms: here they are short.
        const { wait } = Atomics;
        const hurried = (words: Int32Array, at: number, value: number, time: number) =>
          wait(words, at, value, time / 20);
        Atomics.wait = hurried as typeof wait;
        try {
          await rejects(step, EngineError, 'worker thread was lost', 'init()');
        } finally {
          Atomics.wait = wait;
        }
        assert.ok(Number.isFinite(step().loss));
        assert.is(backendInfo().threads, 1);
        model.dispose();
      }),
    );
    await on(2, () => {
      assert.is(backendInfo().threads, 2);
      works();
    });
  }));

/** How many threads this process has. */
const threadsHere = (): number => readdirSync('/proc/self/task').length;

// Each takes some 50 ms: `WASMGRAD_CYCLES=1000 npm test -- threads` is the long form.
const CYCLES = Number(process.env.WASMGRAD_CYCLES ?? 30);

test(`${CYCLES} times init and dispose leave no thread, and no memory`, async () => {
  dispose();
  const cycle = async () => {
    await init({ ...options, revectorize: false, threads: 3 });
    Tensor.zeros([1000]);
    dispose();
  };
  for (let i = 0; i < 10; i++) await cycle();
  const resident = process.memoryUsage.rss();
  const threads = threadsHere();
  for (let i = 0; i < CYCLES; i++) await cycle();
  // The system takes threads away when it has time to.
  for (let round = 0; round < 300 && threadsHere() > threads; round++) await setTimeout(100);
  assert.ok(threadsHere() <= threads, `${threadsHere()} threads, ${threads} before`);
  const grown = (process.memoryUsage.rss() - resident) / 2 ** 20;
  assert.ok(grown < 100, `${grown.toFixed(1)} MiB more`);
  await init(options);
});

test('a program ends by itself, without dispose', () => {
  const code = `
    import { init, Tensor, ops } from './src/index.ts';
    await init({ threads: 3 });
    const a = Tensor.zeros([300, 300]);
    console.log(String(ops.matMul(a, a).data[0]));`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', code];
  const cwd = new URL('../..', import.meta.url);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, timeout: 180_000 });
  assert.is(status, 0, String(stderr));
  assert.is(String(stdout), '0\n');
});

test('threads that make no sense, whether it runs or not', async () => {
  const bad = [0, -1, 1.5, Number.NaN, 65, 1e9, Number.POSITIVE_INFINITY, '2', null] as number[];
  for (const end of [dispose, () => init(options)]) {
    await end();
    for (const threads of bad)
      await rejects(
        () => init({ ...options, threads }),
        ValueError,
        "init: threads must be a whole number from 1 to 64 or 'auto'",
        String(threads),
      );
  }
  works();
});

/** Refuses shared memory of more than so many MiB while `body` runs. */
async function refusing(mib: number, body: () => Promise<void>): Promise<void> {
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      if (descriptor.shared && (descriptor.maximum ?? 0) > mib * 16) throw new RangeError('no');
      super(descriptor);
    }
  };
  try {
    await body();
  } finally {
    WebAssembly.Memory = Memory;
  }
}

test('where the engine refuses so much memory, half of it; where it refuses all, one thread', async () => {
  const told = await warnings(async () => {
    await refusing(300, () =>
      on({ threads: 2, maximumMemory: 1024 }, async () => {
        assert.is(backendInfo().threads, 2);
        works();
        await rejects(() => Tensor.zeros([300 << 18]), Error, '256.0 MiB is the limit');
      }),
    );
    await refusing(0, () =>
      on({ threads: 2, maximumMemory: 1024 }, () => {
        assert.is(backendInfo().threads, 1);
        assert.not.match(backendInfo().variant, 'threads');
        works();
      }),
    );
  });
  assert.is(told.length, 2);
  assert.match(told[0], 'cannot reserve 1024 MiB: 256 MiB is the limit');
  assert.match(told[1], 'one thread');
});

test('without cross-origin isolation: one thread, and one warning with both headers', async () => {
  const page = globalThis as { crossOriginIsolated?: boolean };
  const before = Object.getOwnPropertyDescriptor(page, 'crossOriginIsolated');
  Object.defineProperty(page, 'crossOriginIsolated', { value: false, configurable: true });
  const told = await warnings(async () => {
    for (let i = 0; i < 2; i++)
      await on(2, () => {
        assert.is(backendInfo().threads, 1);
        works();
      });
    await on(1, works);
  });
  if (before) Object.defineProperty(page, 'crossOriginIsolated', before);
  else delete page.crossOriginIsolated;
  assert.is(told.length, 1);
  assert.match(told[0], 'Cross-Origin-Opener-Policy: same-origin');
  assert.match(told[0], 'Cross-Origin-Embedder-Policy: require-corp');
});

test('a wasm for one thread, where threads are asked for, and the other way round', async () => {
  const bytes = (name: string) =>
    readFileSync(new URL(`../../build/${name}.wasm`, import.meta.url));
  const told = await warnings(() =>
    on({ threads: 2, wasm: bytes('simd') }, () => {
      assert.is(backendInfo().threads, 1);
      works();
    }),
  );
  assert.is(told.length, 1);
  assert.match(told[0], 'for one thread');
  dispose();
  await rejects(
    () => init({ threads: 1, wasm: bytes('simd-threads') }),
    EngineError,
    'a build for threads',
  );
  await init(options);
});

test('what is given out is not shared', () =>
  on(2, () => {
    const model = zoo.lenet5();
    const tensor = Tensor.from([1, 2]);
    assert.instance(model.toBytes().buffer, ArrayBuffer);
    assert.instance(tensor.data.slice().buffer, ArrayBuffer);
    assert.instance(tensor.data.buffer, SharedArrayBuffer);
    assert.ok(memory().bytes > 0);
    tensor.dispose();
    model.dispose();
  }));

test.run();
