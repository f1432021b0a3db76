// Where TF.js models come from: paths, URLs, bytes, TF.js's own artifacts; shards, quantized numbers; and what is wrong
// with files.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shown } from '../../../src/base/shown.js';
import {
  EngineError,
  FormatError,
  layers,
  type Model,
  Sequential,
  Tensor,
  ValueError,
} from '../../../src/index.js';
import { readTfjs, type TfjsFiles, type TfjsSource, writeTfjs } from '../../../src/io/index.js';
import { numbers } from '../../helpers/random.js';
import '../../helpers/start.js';

type Json = Record<string, unknown>;

const text = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));
const jsonOf = (files: TfjsFiles) =>
  JSON.parse(new TextDecoder().decode(files['model.json'] as Uint8Array));

/** A small network. */
const small = (): Model =>
  new Sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu', name: 'first' }),
      layers.batchNorm({ name: 'norm' }),
      layers.flatten(),
      layers.dense({ units: 4, activation: 'softmax', name: 'last' }),
    ],
    { inputShape: [6, 5, 2], seed: 3, name: 'small' },
  );

const x = numbers(2 * 60, 1);

function outputOf(model: Model): Float32Array {
  const given = Tensor.from(x, [2, 6, 5, 2]);
  const made = model.predict(given) as Tensor;
  const copy = made.data.slice();
  for (const tensor of [given, made]) tensor.dispose();
  return copy;
}

/** Reads a model, and gives what it predicts. */
async function read(source: TfjsSource): Promise<Float32Array> {
  const model = await readTfjs(source);
  const y = outputOf(model);
  model.dispose();
  return y;
}

/** The files of the small network, and what it predicts. */
function written(): { files: ReturnType<typeof writeTfjs>; y: Float32Array } {
  const model = small();
  const files = writeTfjs(model);
  const y = outputOf(model);
  model.dispose();
  return { files, y };
}

/** The same files with the weights in shards of so many bytes. */
function inShards(files: TfjsFiles, size: number): TfjsFiles {
  const json = jsonOf(files);
  const bytes = files['weights.bin'] as Uint8Array;
  const count = Math.ceil(bytes.length / size);
  const names = Array.from(
    { length: count },
    (_, i) => `shards/group1-shard${i + 1}of${count}.bin`,
  );
  json.weightsManifest[0].paths = names;
  return {
    'model.json': text(json),
    ...Object.fromEntries(names.map((name, i) => [name, bytes.slice(i * size, (i + 1) * size)])),
  };
}

test('what is written and read predicts the same bits, with the same names', async () => {
  const model = small();
  const again = await readTfjs(writeTfjs(model));
  assert.equal(outputOf(again), outputOf(model));
  assert.equal(
    again.layers.map(({ name }) => name),
    model.layers.map(({ name }) => name),
  );
  assert.equal(
    again.weights.map(({ name }) => name),
    model.weights.map(({ name }) => name),
  );
  assert.is(again.name, 'small');
  for (const one of [model, again]) one.dispose();
});

test('labels and preprocessing go with the model', async () => {
  const model = small();
  model.labels = ['a', 'b', 'c', 'd'];
  model.preprocessing = { mean: [0.5, 0.4], std: [0.2, 0.3] };
  const again = await readTfjs(writeTfjs(model));
  assert.equal(again.labels, ['a', 'b', 'c', 'd']);
  assert.equal(again.preprocessing, model.preprocessing);
  for (const one of [model, again]) one.dispose();
});

test('shards of any size, and as a list of buffers', async () => {
  const { files, y } = written();
  assert.equal(await read(inShards(files, 101)), y);
  const json = jsonOf(files);
  const bytes = files['weights.bin'];
  const [a, b] = [bytes.slice(0, 31).buffer, bytes.slice(31).buffer];
  const { modelTopology, weightsManifest } = json;
  const artifacts = { modelTopology, weightSpecs: weightsManifest[0].weights };
  assert.equal(await read({ ...artifacts, weightData: [a, b] }), y);
  assert.equal(await read({ ...artifacts, weightData: bytes.slice().buffer }), y);
});

