// What a network of digits learned, in pictures: `npm run pictures`. docs/lectures.md shows them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { io, layers, ops, optimizers, Sequential, Tensor, vis } from 'wasmgrad';
import { loadDigits } from './digits.mjs';
import { labelled } from './labelled.mjs';
import { readArguments, start, untilInterrupted } from './run.mjs';

const { epochs, seed, simd, quick } = readArguments(
  `Trains a small network on MNIST and writes into docs/pictures what can be seen of it: filters, maps, what
its answers rest on, what its units look for, and where it has the digits.

  npm run pictures -- [--epochs 4] [--seed 1] [--simd auto|strict|relaxed] [--quick]

  --epochs  times through 20 000 digits
  --seed    what weights and order come from
  --simd    'strict' gives the same bits on every machine, 'auto' is faster where it can be
  --quick   fewer digits, to see that it runs; writes nothing`,
  { epochs: 4, seed: 1, simd: 'strict', quick: false },
);
const PIXELS = 28 * 28;
const folder = fileURLToPath(new URL('../docs/pictures/', import.meta.url));

function save(name, content) {
  if (quick) return;
  mkdirSync(folder, { recursive: true });
  const bytes = typeof content === 'string' ? content : io.writePng(content);
  writeFileSync(folder + name, bytes);
  console.log(`docs/pictures/${name}`);
}

/** An image of [height, width] in grey. */
const grey = (map) => vis.colorize(map, 'gray');
/** Numbers below and above 0 in blue and red. */
const signed = (map) => vis.colorize(map, 'diverging');

await start(simd);
const { x, y } = loadDigits('train');
const image = (i) => Tensor.from(x.subarray(i * PIXELS, (i + 1) * PIXELS), [28, 28]);
const images = (list) => {
  const batch = new Float32Array(list.length * PIXELS);
  list.forEach((i, at) => {
    batch.set(x.subarray(i * PIXELS, (i + 1) * PIXELS), at * PIXELS);
  });
  return Tensor.from(batch, [list.length, 28, 28, 1]);
};
/** One map of a batch of maps. */
const one = (maps, i) => {
  const [, height, width] = maps.shape;
  const size = height * width;
  return Tensor.from(maps.data.slice(i * size, (i + 1) * size), [height, width]);
};

console.log('Filters made by hand');
const digit = image(7);
const { boxBlur, sharpen, highPass, motionBlur, sobelX, sobelY } = ops.filters;
const byHand = [boxBlur(3), sharpen, motionBlur].map((filter) => ops.filterImage(digit, filter));
const edges = [highPass, sobelX, sobelY].map((filter) => ops.filterImage(digit, filter));
const tiles = [digit, ...byHand].map(grey);
tiles.push(...edges.map(signed), vis.colorize(ops.sobelMagnitude(digit)));
save(
  'by-hand.svg',
  labelled('A digit under seven filters', [tiles], {
    side: 90,
    columns: [
      ...['digit', 'mean of 3 × 3', 'sharpened', 'motion', 'edges'],
      ...['slope to\nthe right', 'slope\ndownwards', 'how steep'],
    ],
  }),
);

console.log('Training');
const model = new Sequential(
  [
    layers.conv2d({
      filters: 8,
      kernelSize: 5,
      padding: 'same',
      activation: 'relu',
      name: 'first',
    }),
    layers.maxPool2d(),
    layers.conv2d({
      filters: 16,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      name: 'second',
    }),
    layers.maxPool2d(),
    layers.conv2d({
      filters: 32,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      name: 'third',
    }),
    layers.globalMaxPool2d(),
    layers.dense({ units: 10, activation: 'softmax', name: 'scores' }),
  ],
  { inputShape: [28, 28, 1], seed },
);
/** The eight filters of the first layer, and the legend of their colours. */
const firstFilters = (name) => {
  const { data } = model.weights[0].tensor;
  const size = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const legend = vis.legend({ min: -size, max: size }, 'diverging', { label: `weights ${name}` });
  return { sheet: vis.filters(model, 'first', { columns: 8, gap: 2, zoom: 12 }), legend };
};
const before = firstFilters('before training');
model.compile({ optimizer: optimizers.adam(), loss: 'softmaxCrossEntropy', metrics: ['accuracy'] });
const count = quick ? 600 : 20_000;
let history;
await untilInterrupted(async (signal) => {
  history = await model.fit(x.subarray(0, count * PIXELS), y.slice(0, count), {
    epochs: quick ? 1 : epochs,
    validationData: [x.subarray(50_000 * PIXELS, 52_000 * PIXELS), y.slice(50_000, 52_000)],
    signal,
  });
});
if (history) save('curves.svg', vis.plot(history, { title: 'A small network learns digits' }));
const after = firstFilters('after it');
save(
  'filters.svg',
  labelled('Eight filters before and after training', [[before.sheet], [after.sheet]], {
    side: before.sheet.width,
    names: ['before', 'after'],
    legends: [before.legend, after.legend],
  }),
);
const layout = { columns: 8, gap: 2, zoom: 4, legend: true };
save('maps.png', vis.activations(model, images([7]), 'second', layout));

