// ONNX files of each layer and of networks: onnxruntime computes what the model does.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layers } from '../../src/index.js';
import { writeOnnx } from '../../src/io/index.js';
import { writers } from '../../src/io/onnx/writers/index.js';
import { agrees } from '../helpers/onnxagree.js';
import { singles, singleTypes } from '../helpers/onnxlayers.js';
import { networks } from '../helpers/onnxmodels.js';
import '../helpers/start.js';

test('there is a writer, and a network here, for every layer', () => {
  const composites = ['separableConv2d', 'residual'];
  for (const type of Object.keys(layers)) {
    assert.ok(Object.hasOwn(writers, type) || composites.includes(type), type);
    assert.ok(singleTypes.includes(type) || type === 'residual', type);
  }
});

for (const [name, make] of Object.entries({ ...singles, ...networks }))
  test(name, async () => {
    const model = make();
    try {
      for (const batch of [1, 3]) await agrees(model, writeOnnx(model), batch);
    } finally {
      model.dispose();
    }
  });

/** The versions that are not the default, and what they write otherwise. */
for (const opset of [13, 14, 15, 16, 18, 19, 20, 21])
  test(`opset ${opset}: each layer`, async () => {
    for (const [name, make] of Object.entries(singles)) {
      if (!name.endsWith(' 1')) continue;
      const model = make();
      try {
        await agrees(model, writeOnnx(model, { opset }), 2, { what: name });
      } finally {
        model.dispose();
      }
    }
  });

test.run();
