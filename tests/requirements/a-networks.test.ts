// What the lectures say of convolutional layers and networks of them (requirements A4, A6, A11, A12).

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layers, optimizers, Sequential, type Shape } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { predictions } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

type Conv = Parameters<typeof layers.conv2d>[0];

/** The summary's rows of convolutions, one after another; nothing is allocated for it. */
const summary = (inputShape: Shape, ...convs: Conv[]) =>
  new Sequential(
    convs.map((options) => layers.conv2d(options)),
    { inputShape },
  ).summary({ print: null });

test('A4: ten 5×5 filters over 32×32×3 with padding 2 keep the size: 760 parameters', () => {
  const [row] = summary([32, 32, 3], { filters: 10, kernelSize: 5, padding: 2 });
  assert.equal(row.outputShape, [32, 32, 10]);
  assert.is(row.parameters, 760);
  assert.is(row.multiplyAdds, 32 * 32 * 10 * 75);
});

test('A4: six 5×5 filters without padding: 28×28×6', () => {
  const [row] = summary([32, 32, 3], { filters: 6, kernelSize: 5 });
  assert.equal(row.outputShape, [28, 28, 6]);
  assert.is(row.parameters, 6 * 76);
});

test('A4: 96 filters of 11×11×3 at stride 4: 55×55 maps', () => {
  const [row] = summary([227, 227, 3], { filters: 96, kernelSize: 11, strides: 4 });
  assert.equal(row.outputShape, [55, 55, 96]);
  assert.is(row.parameters, 34944);
  assert.is(row.multiplyAdds, 105415200);
  assert.equal(
    summary([224, 224, 3], {
      filters: 96,
      kernelSize: 11,
      strides: 4,
      padding: [
        [1, 2],
        [1, 2],
      ],
    })[0].outputShape,
    [55, 55, 96],
  );
});

test('A4: 200 maps of 5×5 on 150×100: 15 200 parameters, 11.4 MB an image; dense 675 M weights', async () => {
  let text = '';
  const model = new Sequential([layers.conv2d({ filters: 200, kernelSize: 5, padding: 'same' })], {
    inputShape: [100, 150, 3],
  });
  const [row] = model.summary({
    print: (table) => {
      text = table;
    },
  });
  assert.is(row.parameters, 15200);
  assert.is((row.memory / 2 ** 20).toFixed(1), '11.4');
  assert.match(text, /15,200/);
  const full = new Sequential([layers.dense({ units: 15000, useBias: false })], {
    inputShape: [45000],
  });
  assert.is(full.summary({ print: null })[0].parameters, 675e6);
});

test('A6: three 3×3 see what one 7×7 sees, with 27C² weights for 49C²; two see 5×5', () => {
  const channels = 8;
  const conv = (kernelSize: number): Conv => ({ filters: channels, kernelSize, useBias: false });
  const stack = summary([20, 20, channels], conv(3), conv(3), conv(3));
  assert.equal(
    stack.map(({ receptiveField }) => receptiveField),
    [
      [3, 3],
      [5, 5],
      [7, 7],
    ],
  );
  const [single] = summary([20, 20, channels], conv(7));
  assert.equal(single.receptiveField, [7, 7]);
  assert.equal(stack[2].outputShape, single.outputShape);
  assert.is(
    stack.reduce((sum, { parameters }) => sum + parameters, 0),
    27 * channels ** 2,
  );
  assert.is(single.parameters, 49 * channels ** 2);
});

