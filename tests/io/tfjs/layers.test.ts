// Layers models of TF.js come over, layer by layer, in Keras 2's spelling and in Keras 3's, and go back.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../../src/base/shape.js';
import { type Model, Tensor } from '../../../src/index.js';
import { readTfjs, writeTfjs } from '../../../src/io/index.js';
import { numbers } from '../../helpers/random.js';
import '../../helpers/start.js';
import { artifactsOf, memoryOf, predicted, scramble, tfl } from '../../helpers/tfjs.js';
import { type Case, cases } from './cases.js';
import { asKeras3 } from './keras3.js';

const BATCH = 2;

/** What both compute of the same numbers is the same, up to 1e-5 of the largest. */
function agree(own: Model, theirs: tfl.LayersModel, what: string): void {
  const data = own.inputs.map(({ shape }, i) => ({
    shape: [BATCH, ...shape],
    data: numbers(BATCH * sizeOf(shape), 7 + i),
  }));
  const expected = predicted(theirs, data);
  const tensors = data.map((x) => Tensor.from(x.data, x.shape));
  const made = [own.predict(tensors.length === 1 ? tensors[0] : tensors)].flat() as Tensor[];
  assert.is(made.length, expected.length, what);
  made.forEach(({ data: y, shape }, i) => {
    assert.equal([...shape], expected[i].shape, what);
    const largest = expected[i].data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const apart = y.reduce(
      (most, value, k) => Math.max(most, Math.abs(value - expected[i].data[k])),
      0,
    );
    assert.ok(apart <= 1e-5 * largest, `${what}: ${apart} apart, the largest is ${largest}`);
    assert.ok(largest > 0, `${what}: TF.js gives nothing but zeros`);
  });
  for (const tensor of [...tensors, ...made]) tensor.dispose();
}

/** A case's network, with numbers. */
function built({ inputs, outputs }: Case, seed: number): tfl.LayersModel {
  const xs = inputs.map((shape) => tfl.input({ shape: [...shape] }));
  const model = tfl.model({ inputs: xs, outputs: outputs(...xs) });
  scramble(model, seed);
  return model;
}

for (const [i, one] of cases.entries()) {
  test(`${one.name}: from TF.js, as Keras 3 writes it, and back`, async () => {
    const theirs = built(one, i);
    const artifacts = await artifactsOf(theirs);
    const own = await readTfjs(artifacts);
    agree(own, theirs, 'read');
    const newer = await readTfjs(asKeras3(artifacts));
    agree(newer, theirs, 'as Keras 3 writes it');
    newer.dispose();
    if (one.unwritten) {
      assert.throws(() => writeTfjs(own), one.unwritten);
    } else {
      const files = writeTfjs(own);
      const again = await readTfjs(files);
      agree(again, theirs, 'written and read');
      again.dispose();
      const back = await tfl.loadLayersModel(memoryOf(files));
      agree(own, back, 'in TF.js again');
      back.dispose();
    }
    own.dispose();
    theirs.dispose();
  });
}

test.run();
