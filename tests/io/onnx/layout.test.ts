// Where axes lie: random chains of transposes, reshapes, slices and joins give what the same operators on a plain array
// give, whatever the reader does to avoid moving numbers.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Model, Tensor } from '../../../src/index.js';
import {
  gathered,
  joined,
  reshapedConstant,
  transposedConstant,
} from '../../../src/io/importing/constants.js';
import { Constant } from '../../../src/io/importing/value.js';
import { readOnnx } from '../../../src/io/onnx/read.js';
import '../../helpers/start.js';
import { fileOf, ints, type NodeOf } from './file.js';

/** Whole numbers from 0 to `most` − 1, the same ones for the same seed (a linear congruential generator). */
function dice(seed: number): (most: number) => number {
  let state = seed * 7919 + 17;
  return (most) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * most);
  };
}

type Arrays = Parameters<typeof fileOf>[0]['arrays'] & object;

/** A chain under construction: its nodes, and the array that they must give. */
interface Chain {
  readonly nodes: NodeOf[];
  readonly arrays: Record<string, Arrays[string]>;
  value: Constant;
}

const last = ({ nodes }: Chain): string => nodes.at(-1)?.[2] ?? 'x';
const next = ({ nodes }: Chain): string => `v${nodes.length}`;

function addTranspose(chain: Chain, roll: (most: number) => number, keepsFirst: boolean): void {
  const axes = [...chain.value.shape.keys()];
  const order = keepsFirst ? [axes.shift() as number] : [];
  while (axes.length > 0) order.push(...axes.splice(roll(axes.length), 1));
  chain.nodes.push(['Transpose', [last(chain)], next(chain), { perm: order }]);
  chain.value = transposedConstant(chain.value, order);
}

/** Merges two neighbours, or splits an axis. */
function addReshape(chain: Chain, roll: (most: number) => number): void {
  const shape = [...chain.value.shape];
  const axis = 1 + roll(shape.length - 1);
  const side = shape[axis];
  const divisor = [2, 3].find((one) => side % one === 0);
  if (divisor && (shape.length < 4 || roll(2))) shape.splice(axis, 1, divisor, side / divisor);
  else if (axis + 1 < shape.length) shape.splice(axis, 2, side * shape[axis + 1]);
  else shape.push(1);
  const name = `shape${chain.nodes.length}`;
  chain.arrays[name] = ints(...shape);
  chain.nodes.push(['Reshape', [last(chain), name], next(chain)]);
  chain.value = reshapedConstant(chain.value, shape);
}

/** Takes a part of an axis, or turns it round. */
function addSlice(chain: Chain, roll: (most: number) => number): void {
  const axis = 1 + roll(chain.value.shape.length - 1);
  const side = chain.value.shape[axis];
  const turns = roll(3) === 0;
  const begin = turns ? side - 1 : roll(side);
  const indices = turns
    ? Array.from({ length: side }, (_, i) => side - 1 - i)
    : Array.from({ length: side - begin }, (_, i) => begin + i);
  const n = chain.nodes.length;
  const words = { starts: begin, ends: turns ? -1000 : 1000, axes: axis, steps: turns ? -1 : 1 };
  const names = Object.entries(words).map(([word, value]) => {
    chain.arrays[`${word}${n}`] = ints(value);
    return `${word}${n}`;
  });
  chain.nodes.push(['Slice', [last(chain), ...names], next(chain)]);
  chain.value = gathered(chain.value, axis, indices);
}

/** Joins the value to itself. */
function addConcat(chain: Chain, roll: (most: number) => number): void {
  if (chain.value.size > 2000) return;
  const axis = 1 + roll(chain.value.shape.length - 1);
  chain.nodes.push(['Concat', [last(chain), last(chain)], next(chain), { axis }]);
  chain.value = joined([chain.value, chain.value], axis);
}

