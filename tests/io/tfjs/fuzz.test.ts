// Damaged TF.js files: a FormatError each, in bounded time, whatever is changed in them.

import fc from 'fast-check';
import { test } from 'uvu';
import { layers, Sequential, ValueError } from '../../../src/index.js';
import { readTfjs, type TfjsFiles, type TfjsSource, writeTfjs } from '../../../src/io/index.js';
import { damagedBytes, damagedJson } from '../../helpers/damage.js';
import { CASES, fuzz } from '../../helpers/fuzz.js';
import '../../helpers/start.js';
import { GraphBuilder } from '../../helpers/tfgraph.js';

const read = async (source: TfjsSource): Promise<void> => (await readTfjs(source)).dispose();

/** The file may leave open what a network must know. */
const allows = (error: Error): boolean =>
  error instanceof ValueError && error.message.includes('inputShape');

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

for (const [kind, files] of [
  ['layers', layersFiles()],
  ['graph', graphFiles()],
] as const) {
  const json = JSON.parse(new TextDecoder().decode(files['model.json'] as Uint8Array));
  const shared = { name: 'readTfjs', read, allows };

  test(`a ${kind} model as it is can be read`, () => read(files));

  test(`a ${kind} model with anything in place of something in its JSON`, () =>
    fuzz({
      ...shared,
      files: damagedJson(json).map((own) => ({
        ...files,
        'model.json': new TextEncoder().encode(JSON.stringify(own)),
      })),
      cases: (3 * CASES) / 8,
      taken: CASES / 40,
      refused: CASES / 8,
    }));

  test(`a ${kind} model with other bytes`, () =>
    fuzz({
      ...shared,
      files: fc
        .constantFrom(...Object.keys(files))
        .chain((name) =>
          damagedBytes([files[name] as Uint8Array]).map((bytes) => ({ ...files, [name]: bytes })),
        ),
      cases: CASES / 16,
      taken: 20,
      refused: CASES / 40,
    }));

  test(`a ${kind} model as TF.js's own artifacts, with anything in place of something`, () => {
    const { weightsManifest, ...others } = json;
    const artifacts = { ...others, weightSpecs: weightsManifest[0].weights };
    return fuzz({
      ...shared,
      files: damagedJson(artifacts).map((own) => ({
        modelTopology: {},
        ...(own as object),
        weightData: files['weights.bin'],
      })),
      cases: CASES / 16,
      taken: 20,
      refused: CASES / 40,
    });
  });
}

test.run();
