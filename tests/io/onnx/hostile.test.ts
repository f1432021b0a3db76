// ONNX files that are made to harm: names that leave the model's folder, places outside files, enormous sizes, deep
// nesting. Each is refused by what it declares, before anything of that size is made.

import { PbfWriter } from 'pbf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shown } from '../../../src/base/shown.js';
import { FormatError, memory } from '../../../src/index.js';
import { readOnnx } from '../../../src/io/onnx/read.js';
import { rejects } from '../../helpers/models.js';
import '../../helpers/start.js';
import { fileOf, ints, type NodeOf } from './file.js';

type Options = Parameters<typeof readOnnx>[1];

const refuse = (file: Uint8Array, options: Options, ...parts: string[]): Promise<void> =>
  rejects(() => readOnnx(file, options), FormatError, 'readOnnx: ', ...parts);

/** y = x + w, whose array w is in another file. A message after another is a part of it: protocol buffers merge them. */
function withExternal(dims: number[], entries: Record<string, string>): Uint8Array {
  const file = fileOf({
    nodes: [['Add', ['x', 'w'], 'y']],
    inputs: [{ name: 'x', dims: ['batch', 2] }],
  });
  // The graph is the last field of the file, and its length the two bytes before it.
  const graph = new PbfWriter();
  graph.writeMessage(
    5,
    (_, pbf: PbfWriter) => {
      for (const side of dims) pbf.writeVarintField(1, side);
      pbf.writeVarintField(2, 1);
      pbf.writeStringField(8, 'w');
      for (const [key, value] of Object.entries(entries))
        pbf.writeMessage(
          13,
          (_, entry: PbfWriter) => {
            entry.writeStringField(1, key);
            entry.writeStringField(2, value);
          },
          undefined,
        );
      pbf.writeVarintField(14, 1);
    },
    undefined,
  );
  const more = graph.finish();
  const { start, length } = graphOf(file);
  const head = new PbfWriter();
  head.writeVarint(length + more.length);
  return Buffer.concat([
    file.subarray(0, start.length),
    head.finish(),
    file.subarray(start.body),
    more,
  ]);
}

/** Where the graph's length is in a file, and where it begins. */
function graphOf(file: Uint8Array): { start: { length: number; body: number }; length: number } {
  for (let at = 0; at < file.length; at++) {
    // Field 7, with a length: here of less than 128 bytes.
    if (file[at] === 0x3a && file[at + 1] === file.length - at - 2)
      return { start: { length: at + 1, body: at + 2 }, length: file[at + 1] };
  }
  throw new Error('the file has no graph of less than 128 bytes');
}

test('numbers in another file: found, or refused by name and place', async () => {
  const bytes = new Uint8Array(Float32Array.of(0, 5, 7, 0).buffer);
  const externalData = { 'w.bin': bytes };
  const at = (offset: string, length: string) =>
    withExternal([2], { location: 'w.bin', offset, length });
  const model = await readOnnx(at('4', '8'), { externalData });
  model.dispose();
  await refuse(at('12', '8'), { externalData }, "'w'", "'w.bin'", '8 bytes from byte 12', '16');
  await refuse(at('9007199254740992', '8'), { externalData }, "'w.bin'", '9007199254740992');
  await refuse(at('-4', '8'), { externalData }, 'byte -4');
  await refuse(at('4', '12'), { externalData }, '12 bytes', '2 numbers');
  await refuse(at('x', '8'), { externalData }, 'NaN');
  await refuse(withExternal([2], {}), { externalData }, "'w'", 'whose name is missing');
  await refuse(at('4', '8'), {}, "'w.bin'", 'externalData');
});

test('names of other files that leave the folder are refused before anybody is asked for them', async () => {
  const asked: string[] = [];
  const externalData = (name: string) => {
    asked.push(name);
    return new Uint8Array(8);
  };
  const bad = ['../w', 'a/../../w', '/etc/passwd', '\\\\server\\w', 'C:\\w', 'a\\..\\..\\w', '..'];
  for (const location of bad)
    await refuse(withExternal([2], { location }), { externalData }, shown(location), 'folder');
  assert.equal(asked, []);
  (
    await readOnnx(withExternal([2], { location: 'weights/..w/w.bin' }), { externalData })
  ).dispose();
  assert.equal(asked, ['weights/..w/w.bin']);
});

