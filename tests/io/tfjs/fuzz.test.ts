// Damaged and hostile TF.js files: a FormatError each, in bounded time, whatever is changed in them.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shown } from '../../../src/base/shown.js';
import { FormatError, layers, memory, Sequential, ValueError } from '../../../src/index.js';
import { readTfjs, type TfjsFiles, writeTfjs } from '../../../src/io/index.js';
import '../../helpers/start.js';
import { GraphBuilder } from '../../helpers/tfgraph.js';

/** For each kind of model: three quarters with other JSON, the rest with other bytes. */
const CASES = 20_000;

// Most of the time would go into stacks that nobody reads.
Error.stackTraceLimit = 0;

/** Reads files: a model, or an error that says that the file is wrong, or that a shape must be given. */
async function readOrRefuse(files: TfjsFiles): Promise<boolean> {
  try {
    (await readTfjs(files)).dispose();
    return true;
  } catch (error) {
    const isKnown =
      error instanceof FormatError ||
      (error instanceof ValueError && error.message.includes('inputShape'));
    if (isKnown && error.message.startsWith('readTfjs: ')) return false;
    throw error;
  }
}

/** A small layers model. */
function layersFiles(): TfjsFiles {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 2, kernelSize: 2, padding: 1, name: 'first' }),
      layers.batchNorm(),
      layers.maxPool2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
    { inputShape: [5, 4, 1] },
  );
  const files = writeTfjs(model);
  model.dispose();
  return files;
}

/** A small graph model. */
function graphFiles(): TfjsFiles {
  const g = new GraphBuilder();
  const x = g.input('x', [-1, 5, 4, 2]);
  const windows = { strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1], padding: 'SAME' };
  const fused = { ...windows, fused_ops: ['BiasAdd', 'Relu'], num_args: 1 };
  const y = g.node('_FusedConv2D', [x, g.weight([2, 2, 2, 2]), g.weight([2])], fused);
  const pool = { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: 'VALID' };
  const small = g.node('MaxPool', [g.node('Relu6', [y])], pool);
  const shape = g.node('Shape', [small], { out_type: 'DT_INT32' });
  const parts = [shape, g.ints(0), g.ints(1), g.ints(1)];
  const batch = g.node('StridedSlice', parts, { shrink_axis_mask: 1 });
  const flat = g.node('Reshape', [small, g.node('Pack', [batch, g.int(8)], { axis: 0 })]);
  const logits = g.node('MatMul', [flat, g.weight([8, 2])], { transpose_a: false });
  const { weightSpecs, weightData, ...json } = g.artifacts([x], [g.node('Softmax', [logits])]);
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  return {
    'model.json': new TextEncoder().encode(JSON.stringify({ ...json, weightsManifest })),
    'weights.bin': new Uint8Array(weightData as ArrayBuffer),
  };
}

/** What stands in place of something. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', '..', [], {}, -1, 0, 0.5, 1e9, 2 ** 53, -1e308, 'same'),
  fc.constantFrom<unknown>([[]], [null], [1, 2], [1e6, 1e6], { a: [] }, 'NaN', '\0', '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
);

type Json = Record<string, unknown>;

/** All places in JSON: an object or list, and a word or number in it. */
function placesIn(json: unknown, found: [Json, string][] = []): [Json, string][] {
  if (typeof json !== 'object' || json === null) return found;
  for (const word of Object.keys(json)) {
    found.push([json as Json, word]);
    placesIn((json as Json)[word], found);
  }
  return found;
}

