// Damaged and hostile ONNX files: a model or a FormatError each, in little memory, whatever is changed in them.

import { test } from 'uvu';
import { FormatError, ValueError } from '../../../src/index.js';
import { readOnnx } from '../../../src/io/onnx/read.js';
import { damagedBytes, damagedMessages } from '../../helpers/damage.js';
import { CASES, fuzz } from '../../helpers/fuzz.js';
import { rejects } from '../../helpers/models.js';
import { numbers } from '../../helpers/random.js';
import '../../helpers/start.js';
import { fileOf, ints } from './file.js';

const floats = (dims: number[], seed: number) => ({
  dims,
  numbers: [
    ...numbers(
      dims.reduce((product, side) => product * side, 1),
      seed,
    ),
  ],
});

/** Windows, weights, and a head. */
const convnet = fileOf({
  inputs: [{ name: 'x', dims: ['batch', 2, 5, 4] }],
  nodes: [
    ['Conv', ['x', 'w', 'b'], 'conv', { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }],
    ['BatchNormalization', ['conv', 'b', 'b', 'b', 'ones'], 'norm', { epsilon: { float: 1e-3 } }],
    ['Clip', ['norm', '', 'six'], 'clip'],
    ['MaxPool', ['clip'], 'pool', { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }],
    ['GlobalAveragePool', ['pool'], 'mean'],
    ['Flatten', ['mean'], 'flat'],
    ['Gemm', ['flat', 'head', 'bias'], 'y', { transB: 1 }],
  ],
  arrays: {
    w: floats([3, 2, 3, 3], 1),
    b: floats([3], 2),
    ones: { dims: [3], numbers: [1, 1, 1] },
    six: { dims: [], numbers: [6] },
    head: floats([2, 3], 3),
    bias: floats([2], 4),
  },
});

/** Sizes that are computed, and moves of numbers. */
const shapes = fileOf({
  inputs: [{ name: 'x', dims: [1, 2, 4, 4] }],
  nodes: [
    ['Shape', ['x'], 'shape'],
    ['Gather', ['shape', 'zero'], 'batch', { axis: 0 }],
    ['Unsqueeze', ['batch', 'first'], 'one'],
    ['Concat', ['one', 'rest'], 'sides', { axis: 0 }],
    ['Resize', ['x', '', 'twice'], 'large', { mode: 'nearest' }],
    ['Slice', ['large', 'begin', 'end', 'axes'], 'part'],
    ['Pad', ['part', 'pads'], 'padded', { mode: 'constant' }],
    ['Transpose', ['padded'], 'turned', { perm: [0, 2, 3, 1] }],
    ['Reshape', ['turned', 'sides'], 'rows'],
    ['ReduceMean', ['rows'], 'means', { axes: [2], keepdims: 1 }],
    ['Sub', ['rows', 'means'], 'y'],
  ],
  arrays: {
    zero: { dims: [], numbers: [0], int: true },
    first: ints(0),
    rest: ints(-1, 2),
    twice: { dims: [4], numbers: [1, 1, 2, 2] },
    begin: ints(1, 1),
    end: ints(6, 6),
    axes: ints(2, 3),
    pads: ints(0, 0, 1, 0, 0, 0, 0, 1),
  },
});

/** Conditions, what they choose, and rows by their numbers. */
const choices = fileOf({
  inputs: [{ name: 'x', dims: ['batch', 4, 3] }],
  nodes: [
    ['CumSum', ['x', 'axis'], 'sums', { reverse: 1 }],
    ['GreaterOrEqual', ['sums', 'edge'], 'above'],
    ['IsNaN', ['x'], 'none'],
    ['Or', ['above', 'none'], 'mask'],
    ['Cast', ['mask'], 'ones', { to: 1 }],
    ['Cast', ['ones'], 'again', { to: 9 }],
    ['Where', ['again', 'x', 'edge'], 'chosen'],
    ['ArgMax', ['chosen'], 'best', { axis: 1, keepdims: 0 }],
    ['Cast', ['best'], 'rows', { to: 6 }],
    ['Gather', ['table', 'rows'], 'taken'],
    ['Atan', ['taken'], 'y'],
  ],
  arrays: { axis: ints(1), edge: floats([3], 5), table: floats([4, 2], 6) },
});

const read = async (file: Uint8Array): Promise<void> => (await readOnnx(file)).dispose();
/** The file may leave open what a network must know. */
const allows = (error: Error): boolean =>
  error instanceof ValueError && error.message.includes('inputShape');

test('files as they are can be read', async () => {
  await read(convnet);
  await read(shapes);
  await read(choices);
});

for (const [how, files, cases, taken, refused] of [
  ['fields', damagedMessages([convnet, shapes, choices]), (3 * CASES) / 4, 1000, 5000],
  ['bytes', damagedBytes([convnet, shapes, choices]), CASES / 4, 100, 2000],
] as const) {
  test(`files with other ${how}`, () =>
    fuzz({ name: 'readOnnx', files, read, allows, cases, taken, refused }));
}

test('a file that is cut off anywhere is refused', async () => {
  // The numbers of the last array end it.
  for (let length = 0; length < convnet.length; length += length < 300 ? 1 : 7)
    await rejects(() => readOnnx(convnet.subarray(0, length)), FormatError, 'readOnnx: ');
});

test.run();
