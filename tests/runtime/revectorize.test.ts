// 256-bit code and the wide register tile: the same bits as without, never trusted unchecked, and no more
// than a warning where the engine has none.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Backend, backend, start, type TileVerdict } from '../../bindings/backend.js';
import { backendInfo, dispose, init, ops, Tensor } from '../../src/index.js';
import { compareTiles } from '../../src/runtime/tile.js';
import { trainedBits } from '../helpers/bits.js';
import { warnings } from '../helpers/console.js';
import { numbers } from '../helpers/random.js';
import { options, simd } from '../helpers/start.js';

const useWide = (wide: boolean): void => backend().exports.useWideTile(wide ? 1 : 0);

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
  useWide(backendInfo().revectorized);
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
  useWide(backendInfo().revectorized);
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
    ['wide', true, 'passed', `${rows}×16`],
    ['narrow', false, 'passed', `${rows}×8`],
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
      return () => 'narrow';
    });
    assert.is(backendInfo().selfCheck, 'none');
  });
  assert.not(compared);
});

test('both tiles are right here, and one of them is left in use', () => {
  const used: boolean[] = [];
  const verdict = compareTiles((wide) => {
    used.push(wide);
    useWide(wide);
  });
  assert.ok(verdict === 'wide' || verdict === 'narrow');
  assert.is(used.at(-1), verdict === 'wide');
  useWide(backendInfo().revectorized);
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
    useWide(backendInfo().revectorized);
  }
});

test.run();
