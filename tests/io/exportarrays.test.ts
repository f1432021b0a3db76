// ONNX files of layers for arrays of any rank: onnxruntime computes what they do, in each version of the operators, and
// they come back with the same bits.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Layer, Sequential, ValueError } from '../../src/index.js';
import { readOnnx, writeOnnx } from '../../src/io/index.js';
import { writers } from '../../src/io/onnx/writers/index.js';
import * as arrays from '../../src/operators/arrays/index.js';
import { close } from '../helpers/close.js';
import { rejects, sameBits } from '../helpers/models.js';
import { agrees, freeze, learnsAlike, outputsOf, samplesFor } from '../helpers/onnxagree.js';
import { arrayNetworks, arraySingles } from '../helpers/onnxarrays.js';
import type { Net } from '../helpers/onnxmodels.js';
import '../helpers/start.js';

await arrays.useArrays();

test('there is a writer for every layer, and a network here', () => {
  const types = Object.keys(arrays).filter((name) => name !== 'useArrays');
  assert.ok(types.length > 30, `${types}`);
  const elsewhere = ['constant', 'wrapped'];
  for (const type of types) {
    assert.ok(Object.hasOwn(writers, type), type);
    assert.ok(elsewhere.includes(type) || Object.hasOwn(arraySingles, `${type} 1`), type);
  }
});

/** What comes back as the core's layer, which rounds in another way. */
const rounded = /^dilatedLpPool2d/;

async function comesBack(name: string, model: Net, opset = 17): Promise<void> {
  freeze(model);
  const again: Net = await readOnnx(writeOnnx(model, { opset }));
  learnsAlike(again, model);
  const samples = samplesFor(model, 2);
  const [expected, actual] = [model, again].map((net) => outputsOf(net, samples));
  again.dispose();
  expected.forEach(({ data, shape }, i) => {
    assert.equal(actual[i].shape, shape);
    if (rounded.test(name)) close(actual[i].data, data, { rtol: 1e-5, atol: 1e-6 });
    else sameBits(actual[i].data, data, `output ${i}`);
  });
}

for (const [name, make] of Object.entries({ ...arraySingles, ...arrayNetworks }))
  test(name, async () => {
    const model = make();
    try {
      await agrees(model, writeOnnx(model), 3);
      await comesBack(name, model);
    } finally {
      model.dispose();
    }
  });

for (const opset of [13, 18, 21])
  test(`opset ${opset}`, async () => {
    for (const [name, make] of Object.entries({ ...arraySingles, ...arrayNetworks })) {
      const model = make();
      try {
        await agrees(model, writeOnnx(model, { opset }), 2, { what: name });
      } finally {
        model.dispose();
      }
    }
  });

/** What older operators cannot say, and how a new file can. */
const needed: readonly (readonly [number, readonly number[], () => Layer])[] = [
  [
    19,
    [4, 4, 2],
    () =>
      arrays.pad({
        padding: [
          [1, 1],
          [0, 0],
          [0, 0],
        ],
        mode: 'wrap',
      }),
  ],
  [18, [4, 4, 2], () => arrays.resize({ axes: [0], sizes: [2], mode: 'linear', antialias: true })],
  [
    19,
    [4, 4, 2],
    () => arrays.resize({ axes: [0], sizes: [2], coordinates: 'halfPixelSymmetric' }),
  ],
  [19, [5, 5, 2], () => arrays.paddedAvgPool2d({ dilation: 2, countPadding: true })],
  [18, [5, 5, 2], () => arrays.dilatedLpPool2d({ dilation: 2 })],
];

for (const [opset, inputShape, make] of needed) {
  const { type } = make();
  test(`${type} needs opset ${opset}, and comes back`, async () => {
    const model = new Sequential([make()], { inputShape });
    const before = opset - 1;
    await rejects(
      () => writeOnnx(model, { opset: before }),
      ...([ValueError, type, `opset ${opset}`, `not ${before}`] as const),
    );
    await comesBack(type, model, opset);
    model.dispose();
  });
}

test('a norm that is no whole number has no node', async () => {
  const model = new Sequential([arrays.lpPool1d({ p: 1.5 })], { inputShape: [6, 2] });
  await rejects(() => writeOnnx(model), ValueError, 'lpPool1d', '1.5', 'whole');
  model.dispose();
});

test.run();
