// Threads: the same bits for any number of them, and who waits sleeps. How they come and go: tests/platform/threads.test.ts.

import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import { type OpRecord, Program } from '../../bindings/program.js';
import {
  backendInfo,
  type Model,
  optimizers,
  type Sequential,
  Tensor,
  zoo,
} from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { sameBits, weightsOf } from '../helpers/models.js';
import { numbers, random } from '../helpers/random.js';
import { simd } from '../helpers/start.js';
import { on, residual } from '../helpers/threads.js';

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

test.run();
