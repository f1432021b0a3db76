// 256-bit code and the wide register tile: the same bits as without, never trusted unchecked, and no more
// than a warning where the engine has none.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Backend, backend, start, type TileVerdict } from '../../bindings/backend.js';
import { purpose, Random } from '../../src/base/random.js';
import { backendInfo, dispose, init, ops, Tensor } from '../../src/index.js';
import { compareTiles, judge, type Turn } from '../../src/runtime/tile.js';
import { trainedBits } from '../helpers/bits.js';
import { warnings } from '../helpers/console.js';
import { numbers } from '../helpers/random.js';
import { options, simd } from '../helpers/start.js';

const useWide = (wide: boolean): boolean => backend().useTile(wide);
const isOwnWide = backendInfo().tile.endsWith('×16');
/** The tile that was in use before a test. */
const useOwn = (): boolean => useWide(isOwnWide);

/** Runs `body` with nothing on the console but what it returns, and a backend of its own. */
async function apart(body: () => Promise<void>): Promise<string[]> {
  dispose();
  try {
    return await warnings(body);
  } finally {
    dispose();
    await init(options);
  }
}

/** Trains in a process of its own. */
function trainedElsewhere(revectorize: boolean, ...flags: string[]) {
  const program = fileURLToPath(new URL('../helpers/bits.ts', import.meta.url));
  const env = {
    ...process.env,
    WASMGRAD_SIMD: simd,
    WASMGRAD_REVECTORIZE: revectorize ? '1' : '0',
  };
  const args = [...flags, '--import', 'tsx', program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  return { bits: stdout.trim(), stderr };
}

test('the wide tile gives the same bits as the narrow one', () => {
  useWide(false);
  const narrow = trainedBits();
  useWide(true);
  const wide = trainedBits();
  useOwn();
  assert.is(wide, narrow);
});

test('panels of every width hold the same numbers', () => {
  for (let n = 7; n <= 34; n++) {
    const [narrow, wide] = [false, true].map((on) => {
      useWide(on);
      const a = Tensor.from(numbers(5 * 7, 1), [5, 7]);
      const b = Tensor.from(numbers(7 * n, 2), [7, n]);
      return ops.matMul(a, b).data.slice();
    });
    assert.equal(wide, narrow, `${n} columns`);
  }
  useOwn();
});

test('256-bit code gives the same bits; where there is none, one warning says so', () => {
  const plain = trainedElsewhere(false, '--no-liftoff');
  const asked = trainedElsewhere(true);
  const all = trainedElsewhere(true, '--no-liftoff');
  assert.match(plain.bits, /^[0-9a-f]{64}$/, plain.stderr);
  assert.is(asked.bits, plain.bits, asked.stderr);
  assert.is(all.bits, plain.bits, all.stderr);
  const warnings = asked.stderr.match(/wasmgrad: init\(\{ revectorize: true \}\)/g) ?? [];
  assert.is(plain.stderr, '');
  assert.ok(warnings.length <= 1, asked.stderr);
});

test('the verdict decides, and backendInfo tells', async () => {
  const [rows] = backendInfo().tile.split('×');
  const cases: [TileVerdict, boolean, string, string][] = [
    [{ revectorized: true, wide: true }, true, 'passed', `${rows}×16`],
    [{ revectorized: true, wide: false }, true, 'passed', `${rows}×8`],
    [{ revectorized: false, wide: false }, false, 'passed', `${rows}×8`],
    ['wrong', false, 'failed', `${rows}×8`],
  ];
  const lines = await apart(async () => {
    for (const [verdict, revectorized, selfCheck, tile] of cases) {
      await start({ simd, revectorize: true }, async () => () => verdict);
      const info = backendInfo();
      assert.equal([info.revectorized, info.selfCheck, info.tile], [revectorized, selfCheck, tile]);
      const [a, b] = [Tensor.from([[1, 2]]), Tensor.from([[3], [5]])];
      assert.is(ops.matMul(a, b).data[0], 13);
      dispose();
    }
  });
  assert.ok(lines.length <= 1, 'no more than one warning in a process');
});

test('without being asked nothing is checked', async () => {
  let compared = false;
  await apart(async () => {
    await start({ simd }, async () => {
      compared = true;
      return () => 'wrong';
    });
    assert.is(backendInfo().selfCheck, 'none');
  });
  assert.not(compared);
});

test('both tiles are right here, and one of them is left in use', () => {
  const used: boolean[] = [];
  const verdict = compareTiles((wide) => {
    used.push(wide);
    return useWide(wide);
  });
  assert.is.not(verdict, 'wrong');
  if (verdict === 'wrong') return;
  assert.is(used.at(-1), verdict.wide);
  assert.ok(verdict.revectorized || !verdict.wide, 'the wide tile pays in 256-bit code alone');
  useOwn();
});

/** What `judge` says of a machine's turns, and how many it took. */
function judged(turn: () => Turn) {
  let turns = 0;
  const verdict = judge(() => {
    turns++;
    return turn();
  });
  return { verdict, turns };
}

/**
 * Timings on a busy machine, whose wide tile is `speed` times as fast as the narrow one: each half of a turn is up to
 * 30 % slower than it would be alone, and one in six takes two to ten times as long, as something else ran meanwhile.
 */
function noisy(speed: number, seed: number): () => Turn {
  const random = new Random(seed, purpose.shuffle);
  const half = (alone: number): number => {
    const time = alone * (1 + 0.3 * random.uniform());
    return random.uniform() < 1 / 6 ? time * (2 + 8 * random.uniform()) : time;
  };
  return () => [half(0.2), half(0.2 / speed)];
}

test('the verdict is the same in every noise', () => {
  const cases = [
    // Without 256-bit code, as it was measured with one build and the other.
    [0.62, { revectorized: false, wide: false }],
    [0.86, { revectorized: false, wide: false }],
    // With it, on an Intel Xeon and on a Zen 5.
    [1.3, { revectorized: true, wide: true }],
    [2, { revectorized: true, wide: true }],
  ] as const;
  for (const [speed, verdict] of cases)
    for (let seed = 0; seed < 500; seed++)
      assert.equal(judged(noisy(speed, seed)).verdict, verdict, `${speed} ×, seed ${seed}`);
  // On another Xeon hardly faster than the narrow one: which is used matters little, but 256-bit code there is.
  for (let seed = 0; seed < 500; seed++)
    assert.ok(judged(noisy(1.05, seed)).verdict.revectorized, `1.05 ×, seed ${seed}`);
});

test('it takes more turns only where few do not say it clearly', () => {
  const taken = (speed: number): number =>
    Array.from({ length: 20 }, (_, seed) => judged(noisy(speed, seed)).turns).reduce(
      (sum, turns) => sum + turns / 20,
      0,
    );
  assert.is(judged(() => [1, 1 / 1.3]).turns, 25);
  for (const speed of [0.43, 1.5, 2]) assert.ok(taken(speed) < 40, `${speed} ×`);
  assert.ok(taken(0.97) > 70);
});

test('without noise the border between the tiles is where they are as fast', () => {
  const quiet = (speed: number) => judge(() => [1, 1 / speed]);
  assert.equal(quiet(0.99), { revectorized: true, wide: false });
  assert.equal(quiet(1.01), { revectorized: true, wide: true });
});

test('a build without the wide tile says neither', () => {
  const used: boolean[] = [];
  const verdict = compareTiles((wide) => {
    used.push(wide);
    return useWide(false);
  });
  assert.equal(verdict, { revectorized: false, wide: false });
  useOwn();
});

test('code that computes something else is noticed', () => {
  const running = backend() as { run: Backend['run'] };
  const { run } = running;
  try {
    // One op of each program is left out.
    running.run = (address, first, last) => run(address, first, last - 1);
    assert.is(compareTiles(useWide), 'wrong');
  } finally {
    running.run = run;
    useOwn();
  }
});

test.run();
