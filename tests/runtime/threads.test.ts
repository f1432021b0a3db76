// Threads: the same bits for any number of them, who waits sleeps, who is lost is told, all end.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import workers from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import { type OpRecord, Program } from '../../bindings/program.js';
import {
  backendInfo,
  dispose,
  EngineError,
  type InitOptions,
  init,
  input,
  layers,
  Model,
  memory,
  ops,
  optimizers,
  type Sequential,
  Tensor,
  ValueError,
  zoo,
} from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { warnings } from '../helpers/console.js';
import { rejects, sameBits, weightsOf } from '../helpers/models.js';
import { numbers, random } from '../helpers/random.js';
import { options, simd } from '../helpers/start.js';

/** Runs `body` on so many threads, or with other options. */
async function on(given: number | InitOptions, body: () => void | Promise<void>): Promise<void> {
  dispose();
  await init({ ...options, ...(typeof given === 'number' ? { threads: given } : given) });
  try {
    await body();
  } finally {
    dispose();
    await init(options);
  }
}

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

/** Batch norm, Winograd both ways, a sum of branches, dropout, pooling, in tasks that do not divide evenly. */
function residual(): Model {
  const x = input([13, 11, 3]);
  const conv = (filters: number) =>
    layers.conv2d({ filters, kernelSize: 3, padding: 'same', algorithm: 'winograd' });
  const stem = layers.relu().apply(layers.batchNorm().apply(conv(40).apply(x)));
  const branch = layers.batchNorm().apply(conv(40).apply(stem));
  const sum = layers.relu().apply(layers.add().apply([branch, stem]));
  const small = layers
    .conv2d({ filters: 70, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' })
    .apply(layers.dropout({ rate: 0.2 }).apply(sum));
  const pooled = layers.flatten().apply(layers.maxPool2d({ poolSize: 2 }).apply(small));
  return new Model({ inputs: x, outputs: layers.dense({ units: 10 }).apply(pooled), seed: 3 });
}

const networks = {
  'LeNet-5': () => zoo.lenet5({ seed: 3 }),
  'a residual network': residual,
};

/** The strict build trains for as long as it was promised; what differs in the others shows at once. */
const STEPS = simd === 'strict' ? 50 : 10;

/** Its weights after some steps. */
function trained(
  make: () => Pick<Model, 'compile' | 'trainOnBatch' | 'inputShape' | 'weights' | 'dispose'>,
  steps = STEPS,
): Float32Array {
  const model = make();
  model.compile({
    optimizer: optimizers.sgd({ learningRate: 0.02, momentum: 0.9 }),
    loss: 'softmaxCrossEntropy',
  });
  const batch = 23;
  const x = numbers(batch * model.inputShape.reduce((a, b) => a * b), 5);
  const y = Int32Array.from({ length: batch }, (_, i) => (i * 7) % 10);
  for (let i = 0; i < steps; i++) model.trainOnBatch(x, y);
  const weights = weightsOf(model as never);
  model.dispose();
  return weights;
}

for (const [name, make] of Object.entries(networks)) {
  test(`${name}: the same bits after ${STEPS} steps on 1, 2, 3, 4 and 7 threads`, async () => {
    let expected: Float32Array | undefined;
    for (const threads of [1, 2, 3, 4, 7]) {
      await on(threads, () => {
        assert.is(backendInfo().threads, threads);
        assert.is(backendInfo().variant.endsWith('-threads'), threads > 1);
        const weights = trained(make);
        assert.ok(weights.every(Number.isFinite));
        expected ??= weights;
        sameBits(weights, expected, `on ${threads} threads`);
      });
    }
  });
}

const [ROWS, PANELS] = [51, 5];
/** Columns of a panel of the tile in use. */
const panelWidth = (): number => Number(backend().info.tile.split('×')[1]);
/** Floats that `shuffle` shuffles. */
const shuffledFloats = (): number => ROWS * PANELS * panelWidth();

/**
 * A copy from one buffer to another that shuffles: packing a matrix of ROWS rows whose rows are the
 * panels of the one before. Every task reads what all tasks of the op before wrote, and whatever
 * goes wrong once is carried to the end.
 */
function shuffle(packed: number, b: number, shared = true): OpRecord<'pack'> {
  const n = PANELS * panelWidth();
  return {
    kernel: 'pack',
    args: { packed, b, k: ROWS, n, ldb: n, groups: 1, transpose: 0 },
    shared,
  };
}

/** What `times` shuffles make of x. */
function shuffled(x: Float32Array, times: number): Float32Array {
  const width = panelWidth();
  let result = x.slice();
  for (let i = 0; i < times; i++) {
    const from = result;
    result = new Float32Array(x.length);
    for (let row = 0; row < ROWS; row++) {
      for (let panel = 0; panel < PANELS; panel++) {
        const at = (row * PANELS + panel) * width;
        result.set(from.subarray(at, at + width), (panel * ROWS + row) * width);
      }
    }
  }
  return result;
}

for (const threads of [2, 3]) {
  test(`${threads} threads meet around thousands of ops, of which thread 0 does some alone`, () =>
    on(threads, () => {
      const LENGTH = 4000;
      const [a, b] = [random([shuffledFloats()], 1), Tensor.zeros([shuffledFloats()])];
      const record = (i: number): OpRecord => {
        const [to, from] = i % 2 ? [a, b] : [b, a];
        return shuffle(to.address, from.address, i % 3 > 0 && i % 7 > 1);
      };
      const chain = new Program(
        backend(),
        Array.from({ length: LENGTH }, (_, i) => record(i)),
      );
      const first = a.data.slice() as Float32Array;
      for (const round of [1, 2, 3]) {
        chain.run();
        close(a.data, shuffled(first, round * LENGTH), {});
      }
      chain.dispose();
      free(a, b);
    }));
}

/**
 * Processor time over time that passes, in all threads of the process: the least of several times, as the engine
 * compiles beside what is measured. Threads that spin do so each time.
 */
async function busy(body: () => unknown): Promise<number> {
  const shares: number[] = [];
  for (let round = 0; round < 5; round++) {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    await body();
    const { user, system } = process.cpuUsage(cpu);
    shares.push((user + system) / 1000 / (performance.now() - start));
  }
  return Math.min(...shares);
}

test('threads sleep while there is nothing to do, and while others do it', () =>
  on(4, async () => {
    trained(networks['LeNet-5'], 10);
    assert.ok((await busy(() => setTimeout(100))) < 0.25, 'idle');
    // Average pooling to two lines, a task each, of which one sees a single line of the image.
    const SIDE = 200;
    const x = random([SIDE, 2 * SIDE, 4], 1);
    const y = Tensor.zeros([2, SIDE, 4]);
    const window = { pixelChannels: 4, channels: 4, kernelHeight: SIDE, kernelWidth: SIDE };
    const image = { batch: 1, height: SIDE, width: 2 * SIDE - 1, padTop: 0, padLeft: 0 };
    const steps = { strideHeight: SIDE - 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1 };
    const size = { outputHeight: 2, outputWidth: SIDE };
    const args = { ...window, ...image, ...steps, ...size, y: y.address, x: x.address };
    const slow = new Program(backend(), [{ kernel: 'averagePool', args }]);
    slow.run();
    const share = await busy(() => {
      for (let i = 0; i < 4; i++) slow.run();
    });
    assert.ok(share < 1.5, `${share} of four threads worked on what one has to do`);
    slow.dispose();
    free(x, y);
  }));

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

test('two models train in turns as each alone', () =>
  on(3, () => {
    const batch = 9;
    const y = Int32Array.from({ length: batch }, (_, i) => i);
    const begin = (make: () => Model | Sequential) => {
      const model = make() as Sequential;
      model.compile({ optimizer: optimizers.adam(), loss: 'softmaxCrossEntropy' });
      const x = numbers(batch * model.inputShape.reduce((a, b) => a * b), 1);
      return { model, step: () => model.trainOnBatch(x, y) };
    };
    const alone = Object.values(networks).map((make) => {
      const { model, step } = begin(make as () => Sequential);
      for (let i = 0; i < 5; i++) step();
      const weights = weightsOf(model);
      model.dispose();
      return weights;
    });
    const both = Object.values(networks).map((make) => begin(make as () => Sequential));
    for (let i = 0; i < 5; i++) for (const { step } of both) step();
    both.forEach(({ model }, i) => {
      sameBits(weightsOf(model), alone[i], `model ${i}`);
      model.dispose();
    });
  }));

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
