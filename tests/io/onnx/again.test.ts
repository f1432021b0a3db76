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
import { KNOWN, reason } from './scope.js';

const predictions = (model: Model, x: readonly Tensor[]): Tensor[] =>
  [model.predict(x.length === 1 ? x[0] : [...x])].flat() as Tensor[];

/** Written and read: the same bits. */
const comesBack =
  (opset: number): Work =>
  async (model, { x, outputs }) => {
    const file = writeOnnx(model, { opset });
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

for (const kind of hasCases ? ['node', 'pytorch-converted', 'pytorch-operator'] : []) {
  test(`written again: ${kind}`, async () => {
    const failures: string[] = [];
    let passed = 0;
    for (const one of casesOf(kind)) {
      if (reason(one) !== undefined) continue;
      const start = performance.now();
      for (const given of ['first', 'floats'] as const) {
        const { error, wrong } = await runCase(one, given, comesBack(21));
        if (error && KNOWN.test(error)) continue;
        if (wrong ?? error)
          failures.push(`${one.name} ${given}: ${(wrong ?? error)?.slice(0, 300)}`);
        else passed++;
      }
      if (performance.now() - start > 500) console.log(one.name, performance.now() - start);
    }
    console.log(`${kind}: ${passed} passed`);
    console.log(failures.join('\n'));
    assert.ok(passed > 20, `${passed}`);
  });
}

test.run();
