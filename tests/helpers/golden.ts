// What PyTorch computed, read back: cases of inputs that both sides make, options, and results.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/base/shape.js';
import { Tensor } from '../../src/index.js';
import {
  emitUpdate,
  optimizerState,
  type Run,
  SETTINGS,
  writeSettings,
} from '../../src/operators/optimizer/optimizer.emit.js';
import { asValue, type Value } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import type { Optimizer } from '../../src/training/optimizers.js';
import { close } from './close.js';
import { numbers } from './random.js';

/** How each op's case is replayed: all its outputs by name. */
export type Replay = Record<string, (inputs: Tensors, options: never) => Outputs>;

/** An input: `numbers` of a seed, scaled and shifted. */
export interface Spec {
  shape: number[];
  seed: number;
  scale: number;
  shift?: number;
}

/** Outputs by name. */
export type Stored = Record<string, { shape: number[]; float32: string }>;

interface Case {
  name: string;
  op: string;
  inputs: Record<string, Spec>;
  options: Record<string, unknown>;
  outputs: Stored;
}

export type Tensors = Record<string, Tensor>;
export type Outputs = Record<string, Tensor | number>;

/** The input that a spec stands for. */
export function made({ shape, seed, scale, shift = 0 }: Spec): Tensor {
  return Tensor.from(
    numbers(sizeOf(shape), seed).map((x) => x * scale + shift),
    shape,
  );
}

/** The numbers of an output. */
export function unpacked(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
}

/**
 * A test for each case of a file beside `from`: `replay` has a function for each op that gives all outputs
 * by name. They are held to `tolerance`, a share of an output's largest magnitude.
 */
export function replayAll(file: string, from: string, replay: Replay, tolerance: number): void {
  const { cases } = JSON.parse(readFileSync(new URL(file, from), 'utf8')) as { cases: Case[] };
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
        close(actual, expected, { atol: tolerance * size }, key);
      }
    });
  }

  test(`${file} has a case for every op`, () => {
    assert.equal([...new Set(cases.map(({ op }) => op))].sort(), Object.keys(replay).sort());
  });
}

/** Parameters one after another, some of which decay. */
export function runsOf(
  parameters: Value,
  parts: readonly { count: number; decay: boolean }[],
): Run[] {
  let end = 0;
  return parts.map(({ count, decay }) => {
    const offset = end;
    end += count;
    return { parameters: parameters.view([count], offset), offset, decay };
  });
}

/** The parameters after each step, whose gradient is the next row of `gradients`. */
export function descend(
  optimizer: Optimizer,
  { parameters, gradients }: Tensors,
  parts = [{ count: parameters.size, decay: true }],
): Tensor {
  const settings = Tensor.zeros([SETTINGS]);
  const gradient = Tensor.zeros(parameters.shape);
  const state = optimizerState(optimizer).map(() => Tensor.zeros(parameters.shape));
  const steps = Tensor.zeros(gradients.shape);
  const flat = {
    runs: runsOf(asValue(parameters), parts),
    gradients: asValue(gradient),
    state: state.map(asValue),
    settings: asValue(settings),
  };
  for (let step = 0; step < steps.shape[0]; step++) {
    const at = step * parameters.size;
    gradient.data.set(gradients.data.subarray(at, at + parameters.size));
    writeSettings(optimizer, step, settings.data as Float32Array, 0);
    compute([], (e) => emitUpdate(e, optimizer, flat));
    steps.data.set(parameters.data, at);
  }
  return steps;
}