test('a path, a file URL, and a server', async () => {
  const { files, y } = written();
  const folder = await mkdtemp(join(tmpdir(), 'wasmgrad-tfjs-'));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  const path = join(folder, 'model.json');
  assert.equal(await read(path), y);
  assert.equal(await read(pathToFileURL(path)), y);
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const bytes = (files as TfjsFiles)[url.split('?')[0].slice('/net/'.length)];
    response.writeHead(bytes ? 200 : 404).end(bytes);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/net`;
  try {
    assert.equal(await read(`${base}/model.json?key=1`), y);
    assert.equal(asked, ['/net/model.json?key=1', '/net/weights.bin?key=1']);
    await rejects(readTfjs(`${base}/other.json`), EngineError, 'other.json', '404');
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
  await rejects(readTfjs(path), ValueError, path, 'no such file');
});

/** That a promise is rejected with an error of this class, whose message has these parts. */
async function rejects(
  promise: Promise<unknown>,
  kind: new (...args: never[]) => Error,
  ...parts: string[]
): Promise<void> {
  let error: unknown;
  await promise.catch((thrown: unknown) => {
    error = thrown;
  });
  assert.instance(error, kind, `${error}`);
  const { message } = error as Error;
  for (const part of parts) assert.ok(message.includes(part), `'${message}' lacks '${part}'`);
}

/** A dense layer with weights of a dtype: [3, 2], no bias. */
function quantized(dtype: string, quantization: object | undefined, bytes: Uint8Array): TfjsFiles {
  const config = { name: 'dense', units: 2, use_bias: false, batch_input_shape: [null, 3] };
  return {
    'model.json': text({
      modelTopology: {
        class_name: 'Sequential',
        config: { name: 'q', layers: [{ class_name: 'Dense', config }] },
      },
      weightsManifest: [
        {
          paths: ['w.bin'],
          weights: [{ name: 'dense/kernel', shape: [3, 2], dtype, quantization }],
        },
      ],
    }),
    'w.bin': bytes,
  };
}

const stored: [
  what: string,
  dtype: string,
  quantization: object | undefined,
  bytes: Uint8Array,
  expected: number[],
][] = [
  [
    'uint8',
    'float32',
    { dtype: 'uint8', scale: 0.5, min: -1 },
    Uint8Array.of(0, 1, 2, 3, 4, 255),
    [-1, -0.5, 0, 0.5, 1, 126.5],
  ],
  [
    'uint16',
    'float32',
    { dtype: 'uint16', scale: 0.25, min: 2, original_dtype: 'float32' },
    new Uint8Array(Uint16Array.of(0, 1, 2, 3, 4, 65535).buffer),
    [2, 2.25, 2.5, 2.75, 3, 16385.75],
  ],
  [
    'float16',
    'float32',
    { dtype: 'float16', original_dtype: 'float32' },
    // 1, −2, ½, 65504, the least number > 0, 0.
    new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x7bff, 1, 0).buffer),
    [1, -2, 0.5, 65504, 2 ** -24, 0],
  ],
  [
    'int32',
    'int32',
    undefined,
    new Uint8Array(Int32Array.of(-3, 2, 1, 0, 7, 100000).buffer),
    [-3, 2, 1, 0, 7, 100000],
  ],
  ['bool', 'bool', undefined, Uint8Array.of(1, 0, 1, 1, 0, 0), [1, 0, 1, 1, 0, 0]],
];

for (const [what, dtype, quantization, bytes, expected] of stored) {
  test(`weights as ${what}`, async () => {
    const model = await readTfjs(quantized(dtype, quantization, bytes));
    assert.equal(Array.from(model.weights[0].tensor.data), expected);
    model.dispose();
  });
}

/** Files that are damaged, and what is said of them. */
const damaged: [
  what: string,
  change: (json: Json, files: Record<string, Uint8Array>) => void,
  ...parts: string[],
][] = [
  [
    'a shard that is cut off',
    (_, files) => {
      files['weights.bin'] = files['weights.bin'].slice(0, -5);
    },
    "'weights.bin'",
    "'last/bias'",
    'beyond',
  ],
  [
    'a shard that is too long',
    (_, files) => {
      files['weights.bin'] = new Uint8Array(files['weights.bin'].length + 4);
    },
    "'weights.bin'",
    'take',
  ],
  [
    'a shard that is missing',
    (_, files) => {
      delete files['weights.bin'];
    },
    "'weights.bin'",
    'give its bytes',
  ],
  ...[
    '../secret',
    '/etc/passwd',
    'a/../../b',
    'C:\\secret',
    '..\\secret',
    'https://example.org/w',
    '',
  ].map((path): (typeof damaged)[number] => [
    `a shard called '${path}'`,
    (json) => {
      (json.weightsManifest as { paths: string[] }[])[0].paths = [path];
    },
    shown(path),
    'folder',
  ]),
  [
    'a shard twice',
    (json) => {
      (json.weightsManifest as { paths: string[] }[])[0].paths = ['weights.bin', 'weights.bin'];
    },
    'twice',
  ],
  [
    'a weight of an enormous shape',
    (json) => {
      (json.weightsManifest as { weights: { shape: number[] }[] }[])[0].weights[0].shape = [
        1e9, 1e9,
      ];
    },
    "'first/kernel'",
    '1000000000',
  ],
  [
    'a weight of another shape',
    (json) => {
      const [{ weights }] = json.weightsManifest as { weights: { shape: number[] }[] }[];
      weights[0].shape = [3, 3, 2, 2];
      weights[1].shape = [21];
    },
    "'kernel'",
    '[3, 3, 2, 2]',
    '[3, 3, 2, 3]',
  ],
  [
    'a weight that is missing',
    (json) => {
      (json.weightsManifest as { weights: { name: string }[] }[])[0].weights[0].name =
        'other/kernel';
    },
    "Conv2D 'first'",
    "'kernel'",
    'missing',
  ],
  [
    'a dtype that there is not',
    (json) => {
      (json.weightsManifest as { weights: { dtype: string }[] }[])[0].weights[0].dtype = 'int4';
    },
    "'first/kernel'",
    "'int4'",
  ],
  [
    'no topology',
    (json) => {
      json.modelTopology = null;
    },
    'modelTopology',
  ],
];

for (const [what, change, ...parts] of damaged) {
  test(`${what} is a FormatError`, async () => {
    const { files } = written();
    const json = jsonOf(files);
    const all: Record<string, Uint8Array> = { ...files };
    change(json, all);
    await rejects(
      readTfjs({ ...all, 'model.json': text(json) }),
      FormatError,
      'readTfjs',
      ...parts,
    );
  });
}

test('what is no JSON, and no source', async () => {
  await rejects(
    readTfjs({ 'model.json': Uint8Array.of(60, 33) }),
    FormatError,
    'model.json',
    'JSON',
  );
  // biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
  await rejects(readTfjs(3 as any), ValueError, 'path or URL', '3');
});

/** A Sequential of layers, as Keras writes it. */
const sequential = (...members: { class_name: string; config: Json }[]): TfjsSource => ({
  modelTopology: { class_name: 'Sequential', config: { name: 'net', layers: members } },
});

test('all layers that there are not are named, with their configuration', async () => {
  const source = sequential(
    { class_name: 'LSTM', config: { name: 'memory', units: 20, batch_input_shape: [null, 4, 3] } },
    {
      class_name: 'Conv2D',
      config: { name: 'turned', filters: 2, kernel_size: 3, data_format: 'channels_first' },
    },
    { class_name: 'Lambda', config: { name: 'own', function: 'x' } },
    {
      class_name: 'Embedding',
      config: { name: 'words', input_dim: 9, output_dim: 2, mask_zero: true },
    },
  );
  await rejects(
    readTfjs(source),
    FormatError,
    ...[
      "LSTM 'memory'",
      'units: 20',
      "Lambda 'own'",
      'recurrent',
      "Conv2D 'turned'",
      'channels_last',
      "Embedding 'words'",
      'mask_zero',
    ],
  );
});

test('models that TF.js has not: all layers are named', () => {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 3, groups: 2, name: 'grouped' }),
      layers.lrn({ name: 'old' }),
      layers.maxPool2d({ poolSize: 2, padding: 1, name: 'padded' }),
    ],
    { inputShape: [8, 8, 4] },
  );
  for (const part of [
    /writeTfjs/,
    /conv2d 'grouped' \(it has 2 groups/,
    /lrn 'old'/,
    /maxPool2d 'padded'/,
  ])
    assert.throws(() => writeTfjs(model), part);
  model.dispose();
});

test.run();
