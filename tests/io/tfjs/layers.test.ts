// Layers models of TF.js come over, layer by layer, in Keras 2's spelling and in Keras 3's, and go back.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../../src/base/shape.js';
import type { Model } from '../../../src/index.js';
import { readTfjs, writeTfjs } from '../../../src/io/index.js';
import { numbers } from '../../helpers/random.js';
import '../../helpers/start.js';
import { artifactsOf, memoryOf, predicted, scramble, tf, tfl } from '../../helpers/tfjs.js';
import { gives } from './agree.js';
import { type Case, cases } from './cases.js';
import { asKeras3 } from './keras3.js';

const BATCH = 2;

/** What both compute of the same numbers is the same. */
function agree(own: Model, theirs: tfl.LayersModel, what: string): void {
  const inputs = own.inputs.map(({ shape }, i) => ({
    shape: [BATCH, ...shape],
    data: numbers(BATCH * sizeOf(shape), 7 + i),
  }));
  gives(own, inputs, predicted(theirs, inputs), what);
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

for (const interpolation of ['bilinear', 'nearest'] as const)
  for (const [height, width] of [
    [13, 4],
    [5, 11],
  ])
    test(`Resizing to ${height}×${width}, ${interpolation}, computes what TF.js's layer calls`, async () => {
      const shape = [BATCH, 9, 7, 4];
      const data = numbers(BATCH * 252, 3);
      const config = { height, width, interpolation, batch_input_shape: [null, 9, 7, 4] };
      const own = await readTfjs({
        modelTopology: {
          class_name: 'Sequential',
          config: { name: 'net', layers: [{ class_name: 'Resizing', config }] },
        },
      });
      const resize =
        tf.image[interpolation === 'nearest' ? 'resizeNearestNeighbor' : 'resizeBilinear'];
      const expected = tf.tidy(() =>
        resize(
          tf.tensor4d(data, shape as [number, number, number, number]),
          [height, width],
          true,
        ).dataSync(),
      );
      gives(
        own,
        [{ data, shape }],
        [{ data: expected as Float32Array, shape: [BATCH, height, width, 4] }],
      );
      own.dispose();
    });

test.run();
