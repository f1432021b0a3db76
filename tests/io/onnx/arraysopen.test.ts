// Of a file that leaves sides open the layers for arrays are loaded at once: `predict` makes the network for other sides,
// and cannot wait. A process of its own: what is loaded stays.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { io, Tensor } from '../../../src/index.js';
import { fileOf, ints } from './file.js';
import '../../helpers/start.js';

test('sides that need a layer where the first ones need none', async () => {
  const file = fileOf({
    nodes: [
      ['MaxPool', ['x'], 'p', { kernel_shape: [1, 1] }],
      ['Slice', ['p', 'from', 'to', 'axes'], 'y'],
    ],
    arrays: { from: ints(0), to: ints(4), axes: ints(2) },
    inputs: [{ name: 'x', dims: ['batch', 3, 'height', 4] }],
  });
  const model = await io.readOnnx(file, { inputShape: [4, 4, 3] });
  const x = Tensor.zeros([1, 6, 4, 3]);
  const y = model.predict(x) as Tensor;
  assert.equal(y.shape, [1, 4, 4, 3]);
  for (const one of [x, y, model]) one.dispose();
});

test.run();