test('A6: strides, pooling and dilation widen what is seen; dense sees all', () => {
  const list = [
    layers.conv2d({ filters: 2, kernelSize: [3, 5], strides: 2, dimRoundingMode: 'floor' }),
    layers.maxPool2d({ poolSize: 2 }),
    layers.conv2d({ filters: 2, kernelSize: 3, dilation: 2, padding: 'same' }),
    layers.relu(),
    layers.flatten(),
    layers.dense({ units: 2 }),
  ];
  const rows = new Sequential(list, { inputShape: [32, 40, 1] }).summary({ print: null });
  // 3 + 1·2 = 5 by 5 + 2 = 7 after pooling, whose neighbours are 4 pixels apart: 4·4 more by dilation.
  assert.equal(
    rows.map(({ receptiveField }) => receptiveField),
    [
      [3, 5],
      [5, 7],
      [21, 23],
      [21, 23],
      [32, 40],
      [32, 40],
    ],
  );
});

test('A6: what the summary says an output sees is what changes it', () => {
  const convs: Conv[] = [
    { filters: 3, kernelSize: 3, strides: 2, dimRoundingMode: 'floor' },
    { filters: 3, kernelSize: [2, 3], dilation: [1, 2] },
  ];
  const model = new Sequential(
    convs.map((options) => layers.conv2d(options)),
    { inputShape: [12, 17, 1], seed: 1 },
  );
  const [height, width] = model.summary({ print: null })[1].receptiveField;
  const image = numbers(12 * 17, 1);
  const first = (): number => {
    const y = model.predict(image);
    const value = y.data[0];
    y.dispose();
    return value;
  };
  const before = first();
  let [most, furthest] = [0, 0];
  for (let at = 0; at < image.length; at++) {
    image[at] += 1;
    if (first() !== before)
      [most, furthest] = [
        Math.max(most, Math.floor(at / 17) + 1),
        Math.max(furthest, (at % 17) + 1),
      ];
    image[at] -= 1;
  }
  assert.equal([most, furthest], [height, width]);
  model.dispose();
});

/** Trains a classifier that tells patches apart, and takes its weights over into one that scans. */
async function trained(
  patches: Sequential,
  scanner: Sequential,
  x: Float32Array,
  y: Int32Array,
  epochs: number,
): Promise<void> {
  patches.compile({
    optimizer: optimizers.adam({ learningRate: 0.02 }),
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
  });
  await patches.fit(x, y, { epochs, batchSize: 16 });
  const { accuracy } = await patches.evaluate(x, y);
  assert.is(accuracy, 1, 'the patches are told apart');
  scanner.weights.forEach(({ tensor }, i) => {
    tensor.data.set(patches.weights[i].tensor.data);
  });
}

test('A11: scanning a spectrogram with a trained patch classifier is convolution', async () => {
  const side = 10;
  // Tones lie still, clicks stand upright, sweeps rise: three kinds of line through noise.
  const line = (kind: number, at: number, i: number, j: number) =>
    [i - at, j - at, i + j - 9][kind] === 0 ? 2 : 0;
  const count = 96;
  const y = Int32Array.from({ length: count }, (_, i) => i % 3);
  const x = numbers(count * side ** 2, 1).map((noise, index) => {
    const [patch, i, j] = [Math.floor(index / 100), Math.floor(index / 10) % 10, index % 10];
    return 0.5 * noise + line(y[patch], 2 + (patch % 7), i, j);
  });
  const ears = () => [
    layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
    layers.maxPool2d(),
  ];
  const patches = new Sequential([...ears(), layers.flatten(), layers.dense({ units: 3 })], {
    inputShape: [side, side, 1],
    seed: 1,
  });
  const [height, width] = [16, 50];
  const scanner = new Sequential([...ears(), layers.conv2d({ filters: 3, kernelSize: 4 })], {
    inputShape: [height, width, 1],
  });
  await trained(patches, scanner, x, y, 15);
  const spectrogram = numbers(height * width, 2);
  const scanned = predictions(scanner, spectrogram);
  assert.equal(scanner.outputShape, [4, 21, 3]);
  // Pooling by 2: the patches that it sees begin at even places.
  const all: number[] = [];
  for (let top = 0; top + side <= height; top += 2) {
    for (let left = 0; left + side <= width; left += 2) {
      const rows = Array.from({ length: side }, (_, i) => (top + i) * width + left);
      const patch = rows.flatMap((from) => [...spectrogram.slice(from, from + side)]);
      all.push(...predictions(patches, Float32Array.from(patch)));
    }
  }
  const largest = Math.max(...all.map(Math.abs));
  close(scanned, all, { atol: 1e-5 * largest }, 'scores');
  for (const model of [patches, scanner]) model.dispose();
});

