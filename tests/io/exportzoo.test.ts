// ONNX files of the networks of the zoo: onnxruntime computes what they do.

import { test } from 'uvu';
import { writeOnnx } from '../../src/io/index.js';
import { agrees } from '../helpers/onnxagree.js';
import { zooNetworks } from '../helpers/onnxmodels.js';
import '../helpers/start.js';

for (const [name, make] of Object.entries(zooNetworks))
  test(name, async () => {
    const model = make();
    try {
      await agrees(model, writeOnnx(model), 2);
    } finally {
      model.dispose();
    }
  });

test.run();
