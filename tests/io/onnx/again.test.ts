// Models of the ONNX project's tests of operators are written again: onnxruntime computes the test's outputs of the file,
// and it comes back as a model with the same bits.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Model, Tensor } from '../../../src/index.js';
import { readOnnx, writeOnnx } from '../../../src/io/index.js';
import { sameBits } from '../../helpers/models.js';
import { run } from '../../helpers/onnxruntime.js';
import '../../helpers/start.js';
import { casesOf, difference, hasCases, runCase, type Work } from './cases.js';
import { KNOWN, kinds, scopeOf } from './scope.js';

const predictions = (model: Model, x: readonly Tensor[]): Tensor[] =>
  [model.predict(x.length === 1 ? x[0] : [...x])].flat() as Tensor[];

/** By the default operators, or by those that the model needs. */
function written(model: Model): Uint8Array {
  try {
    return writeOnnx(model);
  } catch (error) {
    const needed = (error as Error).message.match(/needs opset (\d+)/);
    if (!needed) throw error;
    return writeOnnx(model, { opset: Number(needed[1]) });
  }
}

/** Written and read: the same bits. And what onnxruntime computes. */
const comesBack: Work = async (model, { x, outputs }) => {
  const file = written(model);
  const again = await readOnnx(file, { layout: 'nchw' });
  const [made, back] = [model, again].map((one) => predictions(one, x));
  try {
    for (const [i, y] of made.entries()) sameBits(back[i].numbers, y.numbers, `output ${i}`);
  } finally {
    for (const y of [...made, ...back]) y.dispose();
    again.dispose();
  }
  const inputs = x.map((tensor, i) => [
    model.inputNames[i],
    { shape: tensor.shape, data: Float32Array.from(tensor.numbers) },
  ]);
  const ran = Object.values(await run(file, Object.fromEntries(inputs), { asTheyAre: true }));
  return ran
    .map(({ shape, data }, i) => difference({ shape, numbers: data }, outputs[i]))
    .find(Boolean);
};

/** What onnxruntime computes in its own way: the corners of an image whose size is no whole number. */
const others = /^test_resize_downsample_scales_(cubic|linear)_align_corners$/;

if (!hasCases)
  console.log('not run: tests of the ONNX project, as libonnx-testdata is not installed');
for (const kind of hasCases ? kinds : []) {
  test(`the ONNX project's models, written again: ${kind}`, async () => {
    const failures: string[] = [];
    let passed = 0;
    for (const one of casesOf(kind)) {
      const scope = scopeOf(one);
      if (!('run' in scope) || scope.run !== 'layers' || others.test(one.name)) continue;
      const isTwofold = (one.proto.graph?.inputs.length ?? 0) > 1;
      for (const given of isTwofold ? (['first', 'floats'] as const) : (['first'] as const)) {
        const { error, wrong } = await runCase(one, given, comesBack);
        if (error && KNOWN.test(error)) continue;
        const fault = wrong ?? error;
        if (fault) failures.push(`${one.name}, ${given}: ${fault}`);
        else passed++;
      }
    }
    console.log(`${kind}: ${passed} passed`);
    assert.equal(failures, []);
    assert.ok(passed > 20, `${passed}`);
  });
}

if (!hasCases) test('nothing to run without libonnx-testdata', () => {});

test.run();