console.log('What answers rest on');
const shown = [2, 5, 7, 13];
const batch = images(shown);
const rows = shown.map((i) => [grey(image(i))]);
const methods = [
  ...['gradient', 'guided', 'deconvolution', 'smoothGrad', 'integratedGradients'],
  ...['occlusion', 'rise'],
];
for (const method of methods) {
  const found = await vis.attribute(model, batch, { method });
  const draw = ['occlusion', 'rise'].includes(method) ? (map) => vis.colorize(map) : signed;
  shown.forEach((_, i) => {
    rows[i].push(draw(one(found, i)));
  });
}
const cams = await vis.gradCam(model, batch);
shown.forEach((i, at) => {
  rows[at].push(vis.overlay(image(i).reshape([28, 28, 1]), one(cams, at)));
});
save(
  'attribution.svg',
  labelled('Eight attributions of four digits', rows, {
    side: 84,
    columns: [
      ...['image', 'gradient', 'guided', 'deconvolution', 'SmoothGrad', 'integrated\ngradients'],
      ...['occlusion', 'RISE', 'Grad-CAM'],
    ],
    legends: [
      vis.legend({ min: -1, max: 1 }, 'diverging', { label: 'lowers or raises the score' }),
      vis.legend({ min: 0, max: 1 }, 'viridis', {
        label: 'occlusion, RISE, Grad-CAM',
      }),
    ],
  }),
);

console.log('What units look for');
const many = images([...Array(quick ? 100 : 2000).keys()]);
const units = [0, 3, 12, 21];
const patches = [];
for (const unit of units) {
  const found = await vis.topPatches(model, many, { layer: 'third', unit, count: 10 });
  patches.push(found.map(({ picture }) => vis.sheet([picture], { gap: 0, zoom: 1 })));
}
save(
  'patches.svg',
  labelled('The strongest patches of four units', patches, {
    side: 66,
    names: units.map((unit) => `unit ${unit}`),
  }),
);
const dreams = [];
for (let unit = 0; unit < 10; unit++) {
  const found = await vis.maximize(model, { layer: 'scores', unit, steps: quick ? 5 : 200 });
  dreams.push(grey(found.reshape([28, 28])));
}
save(
  'maximized.svg',
  labelled('An image for each class', [dreams], {
    side: 72,
    columns: dreams.map((_, unit) => `${unit}`),
  }),
);

console.log('Where digits lie');
const features = await vis.features(model, many, 'globalMaxPool2d');
const pixels = many.reshape([many.shape[0], PIXELS]);
const queries = [1, 4, 11];
const neighbours = queries.flatMap((i) =>
  [features, pixels].map((space) => {
    const query = Tensor.from(space.data.slice(i * space.shape[1], (i + 1) * space.shape[1]));
    return vis.nearest(space, query, 9).map(({ index }) => grey(image(index)));
  }),
);
save(
  'neighbors.svg',
  labelled('Nearest digits by features and by pixels', neighbours, {
    side: 56,
    columns: ['the digit', ...[1, 2, 3, 4, 5, 6, 7, 8].map((place) => `${place}.`)],
    names: queries.flatMap(() => ['by features', 'by pixels']),
  }),
);
const plane = await vis.tsne(features, { iterations: quick ? 20 : 500 });
const places = plane.toArray();
const small = places.map((_, i) => vis.colorize(halved(image(i)), 'gray'));
save('plane.png', scattered(small, places, 700));

/** An image of half the sides, of the means of four pixels. */
function halved(map) {
  const pooled = ops.avgPool2d(map.reshape([1, 28, 28, 1]), { poolSize: 2 });
  return pooled.reshape([14, 14]);
}

/** Small pictures at places of a plane, each [x, y]; where two meet, the first one stays. */
function scattered(pictures, places, side) {
  const whole = {
    width: side,
    height: side,
    data: new Uint8ClampedArray(4 * side * side).fill(255),
  };
  const taken = new Set();
  const [{ width, height }] = pictures;
  const spread = (axis) => {
    const values = places.map((place) => place[axis]);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return values.map((value) =>
      Math.floor(((value - least) / (most - least)) * (side / width - 1)),
    );
  };
  const [columns, rows] = [spread(0), spread(1)];
  pictures.forEach(({ data }, i) => {
    const at = 4 * (rows[i] * height * side + columns[i] * width);
    if (taken.has(at)) return;
    taken.add(at);
    for (let y = 0; y < height; y++)
      whole.data.set(data.subarray(4 * y * width, 4 * (y + 1) * width), at + 4 * y * side);
  });
  return whole;
}