for (const [kind, files] of [
  ['layers', layersFiles()],
  ['graph', graphFiles()],
] as const) {
  const text = new TextDecoder().decode(files['model.json'] as Uint8Array);

  test(`a ${kind} model as it is can be read`, async () => {
    assert.is(await readOrRefuse(files), true);
  });

  test(`a ${kind} model with anything in place of something in its JSON`, async () => {
    const places = placesIn(JSON.parse(text)).length;
    const change = fc.record({
      place: fc.nat(places - 1),
      other: fc.nat(places - 1),
      how: fc.constantFrom('replace', 'remove', 'copy'),
      value: junk,
    });
    let refused = 0;
    const before = memory().bytes;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async (changes) => {
        const json = JSON.parse(text);
        for (const { place, other, how, value } of changes) {
          const all = placesIn(json);
          const [object, word] = all[place % all.length];
          const [from, name] = all[other % all.length];
          if (how === 'remove') delete object[word];
          // A copy of the JSON: nothing may lie in itself.
          else object[word] = how === 'copy' ? structuredClone(from[name]) : value;
        }
        const bytes = new TextEncoder().encode(JSON.stringify(json));
        if (!(await readOrRefuse({ ...files, 'model.json': bytes }))) refused++;
      }),
      { numRuns: (3 * CASES) / 4, seed: 1 },
    );
    assert.ok(refused > CASES / 4, `only ${refused} were refused`);
    assert.ok(memory().bytes < before + 2 ** 26, `${shown(memory())}`);
  });

  test(`a ${kind} model with other bytes`, async () => {
    let refused = 0;
    const cut = fc.record({
      at: fc.nat(),
      byte: fc.nat(255),
      length: fc.nat(40),
      inJson: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cut, fc.constantFrom('set', 'remove', 'end'), async (where, how) => {
        const name = where.inJson ? 'model.json' : 'weights.bin';
        const bytes = (files[name] as Uint8Array).slice();
        const at = where.at % bytes.length;
        const changed =
          how === 'end'
            ? bytes.slice(0, at)
            : how === 'set'
              ? bytes.fill(where.byte, at, at + 1)
              : Uint8Array.of(...bytes.slice(0, at), ...bytes.slice(at + where.length + 1));
        if (!(await readOrRefuse({ ...files, [name]: changed }))) refused++;
      }),
      { numRuns: CASES / 4, seed: 2 },
    );
    assert.ok(refused > CASES / 16, `only ${refused} were refused`);
  });
}

/** A functional model of layers, each of which reads the one before. */
const chain = (count: number, reads: (i: number) => string[]): TfjsFiles => {
  const start = {
    class_name: 'InputLayer',
    name: 'l0',
    config: { name: 'l0', batch_input_shape: [null, 4] },
    inbound_nodes: [],
  };
  const others = Array.from({ length: count }, (_, i) => ({
    class_name: 'Activation',
    name: `l${i + 1}`,
    config: { name: `l${i + 1}`, activation: 'linear' },
    inbound_nodes: [reads(i + 1).map((name) => [name, 0, 0, {}])],
  }));
  const config = {
    name: 'net',
    layers: [start, ...others.reverse()],
    input_layers: [['l0', 0, 0]],
    output_layers: [[`l${count}`, 0, 0]],
  };
  const json = { modelTopology: { class_name: 'Model', config } };
  return { 'model.json': new TextEncoder().encode(JSON.stringify(json)) };
};

test('a deep network in the wrong order is read', async () => {
  assert.is(await readOrRefuse(chain(3000, (i) => [`l${i - 1}`])), true);
});

test('circles, and what does not exist, are refused', async () => {
  assert.is(await readOrRefuse(chain(3, (i) => [i === 1 ? 'l3' : `l${i - 1}`])), false);
  assert.is(await readOrRefuse(chain(3, (i) => [i === 2 ? 'none' : `l${i - 1}`])), false);
});

test('networks in networks in networks are refused before long', async () => {
  // Each calls the one in it twice: 2²⁴ calls in a few lines.
  let config: Json = {
    name: 'n',
    layers: [{ class_name: 'Activation', config: { activation: 'relu' } }],
    build_input_shape: [null, 4],
  };
  for (let i = 0; i < 24; i++) {
    const input = { batch_input_shape: [null, 4] };
    config = {
      name: `n${i}`,
      layers: [
        { class_name: 'InputLayer', name: 'x', config: input },
        {
          class_name: i === 0 ? 'Sequential' : 'Model',
          name: 'inner',
          config,
          inbound_nodes: [[['x', 0, 0]], [['inner', 1, 0]]],
        },
      ],
      input_layers: [['x', 0, 0]],
      output_layers: [['inner', 2, 0]],
    };
  }
  const json = JSON.stringify({ modelTopology: { class_name: 'Model', config } });
  assert.is(await readOrRefuse({ 'model.json': new TextEncoder().encode(json) }), false);
  const open = '{"class_name":"Sequential","config":{"layers":[';
  const deep = `{"modelTopology":${open.repeat(20_000)}${']}}'.repeat(20_000)}}`;
  assert.is(await readOrRefuse({ 'model.json': new TextEncoder().encode(deep) }), false);
});

test.run();