test('A11: scanning text for words is one-dimensional convolution', async () => {
  const letters = 'abcd';
  const words = ['cab', 'bad', 'dad'];
  const oneHot = (text: string) =>
    Float32Array.from([...text].flatMap((letter) => [...letters].map((l) => +(l === letter))));
  // Every three letters that there are, those that are no word once, words ten times.
  const triples = [...letters].flatMap((a) =>
    [...letters].flatMap((b) => [...letters].map((c) => a + b + c)),
  );
  const lessons = [...triples, ...words.flatMap((word) => Array<string>(9).fill(word))];
  const y = Int32Array.from(lessons, (triple) => words.indexOf(triple) + 1);
  const patches = new Sequential(
    [layers.dense({ units: 16, activation: 'relu' }), layers.dense({ units: 4 })],
    { inputShape: [12], seed: 1 },
  );
  const text = Array.from(numbers(200, 3), (v) => letters[Math.floor(2 * v + 2)]).join('');
  const scanner = new Sequential(
    [
      layers.conv1d({ filters: 16, kernelSize: 3, activation: 'relu' }),
      layers.conv1d({ filters: 4, kernelSize: 1 }),
    ],
    { inputShape: [text.length, 4] },
  );
  await trained(patches, scanner, oneHot(lessons.join('')), y, 60);
  const scores = predictions(scanner, oneHot(text));
  const found = Array.from({ length: text.length - 2 }, (_, at) => {
    const own = [...scores.slice(4 * at, 4 * at + 4)];
    return own.indexOf(Math.max(...own));
  });
  const expected = found.map((_, at) => words.indexOf(text.slice(at, at + 3)) + 1);
  assert.ok(new Set(expected).size === 4, 'the text has every word');
  assert.equal(found, expected);
  for (const model of [patches, scanner]) model.dispose();
});

test('A12: a network of convolutions commutes with translation', () => {
  const [height, width] = [20, 23];
  const options = { kernelSize: 3, activation: 'tanh' } as const;
  const model = new Sequential(
    [
      layers.conv2d({ ...options, filters: 6, dilation: 2 }),
      layers.depthwiseConv2d({ ...options, depthMultiplier: 2 }),
      layers.conv2d({ ...options, filters: 3, strides: 2, dimRoundingMode: 'floor' }),
    ],
    { inputShape: [height, width, 2], seed: 1 },
  );
  const [rows, columns, channels] = model.outputShape;
  const wide = numbers((height + 4) * (width + 4) * 2, 2);
  /** The view of a larger scene from pixel (top, left) on. */
  const view = (top: number, left: number) =>
    Float32Array.from({ length: height * width * 2 }, (_, at) => {
      const [i, j] = [Math.floor(at / (2 * width)) + top, (Math.floor(at / 2) % width) + left];
      return wide[(i * (width + 4) + j) * 2 + (at % 2)];
    });
  const still = predictions(model, view(0, 0));
  // The last layer has stride 2: by 4 down and 2 to the right is by 2 and 1 of its pixels.
  const moved = predictions(model, view(4, 2));
  for (let i = 2; i < rows; i++) {
    for (let j = 1; j < columns; j++) {
      for (let c = 0; c < channels; c++) {
        const [before, after] = [
          (i * columns + j) * channels + c,
          ((i - 2) * columns + j - 1) * channels + c,
        ];
        assert.is(moved[after], still[before], `(${i}, ${j}, ${c})`);
      }
    }
  }
  assert.ok(rows > 4 && columns > 4, `${rows}×${columns} outputs`);
  model.dispose();
});

test.run();
