// Model files of all formats, as commands read and write them: between every two of them, and shapes that a file leaves
// open.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../src/cli/command.js';
import { readModel, writeModel } from '../../src/cli/formats.js';
import { FormatError, layers, type Model, Sequential, Tensor } from '../../src/index.js';
import { inFolder, write } from '../helpers/cli.js';
import { rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import { fileOf } from '../io/onnx/file.js';
import '../helpers/start.js';

const small = (seed: number): Model => {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu' }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
    { inputShape: [6, 5, 3], seed },
  );
  // One of the words that a file has in it, too.
  model.labels = ['weights.bin', 'dog'];
  model.preprocessing = { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] };
  return model;
};
const scores = (model: Model): number[] =>
  Array.from((model.predict(numbers(2 * 6 * 5 * 3, 1)) as Tensor).data);

test('between every two formats all stays: bits, labels, preprocessing', async () => {
  await inFolder(async (folder) => {
    const endings = ['wasmgrad', 'safetensors', 'onnx', 'json'];
    const model = small(1);
    const expected = scores(model);
    for (const from of endings) {
      await writeModel(model, join(folder, `one.${from}`));
      const read = await readModel(join(folder, `one.${from}`));
      for (const to of endings) {
        await writeModel(read, join(folder, `two.${to}`));
        const again = await readModel(join(folder, `two.${to}`));
        assert.equal(scores(again), expected, `${from} to ${to}`);
        assert.equal(again.labels, model.labels);
        assert.equal(again.preprocessing, model.preprocessing);
        again.dispose();
      }
      read.dispose();
    }
    model.dispose();
  });
});

test('models of TF.js beside each other keep their own weights', async () => {
  await inFolder(async (folder) => {
    const [a, b] = [small(1), small(2)];
    const written = await writeModel(a, join(folder, 'a.json'));
    assert.equal(
      written,
      ['a.json', 'a.weights.bin'].map((name) => join(folder, name)),
    );
    await writeModel(b, join(folder, 'b.JSON'));
    assert.equal(readdirSync(folder).sort(), [
      'a.json',
      'a.weights.bin',
      'b.JSON',
      'b.weights.bin',
    ]);
    for (const [name, model] of [
      ['a.json', a],
      ['b.JSON', b],
    ] as const) {
      const read = await readModel(join(folder, name));
      assert.equal(scores(read), scores(model), name);
      read.dispose();
      model.dispose();
    }
  });
});

/** A file of ONNX whose images may have any sides, and one that says too little. */
const onnx = (dims: (string | number)[]): Uint8Array =>
  fileOf({ nodes: [['GlobalAveragePool', ['x'], 'y']], inputs: [{ name: 'x', dims }] });

test('--input-shape says the sides that a file leaves open', async () => {
  await inFolder(async (folder) => {
    write(folder, {
      'any.onnx': onnx(['n', 3, 'h', 'w']),
      'all.onnx': onnx(['n', 'c', 'h', 'w']),
      'list.json': JSON.stringify({ inputShape: [4, 4, 1], layers: [{ type: 'flatten' }] }),
    });
    const path = (name: string): string => join(folder, name);
    const model = new Sequential([layers.globalAvgPool2d()], { inputShape: [6, 5, 3] });
    await writeModel(model, path('tf.json'));
    await writeModel(model, path('own.wasmgrad'));
    model.dispose();
    const fixed = readFileSync(path('tf.json'), 'utf8');
    write(folder, { 'tf.json': fixed.replaceAll('[null,6,5,3]', '[null,null,null,3]') });

    for (const name of ['any.onnx', 'tf.json']) {
      for (const [inputShape, shape] of [
        [undefined, [224, 224, 3]],
        [
          [8, 9, 3],
          [8, 9, 3],
        ],
      ] as const) {
        const read = await readModel(path(name), { inputShape });
        assert.equal(read.inputShape, shape, name);
        const [result] = [read.predict(Tensor.zeros([1, ...shape]))].flat();
        assert.is(result.size, 3);
        read.dispose();
      }
      await rejects(
        () => readModel(path(name), { inputShape: [8, 9, 4] }),
        FormatError,
        `'${path(name)}': `,
        '--input-shape says 4 where the file has 3',
      );
    }
    // Errors ask for the option, and not for that of a function.
    await rejects(
      () => readModel(path('all.onnx')),
      FormatError,
      'say which they are, --input-shape HxWxC',
    );
    for (const name of ['list.json', 'own.wasmgrad'])
      await rejects(() => readModel(path(name), { inputShape: [4, 4, 1] }), UsageError, name);
  });
});

test.run();
