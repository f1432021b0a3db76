// Files that are no model of this library: what they are instead is said, and how their weights come over; bytes in
// any form; numbers that are not finite.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FormatError, loadModel } from '../../src/index.js';
import { readSafetensors } from '../../src/model/safetensors.js';
import { writeSafetensors } from '../../src/model/safetensorswriter.js';
import { warnings } from '../helpers/console.js';
import { unsealed } from '../helpers/damage.js';
import { compiled, predictions, rejects, sameBits, samples, tiny } from '../helpers/models.js';
import '../helpers/start.js';

const { x, y } = samples(20);

// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
const any = (value: unknown): any => value;

const text = (content: string) => new TextEncoder().encode(content);

/** Bytes of characters up to 255. */
const raw = (content: string, ...rest: number[]) =>
  Uint8Array.from([...[...content].map((c) => c.charCodeAt(0)), ...rest, ...new Array(40).fill(0)]);

/** A zip archive as far as its first entry's name (APPNOTE.TXT 4.3.7). */
const zip = (name: string) =>
  raw(`PK\x03\x04${'\0'.repeat(22)}${String.fromCharCode(name.length)}\0\0\0${name}`);

/** A tar archive's first block: 'ustar' stands at 257. */
const tar = raw(`cifar-10/batches.meta.txt${'\0'.repeat(257 - 25)}ustar\0`);

const foreign: [what: string, bytes: Uint8Array, ...parts: string[]][] = [
  ['nothing', new Uint8Array(0), 'empty', '0 bytes'],
  ['an HTML page', text('\n<!DOCTYPE html><html><title>404</title>'), 'HTML', 'address'],
  ['HTML after a byte order mark', text('\ufeff<html lang="en">'), 'HTML'],
  ['gzip', raw('\x1f\x8b\x08\0'), 'gzip', 'gunzip'],
  ['torch.save', zip('archive/data.pkl'), 'PyTorch (.pt', 'safetensors', 'setWeights'],
  ['torch.save of a name', zip('resnet18/data.pkl'), 'PyTorch'],
  [
    'older torch.save',
    raw('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.'),
    'pickle',
    "from: 'pytorch'",
  ],
  ['np.savez', zip('arr_0.npy'), 'NumPy', '.npz', 'io.readNpz'],
  ['np.save', raw('\x93NUMPY\x01\0v\0{'), 'NumPy', '.npy', 'io.readNpy'],
  ['Keras 3', zip('metadata.json'), 'Keras 3', 'model.setWeights'],
  ['Keras 2', raw('\x89HDF\r\n\x1a\n'), 'HDF5', 'Keras 2'],
  ['a zip whose name cannot be printed', zip('a\x1b\n'), "begins with 'a\\u001b\\n'"],
  ['any other zip', zip('photos/1.jpg'), 'zip', 'photos/1.jpg', 'unpack'],
  ['TF.js', text('{"format": "layers-model", "modelTopology": {}}'), 'TF.js', 'io.readTfjs'],
  ['TF.js, indented', text('{\n  "weightsManifest": []\n}'), 'TF.js'],
  ['other JSON', text('[1, 2]'), 'JSON'],
  // ModelProto: ir_version 8, producer_name 'pytorch'.
  ['ONNX', raw('\x08\x08\x12\x07pytorch'), 'ONNX', 'io.readOnnx'],
  // saved_model_schema_version 1, meta_graphs.
  ['SavedModel', raw('\x08\x01\x12\xff\x01'), 'SavedModel'],
  ['TensorFlow Lite', raw('\x1c\0\0\0TFL3'), 'TensorFlow Lite'],
  ['tar', tar, 'tar', 'unpack'],
  ['Git LFS', text('version https://git-lfs.github.com/spec/v1\noid sha256:0'), 'git lfs pull'],
  ['an image', raw('\x89PNG\r\n\x1a\n'), 'PNG', 'io.readImage'],
];

for (const [what, bytes, ...parts] of foreign) {
  test(`loadModel says what a file is: ${what}`, () =>
    rejects(
      () => loadModel(bytes),
      FormatError,
      'loadModel',
      'not a wasmgrad model but',
      ...parts,
    ));
}

