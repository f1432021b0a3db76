// What each place of each layer sees, against what changes it: pixel by pixel.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, type Layer, layers, Model, Sequential, Tensor } from '../../src/index.js';
import { fieldsOf } from '../../src/vis/fields.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

const activation = 'tanh';
const conv = (kernelSize: number, more: object = {}): Layer =>
  layers.conv2d({ filters: 2, kernelSize, activation, padding: 'same', ...more });
const chain = (inputShape: number[], ...list: Layer[]) =>
  new Sequential(list, { inputShape, seed: 3 });

const networks: Record<string, () => Model> = {
  strides: () => chain([17, 14, 2], conv(3, { strides: 2 }), conv(3, { strides: 2 }), conv(3)),
  'even filters': () => chain([11, 10, 1], conv(2), conv(4, { strides: 3 })),
  'padding of given sides': () =>
    chain([12, 13, 1], conv(7, { padding: 3 }), layers.avgPool2d({ poolSize: 3, padding: 1 })),
  'padding at one end': () => {
    const padding: [[number, number], [number, number]] = [
      [3, 0],
      [0, 2],
    ];
    return chain([9, 9, 1], layers.zeroPadding2d({ padding }), conv(3, { padding }), conv(3));
  },
  'padding by default': () => chain([8, 8, 1], layers.zeroPadding2d(), conv(3)),
  'windows beyond the end': () =>
    chain([9, 10, 1], layers.avgPool2d({ poolSize: 2, strides: 3, dimRoundingMode: 'ceil' })),
  'blur pooling': () => chain([13, 12, 2], conv(3), layers.blurPool2d(), conv(3)),
  dilation: () => chain([12, 12, 1], conv(3), conv(3, { dilation: 2 })),
  depthwise: () => chain([9, 7, 3], layers.depthwiseConv2d({ kernelSize: 3, strides: 2 }), conv(1)),
  adaptive: () => chain([13, 11, 1], conv(3), layers.adaptiveAvgPool2d({ outputSize: [3, 4] })),
  'transposed, same': () =>
    chain([6, 5, 1], transposed({ kernelSize: 3, strides: 2, padding: 'same' }), conv(3)),
  'transposed, by three': () =>
    chain([5, 6, 1], transposed({ kernelSize: 5, strides: 3, padding: 1 }), conv(3)),
  upsampling: () => chain([6, 5, 1], layers.upsampling2d({ size: 2 }), conv(3)),
  bilinear: () => chain([6, 5, 1], layers.upsampling2d({ size: 2, interpolation: 'bilinear' })),
  'through a vector': () =>
    chain(
      [4, 4, 1],
      layers.flatten(),
      layers.dense({ units: 8, activation }),
      layers.reshape({ targetShape: [2, 2, 2] }),
      transposed({ kernelSize: 2, strides: 2 }),
    ),
  'a shortcut with stride': () => {
    const x = input([11, 12, 2]);
    const deviation = conv(3).apply(conv(3, { strides: 2 }).apply(x));
    return graph(x, layers.add().apply([deviation, conv(1, { strides: 2 }).apply(x)]));
  },
  'down and up again': () => {
    const x = input([12, 12, 1]);
    const fine = conv(3).apply(x);
    const coarse = conv(3).apply(layers.avgPool2d().apply(fine));
    const up = transposed({ kernelSize: 2, strides: 2 }).apply(coarse);
    return graph(x, conv(3).apply(layers.concat().apply([fine, up])));
  },
  'a gate of all places': () => {
    const x = input([7, 7, 2]);
    const maps = conv(3).apply(x);
    const gate = layers.dense({ units: 2, activation }).apply(layers.globalAvgPool2d().apply(maps));
    return graph(x, layers.multiply().apply([maps, gate]));
  },
};

function transposed(options: Omit<Parameters<typeof layers.conv2dTranspose>[0], 'filters'>): Layer {
  return layers.conv2dTranspose({ filters: 2, activation, ...options });
}

function graph(inputs: ReturnType<typeof input>, outputs: ReturnType<typeof input>): Model {
  return new Model({ inputs, outputs, seed: 3 });
}

for (const [name, make] of Object.entries(networks))
  test(`a place sees what changes it: ${name}`, () => {
    const model = make();
    const [height, width, channels] = model.inputShape;
    const { nodes } = model.resources.network.graph;
    const maps = nodes.filter(({ shape }) => shape.length === 3);
    const names = maps.map(({ layer }) => layer.name);
    const x = random([1, height, width, channels], 5);
    const valuesOf = (image: Tensor) => {
      const made = model.activations(image, names);
      return names.map((layer) => Float32Array.from(made[layer].numbers));
    };
    const before = valuesOf(x);
    const seen = maps.map(({ shape: [rows, columns] }) =>
      Array.from({ length: rows * columns }, () => ({
        rows: [] as number[],
        columns: [] as number[],
      })),
    );
    for (let pixel = 0; pixel < height * width; pixel++) {
      const image = Float32Array.from(x.numbers);
      for (let c = 0; c < channels; c++) image[pixel * channels + c] += 1 + c;
      for (const [i, after] of valuesOf(Tensor.from(image, x.shape)).entries()) {
        const depth = maps[i].shape[2];
        after.forEach((value, at) => {
          if (value === before[i][at]) return;
          const place = seen[i][Math.floor(at / depth)];
          place.rows.push(Math.floor(pixel / width));
          place.columns.push(pixel % width);
        });
      }
    }
    const summary = model.summary({ print: null });
    for (const [i, node] of maps.entries()) {
      const fieldAt = fieldsOf(model, node);
      const [rows, columns] = node.shape;
      let [tall, wide] = [0, 0];
      for (let place = 0; place < rows * columns; place++) {
        const box = fieldAt(Math.floor(place / columns), place % columns);
        [tall, wide] = [Math.max(tall, box.height), Math.max(wide, box.width)];
        const found = seen[i][place];
        // A place in the padding sees nothing.
        if (found.rows.length === 0) continue;
        const where = `${names[i]}, place ${place}`;
        const edges = (list: number[]) => [Math.min(...list), Math.max(...list)];
        const cut = (from: number, extent: number, side: number) => [
          Math.max(0, from),
          Math.min(side, from + extent) - 1,
        ];
        const [down, across] = [cut(box.top, box.height, height), cut(box.left, box.width, width)];
        assert.equal([down, across], [edges(found.rows), edges(found.columns)], where);
      }
      const { receptiveField } = summary.find(
        (row) => row.name === names[i],
      ) as (typeof summary)[0];
      if (!UNLIKE.includes(name)) assert.equal([tall, wide], receptiveField, names[i]);
    }
  });

/** Where the summary says less: it knows no sizes that differ from place to place, and no detours over vectors. */
const UNLIKE = ['adaptive', 'through a vector', 'a gate of all places'];

test.run();
