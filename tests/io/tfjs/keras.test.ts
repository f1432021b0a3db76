// Layers as Keras 3 itself writes them give what Keras 3 computes (golden/keras3.py): also those that TF.js has not, or that
// compute other things there.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readTfjs, type TfjsArtifacts } from '../../../src/io/index.js';
import '../../helpers/start.js';
import { gives } from './agree.js';

interface Array {
  readonly shape: number[];
  readonly data: number[];
}

interface Case {
  readonly name: string;
  readonly model: object;
  /** In Keras's order. `path` is what Keras calls it, 'conv2d/kernel'. */
  readonly weights: readonly (Array & { layer: string; index: number; path: string })[];
  readonly x: Array;
  readonly y: Array;
}

const { version, cases } = JSON.parse(
  readFileSync(new URL('golden/keras3.json', import.meta.url), 'utf8'),
) as { version: string; cases: Case[] };

/** What converters call weights: by Keras's own paths, or by number, as Keras's files have them. */
const names: readonly ((weight: Case['weights'][number]) => string)[] = [
  ({ path }) => path,
  ({ layer, index }) => `${layer}/${index}`,
  ({ layer, index }) => `_layer_checkpoint_dependencies\\${layer}\\vars\\${index}`,
];

function artifactsOf({ model, weights }: Case, nameOf: (typeof names)[number]): TfjsArtifacts {
  const all = Float32Array.from(weights.flatMap(({ data }) => data));
  return {
    format: 'layers-model',
    modelTopology: { keras_version: version, backend: 'jax', model_config: model },
    weightSpecs: weights.map((one) => ({ name: nameOf(one), shape: one.shape, dtype: 'float32' })),
    weightData: all.buffer,
  };
}

const floats = ({ shape, data }: Array) => ({ shape, data: Float32Array.from(data) });

for (const one of cases) {
  test(`Keras ${version}: ${one.name}`, async () => {
    for (const nameOf of one.weights.length > 0 ? names : names.slice(0, 1)) {
      const model = await readTfjs(artifactsOf(one, nameOf));
      gives(model, [floats(one.x)], [floats(one.y)], one.name);
      model.dispose();
    }
  });
}

test('there are cases', () => {
  assert.ok(cases.length > 60);
});

test.run();