const x = [{ name: 'x', dims: ['batch', 3, 8, 8] }];
const huge = 2 ** 31;
const enormous: Record<string, [nodes: NodeOf[], ...sizes: number[][]]> = {
  ConstantOfShape: [
    [
      ['ConstantOfShape', ['a'], 'c'],
      ['Add', ['x', 'c'], 'y'],
    ],
    [1e5, 1e5],
  ],
  Expand: [[['Expand', ['x', 'a'], 'y']], [1, 3, huge, 8]],
  Tile: [[['Tile', ['x', 'a'], 'y']], [1, 1, huge, 1]],
  Resize: [[['Resize', ['x', '', 'scales'], 'y']], [1]],
  Pad: [[['Pad', ['x', 'a'], 'y']], [0, 0, 1e9, 1e9, 0, 0, 1e9, 1e9]],
  Reshape: [[['Reshape', ['x', 'a'], 'y']], [0, huge, huge]],
  'windows of Conv': [[['Conv', ['x', 'w'], 'y', { pads: [1e9, 1e9, 1e9, 1e9] }]], [1, 3, 1, 1]],
  'steps of MaxPool': [
    [['MaxPool', ['x'], 'y', { kernel_shape: [huge, huge], pads: [huge, huge, huge, huge] }]],
    [1],
  ],
  Range: [
    [
      ['Range', ['zero', 'far', 'one'], 'r'],
      ['Add', ['x', 'r'], 'y'],
    ],
    [1],
  ],
};

for (const [what, [nodes, size]] of Object.entries(enormous)) {
  test(`enormous sizes: ${what}`, async () => {
    const had = memory().bytes;
    const number = (value: number) => ({ dims: [], numbers: [value], int: true as const });
    const arrays = {
      a: ints(...size),
      w: { dims: [2, 3, 1, 1], numbers: [1, 2, 3, 4, 5, 6] },
      ...{ zero: number(0), one: number(1), far: number(2 ** 40) },
      scales: { dims: [4], numbers: [1, 1, 1e9, 1e9] },
    };
    const file = fileOf({ nodes, inputs: x, arrays });
    await refuse(file, {}, nodes[0][0]);
    assert.is(memory().bytes, had, 'no memory is taken');
  });
}

test('an array whose shape is larger than its numbers', async () => {
  const externalData = { 'w.bin': new Uint8Array(8) };
  const of = (...dims: number[]) => withExternal(dims, { location: 'w.bin' });
  await refuse(of(1e4, 1e4), { externalData }, "'w'", '8 bytes', '400000000');
  await refuse(of(1e9, 1e9), { externalData }, "'w'", '[1000000000, 1000000000]');
});

test('patterns of arrays that say to be larger than they are', async () => {
  const side = 2 ** 30;
  const constant = (name: string, dims: number[]): NodeOf => [
    'Constant',
    [],
    name,
    { value: { dims, floats: [1] } },
  ];
  const adaptive: NodeOf[] = [
    constant('rows', [side, side]),
    constant('columns', [side, side]),
    ['MatMul', ['x', 'columns'], 'half'],
    ['MatMul', ['rows', 'half'], 'y'],
  ];
  const blur: NodeOf[] = [
    constant('filters', [side, 1, 3, 3]),
    ['Pad', ['x', 'pads'], 'padded', { mode: 'reflect' }],
    ['Conv', ['padded', 'filters'], 'y', { group: side }],
  ];
  const arrays = { pads: ints(0, 0, 1, 1, 0, 0, 1, 1) };
  for (const nodes of [adaptive, blur])
    await refuse(fileOf({ nodes, arrays }), {}, 'Constant', 'which no array can have');
});

test('graphs in graphs, a thousand deep', async () => {
  let graph: Uint8Array = new Uint8Array(0);
  const inField = (tag: number, body: Uint8Array): Uint8Array => {
    const pbf = new PbfWriter();
    pbf.writeBytesField(tag, body);
    return pbf.finish();
  };
  for (let i = 0; i < 1000; i++) graph = inField(1, inField(5, inField(6, graph)));
  // IR version 8, operator set 17. Graphs in graphs are not even read.
  const header = Uint8Array.of(0x08, 8, 0x42, 2, 0x10, 17);
  await refuse(Buffer.concat([header, inField(7, graph)]), {}, 'operators');
});

test('a file without outputs, with an input of an impossible side, or one that nobody reads', async () => {
  const nodes: NodeOf[] = [['Relu', ['x'], 'y']];
  await refuse(fileOf({ nodes, outputs: [] }), {}, 'no outputs');
  const wide = [{ name: 'x', dims: ['batch', 2, huge, 4] }];
  await refuse(fileOf({ nodes, inputs: wide }), {}, "'x'", '2147483648');
  const two = [...x, { name: 'other', dims: ['batch', 4] }];
  await refuse(fileOf({ nodes, inputs: two }), {}, "'other'", 'no output depends on');
});

test('numbers that layers make, by indices that layers make', async () => {
  const nodes: NodeOf[] = [
    ['ArgMax', ['x'], 'i', { axis: 1 }],
    ['Gather', ['x', 'i'], 'y'],
  ];
  await refuse(fileOf({ nodes }), {}, "Gather 'the_y'", 'indices are computed', 'known array');
});

test('casts that read themselves, and each other', async () => {
  const nodes: NodeOf[] = [
    ['Cast', ['b'], 'a', { to: 7 }],
    ['Cast', ['a'], 'b', { to: 7 }],
    ['Cast', ['c'], 'c', { to: 9 }],
    ['Where', ['c', 'x', 'x'], 'z'],
    ['Gather', ['z', 'b'], 'y'],
  ];
  await refuse(fileOf({ nodes }), {}, 'nodes must be in order');
});

test.run();