/** A safetensors file of these tensors, of one number each. */
function safetensors(names: string[], metadata: object, dtype = 'F32'): Uint8Array {
  const bytes = dtype === 'I64' ? 8 : 4;
  const entries = names.map((name, i) => [
    name,
    { dtype, shape: [1], data_offsets: [i * bytes, (i + 1) * bytes] },
  ]);
  const header = text(JSON.stringify({ ...metadata, ...Object.fromEntries(entries) }));
  const all = new Uint8Array(8 + header.length + names.length * bytes);
  new DataView(all.buffer).setBigUint64(0, BigInt(header.length), true);
  all.set(header, 8);
  return all;
}

test('loadModel says whose safetensors a file is, whatever its types of numbers', async () => {
  const names = ['conv1.weight', 'bn1.num_batches_tracked', 'fc.bias'];
  const refuses = (bytes: Uint8Array, ...parts: string[]) =>
    rejects(() => loadModel(bytes), FormatError, 'not a wasmgrad model but', ...parts);
  const pt = { __metadata__: { format: 'pt' } };
  await refuses(
    safetensors(names, pt, 'I64'),
    'PyTorch',
    '3 tensors',
    "'conv1.weight' [1]",
    'docs/files.md',
  );
  await refuses(safetensors(names, {}), 'PyTorch', 'model.setWeights');
  await refuses(safetensors(['dense/kernel:0'], { __metadata__: { format: 'tf' } }), 'TensorFlow');
  await refuses(safetensors(['x'], { __metadata__: { format: 'toString' } }), 'another program');
  await refuses(safetensors([], {}), '0 tensors');
  // Broken ones are broken before they are foreign.
  const cut = safetensors(names, pt).subarray(0, -1);
  await rejects(() => loadModel(cut), FormatError, 'loadModel', 'cut off');
});

test('loadModel takes bytes in any form, and says how to get them from anything else', async () => {
  const model = tiny();
  const expected = predictions(model, x);
  const bytes = model.toBytes();
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  const forms = [bytes.buffer, new DataView(bytes.buffer), new Uint8ClampedArray(bytes), shared];
  for (const form of forms) {
    const loaded = await loadModel(form);
    sameBits(predictions(loaded, x), expected, String(form));
    loaded.dispose();
  }
  model.dispose();
  const wrong: [unknown, ...string[]][] = [
    ['model.safetensors', 'a string', 'readFile', 'fetch'],
    [new URL('https://example.org/model'), 'a URL', 'fetch'],
    [new Blob([bytes]), 'a Blob', 'arrayBuffer()'],
    [new Response(bytes), 'a Response', 'arrayBuffer()'],
    [Promise.resolve(bytes), 'a Promise', 'await'],
    [[1, 2], 'Array'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('s'), 'Symbol'],
    [Object.create(null), 'Object'],
  ];
  for (const [value, ...parts] of wrong)
    await rejects(() => loadModel(any(value)), FormatError, 'loadModel', 'ArrayBuffer', ...parts);
});

test('weights that are not finite are loaded, as in Keras and PyTorch, with one warning', async () => {
  const model = compiled();
  model.trainOnBatch(x, y);
  const { metadata, tensors } = readSafetensors(unsealed(model.toBytes()));
  model.dispose();
  const numbers = Float32Array.from(tensors.get('dense/kernel')?.data ?? []);
  numbers[3] = Number.NaN;
  numbers[5] = Number.NEGATIVE_INFINITY;
  const { shape } = tensors.get('dense/kernel') ?? { shape: [] };
  const bytes = writeSafetensors({
    metadata,
    tensors: new Map([...tensors, ['dense/kernel', { shape, data: numbers }]]),
  });
  const said = await warnings(async () => {
    const loaded = await loadModel(bytes);
    const kernel = loaded.weights.find(({ name }) => name === 'dense/kernel');
    sameBits(Float32Array.from(kernel?.tensor.data ?? []), numbers, 'kernel');
    loaded.dispose();
  });
  assert.is(said.length, 1);
  for (const part of ['NaN', "'tiny'", `'dense/kernel' (2 of ${numbers.length})`, 'checkpoint'])
    assert.match(said[0], part);
  const sound = compiled();
  assert.equal(await warnings(async () => (await loadModel(sound.toBytes())).dispose()), []);
  sound.dispose();
});

test.run();
