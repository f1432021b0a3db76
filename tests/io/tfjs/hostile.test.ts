// TF.js files that are made to harm, or that are of networks of other kinds: cycles, deep nesting, enormous sizes, and
// operators that there are not, each refused by name.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FormatError, memory } from '../../../src/index.js';
import { readTfjs, type TfjsFiles, type TfjsSource } from '../../../src/io/index.js';
import { rejects } from '../../helpers/models.js';
import '../../helpers/start.js';
import { GraphBuilder, type Ref } from '../../helpers/tfgraph.js';

const read = async (source: TfjsSource): Promise<void> => (await readTfjs(source)).dispose();

const refuse = (source: TfjsSource, ...parts: string[]): Promise<void> =>
  rejects(() => read(source), FormatError, 'readTfjs: ', ...parts);

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

test('a deep network in the wrong order is read', () => read(chain(3000, (i) => [`l${i - 1}`])));

test('circles, and what does not exist, are refused', async () => {
  await refuse(
    chain(3, (i) => [i === 1 ? 'l3' : `l${i - 1}`]),
    'l3',
    'depends on itself',
  );
  await refuse(
    chain(3, (i) => [i === 2 ? 'none' : `l${i - 1}`]),
    "'l3'",
  );
});

test('networks in networks in networks are refused before long', async () => {
  // Each calls the one in it twice: 2²⁴ calls in a few lines.
  let config: object = {
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
  await refuse({ 'model.json': new TextEncoder().encode(json) });
  const open = '{"class_name":"Sequential","config":{"layers":[';
  const deep = `{"modelTopology":${open.repeat(20_000)}${']}}'.repeat(20_000)}}`;
  await refuse({ 'model.json': new TextEncoder().encode(deep) });
});

/** A graph model of images [4, 4, 2]. */
function graphOf(body: (g: GraphBuilder, x: Ref) => Ref): TfjsSource {
  const g = new GraphBuilder();
  const x = g.input('x', [-1, 4, 4, 2]);
  return g.artifacts([x], [body(g, x)]);
}

test('graphs: all operators that there are not are named, with what kind of library this is', () =>
  refuse(
    graphOf((g, x) => {
      const one = g.node('TensorListReserve', [x], { element_dtype: 'DT_FLOAT' });
      const two = g.node('NonMaxSuppressionV3', [g.node('Relu', [one])], { max: 100 });
      return g.node('TensorListReserve', [two]);
    }),
    "TensorListReserve 'net/TensorListReserve_0' (it reads x;",
    'DT_FLOAT',
    'and 1 more',
    "NonMaxSuppressionV3 'net/NonMaxSuppressionV3_2'",
    "i: '100'",
    'not for recurrent ones, loops and transformers',
    'It has Add, ',
  ));

test('graphs: columns are looked up in a table by what depends on the inputs', () =>
  refuse(
    graphOf((g, x) => g.node('GatherV2', [g.weight([8, 2]), x, g.int(1)])),
    'GatherV2',
    'its indices are computed',
    'rows of a known array',
  ));

test('graphs: rows of each sample by numbers of its own', () =>
  refuse(
    graphOf((g, x) => g.node('GatherV2', [x, g.ints(0), g.int(1)], { batch_dims: 1 })),
    'GatherV2',
    'batch_dims',
  ));

test('graphs: cycles, and names that stand for each other', async () => {
  const circle = graphOf((g, x) => {
    const y = g.node('AddV2', [x, 'net/Relu_1']);
    return g.node('Relu', [y]);
  });
  await refuse(circle, "'net/Relu_1' depends on itself");
  const names = graphOf((g) => {
    g.node('Identity', ['net/Identity_1']);
    return g.node('Identity', ['net/Identity_0']);
  });
  await refuse(names, "'net/Identity_1' depends on itself");
  await read(
    graphOf((g, x) => {
      let y = x;
      for (let i = 0; i < 3000; i++) y = g.node(i % 2 ? 'Identity' : 'Relu', [y]);
      return y;
    }),
  );
});

for (const [what, body] of [
  ['Tile', (g, x) => g.node('Tile', [x, g.ints(1, 1e9, 1e9, 1)])],
  [
    'PadV2',
    (g, x) => g.node('PadV2', [x, g.rows([0, 0], [1e9, 1e9], [1e9, 1e9], [0, 0]), g.float(0)]),
  ],
  ['ResizeBilinear', (g, x) => g.node('ResizeBilinear', [x, g.ints(1e9, 1e9)])],
  ['Fill', (g, x) => g.node('AddV2', [x, g.node('Fill', [g.ints(1e5, 1e5), g.float(1)])])],
] as [string, (g: GraphBuilder, x: Ref) => Ref][]) {
  test(`graphs: enormous sizes of ${what}`, async () => {
    const had = memory().bytes;
    await refuse(graphOf(body), `${what} 'net/${what}_`);
    assert.is(memory().bytes, had, 'no memory is taken');
  });
}

test('artifacts that are no JSON', async () => {
  const topology: Record<string, unknown> = { class_name: 'Model' };
  topology.config = topology;
  await refuse({ modelTopology: topology }, 'ModelArtifacts', 'circular');
  // biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
  const specs: any = 'kernel';
  await refuse({ modelTopology: {}, weightSpecs: specs }, 'weightSpecs', "'kernel'");
  const inbound = [undefined, [['x', 0, 0]]];
  const layers = [{ class_name: 'ReLU', name: 'r', config: {}, inbound_nodes: inbound }, undefined];
  const config = { layers, input_layers: [], output_layers: [] };
  await refuse({ modelTopology: { class_name: 'Model', config } }, 'null');
});

test('an input that no output depends on', () =>
  refuse(
    {
      modelTopology: {
        class_name: 'Model',
        config: {
          name: 'net',
          layers: ['a', 'b'].map((name) => ({
            class_name: 'InputLayer',
            name,
            config: { name, batch_input_shape: [null, 4] },
            inbound_nodes: [],
          })),
          input_layers: [
            ['a', 0, 0],
            ['b', 0, 0],
          ],
          output_layers: [['a', 0, 0]],
        },
      },
    },
    "no output depends on the input 'b'",
  ));

test.run();
