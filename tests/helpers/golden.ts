// Ops and their gradients against what PyTorch computed: replays the cases that tests/golden/*.py write.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Tensor } from '../../src/index.js';
import { sizeOf } from '../../src/shape.js';
import { close } from './close.js';
import { numbers } from './random.js';

/**
 * Of an output's largest magnitude. The files are right to half an ulp (2⁻²⁵); ours sum up to 4608
 * float32 products and chain a handful of such sums. The worst measured, a variance taken about a
 * chunk's first row, is 22·2⁻²⁴, all convolutions stay below 5·2⁻²⁴: three times the worst.
 */
const TOLERANCE = 2 ** -18;

interface Case {
  name: string;
  op: string;
  inputs: Record<string, { shape: number[]; seed: number; scale: number; shift?: number }>;
  options: Record<string, unknown>;
  outputs: Record<string, { shape: number[]; float32: string }>;
}

export type Tensors = Record<string, Tensor>;
export type Outputs = Record<string, Tensor | number>;

/** How each op's case is replayed: all its outputs by name. */
export type Replay = Record<string, (inputs: Tensors, options: never) => Outputs>;

function made({ shape, seed, scale, shift = 0 }: Case['inputs'][string]): Tensor {
  return Tensor.from(
    numbers(sizeOf(shape), seed).map((x) => x * scale + shift),
    shape,
  );
}

function unpacked(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
}

/** Makes a test of each case of a file in tests/golden/, and one that no op is without a case. */
export function replayCases(file: string, replay: Replay): void {
  const { cases } = JSON.parse(
    readFileSync(new URL(`../golden/${file}`, import.meta.url), 'utf8'),
  ) as { cases: Case[] };
  for (const { name, op, inputs, options, outputs } of cases) {
    test(name, () => {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([key, spec]) => [key, made(spec)]),
      );
      const results = replay[op](tensors, options as never);
      assert.equal(Object.keys(results).sort(), Object.keys(outputs).sort());
      for (const [key, { shape, float32 }] of Object.entries(outputs)) {
        const result = results[key];
        const actual = typeof result === 'number' ? [result] : result.data;
        if (typeof result !== 'number') assert.equal(result.shape, shape, key);
        const expected = unpacked(float32);
        const size = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        close(actual, expected, { atol: TOLERANCE * size }, key);
      }
    });
  }

  test(`${file} has a case for every op`, () => {
    assert.equal([...new Set(cases.map(({ op }) => op))].sort(), Object.keys(replay).sort());
  });
}