/** How exporters pick queries and keys of [2, batch, heads, steps, features]. */
const picks: Readonly<Record<string, { nodes: NodeOf[]; arrays: Arrays }>> = {
  'slices of which an axis is squeezed': {
    nodes: [
      ['Slice', ['both', 'zero', 'one', 'zero'], 'q1'],
      ['Squeeze', ['q1', 'zero'], 'q'],
      ['Slice', ['both', 'one', 'two', 'zero'], 'k1'],
      ['Squeeze', ['k1', 'zero'], 'k'],
    ],
    arrays: { zero: ints(0), one: ints(1), two: ints(2) },
  },
  'gathered by a number': {
    nodes: [
      ['Gather', ['both', 'zero'], 'q', { axis: 0 }],
      ['Gather', ['both', 'one'], 'k', { axis: 0 }],
    ],
    arrays: { zero: { ...ints(0), dims: [] }, one: { ...ints(1), dims: [] } },
  },
};

for (const [how, { nodes, arrays }] of Object.entries(picks)) {
  test(`queries and keys picked in front of an open batch: ${how}`, async () => {
    const [samples, steps, heads, features] = [3, 5, 2, 4];
    const file = fileOf({
      nodes: [
        ['Reshape', ['x', 'shape'], 'split'],
        ['Transpose', ['split'], 'both', { perm: [2, 0, 3, 1, 4] }],
        ...nodes,
        ['Transpose', ['k'], 'turned', { perm: [0, 1, 3, 2] }],
        ['MatMul', ['q', 'turned'], 'y'],
      ],
      arrays: { ...arrays, shape: ints(0, steps, 2, heads, features) },
      inputs: [{ name: 'x', dims: ['batch', steps, 2 * heads * features] }],
    });
    const model = await readOnnx(file);
    assert.equal(model.outputShape, [heads, steps, steps]);
    const x = Float32Array.from(
      { length: samples * steps * 2 * heads * features },
      (_, i) => i % 7,
    );
    const at = (n: number, step: number, which: number, head: number, f: number): number =>
      x[(((n * steps + step) * 2 + which) * heads + head) * features + f];
    const y = model.predict(x) as Tensor;
    const wanted: number[] = [];
    for (let n = 0; n < samples; n++)
      for (let head = 0; head < heads; head++)
        for (let a = 0; a < steps; a++)
          for (let b = 0; b < steps; b++) {
            let sum = 0;
            for (let f = 0; f < features; f++) sum += at(n, a, 0, head, f) * at(n, b, 1, head, f);
            wanted.push(sum);
          }
    assert.equal([...y.numbers], wanted);
    y.dispose();
    model.dispose();
  });
}

for (const mode of ['a batch', 'given whole'] as const) {
  test(`random chains of moves: ${mode}`, async () => {
    for (let seed = 0; seed < 60; seed++) {
      const roll = dice(seed);
      const shape = [2, ...Array.from({ length: 2 + roll(3) }, () => [1, 2, 3, 4, 6][roll(5)])];
      const size = shape.reduce((product, side) => product * side, 1);
      const x = Float32Array.from({ length: size }, (_, i) => i + 1);
      const chain: Chain = { nodes: [], arrays: {}, value: new Constant(shape, 'float', x) };
      const isBatch = mode === 'a batch';
      for (let step = 0; step < 6; step++) {
        const kind = roll(5);
        if (kind < 2) addTranspose(chain, roll, isBatch);
        else if (kind === 2) addReshape(chain, roll);
        else if (kind === 3) addSlice(chain, roll);
        else addConcat(chain, roll);
      }
      const file = fileOf({
        nodes: [...chain.nodes, ['Relu', [last(chain)], 'y']],
        arrays: chain.arrays,
        inputs: [{ name: 'x', dims: shape }],
      });
      const model: Model = await readOnnx(file, { layout: 'nchw' });
      const y = model.predict(Tensor.from(x, shape)) as Tensor;
      assert.equal(y.shape, chain.value.shape, `seed ${seed}: shape`);
      assert.equal([...y.numbers], [...(chain.value.data as Float32Array)], `seed ${seed}`);
      y.dispose();
      model.dispose();
    }
  });
}

test.run();
