// Reports: what stands in them, what is left out and why, and that what is given stays text.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  layers,
  memory,
  NumericError,
  Sequential,
  ShapeError,
  Tensor,
  ValueError,
  zoo,
} from '../../src/index.js';
import * as vis from '../../src/vis/index.js';
import { checkWellFormed } from '../helpers/markup.js';
import { rejects } from '../helpers/models.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

const hostile = '<script>alert("1")</script>';
const names = [hostile, "it's & <b>", '"two"'];

const network = (): Sequential =>
  new Sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
      layers.maxPool2d(),
      layers.flatten(),
      layers.dense({ units: 5, activation: 'relu' }),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
    { inputShape: [10, 10, 1], seed: 3 },
  );

const count = 20;
const x = random([count, 10, 10, 1], 7);
const y = Int32Array.from({ length: count }, (_, i) => i % 3);
const history = { epoch: [1, 2], history: { loss: [2, 1], val_loss: [2, 1.5] } };

const titles = (text: string): string[] =>
  [...text.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title]) => title);

test('a report has all sections, in one file', async () => {
  const seen: [number, string][] = [];
  const text = await vis.report(
    network(),
    { x, y },
    { classes: names, history, title: hostile, onProgress: (...now) => seen.push(now) },
  );
  checkWellFormed(text);
  assert.equal(titles(text), [
    'Training',
    'Right and wrong',
    'Worst mistakes',
    'Why it says so',
    'When the image changes',
    'What the layers make of an image',
    'Filters',
    'What units answer to',
    'Images made for classes',
    'Neighbours',
    'All images in the plane',
    'Layers',
  ]);
  // Nothing is loaded, nothing runs.
  for (const [, address] of text.matchAll(/(?:src|href)="([^"]*)"/g))
    assert.match(address, /^(data:image\/png;base64,|#)/);
  assert.not.match(text, '<script');
  assert.not.match(text, '<b>"');
  assert.match(text, '&#60;script&#62;alert(&#34;1&#34;)');
  for (const [done] of seen) assert.ok(done >= 0 && done <= 1);
  assert.equal(
    seen.map(([done]) => done),
    seen.map(([done]) => done).sort((a, b) => a - b),
  );
  assert.equal(seen.at(-1), [1, 'done']);
});

test('the figures are those of the model, and a report is the same each time', async () => {
  const model = network();
  const scores = model.predict(x);
  const right = [...y].filter(
    (k, i) => scores.data[i * 3 + k] === Math.max(...scores.data.subarray(i * 3, i * 3 + 3)),
  ).length;
  const rows = Float32Array.from({ length: 3 * count }, (_, i) =>
    Number(y[Math.floor(i / 3)] === i % 3),
  );
  const text = await vis.report(model, { x, y });
  assert.match(text, `<dd>${((100 * right) / count).toFixed(2)}\u00a0%</dd>`);
  assert.is(await vis.report(model, { x, y: Tensor.from(rows, [count, 3]) }), text);
});

test('gradient norms are drawn, with or without a history; what are no norms is refused', async () => {
  const gradientNorms = { conv2d: [0.1, 1], dense: [0, 10] };
  const svg = (await vis.report(network(), { x, y }, { gradientNorms })).match(
    /<h2>Training<\/h2>.*?<svg.*?<\/svg>/s,
  );
  assert.ok(svg);
  for (const words of ['gradient norms', 'conv2d', 'dense', '0.1', '10'])
    assert.match(svg[0], `>${words}<`);
  await rejects(
    () => vis.report(network(), { x, y }, { gradientNorms: { dense: ['1'] } as never }),
    ValueError,
    'gradientNorms must be the norms',
  );
});

test('deeper filters have a row each and a tile for each channel; units are bright where they are on', async () => {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 2, kernelSize: 3, activation: 'relu' }),
      layers.conv2d({ filters: 20, kernelSize: 2, activation: 'relu' }),
      layers.conv2d({ filters: 3, kernelSize: 1 }),
      layers.globalMaxPool2d(),
    ],
    { inputShape: [10, 10, 1], seed: 3 },
  );
  const text = await vis.report(model, { x, y });
  checkWellFormed(text);
  assert.match(text, '<b>conv2d_1</b> 20 filters of 2 × 2, 2 channels, the first 12 × 2');
  // Of a single pixel there is nothing to be seen.
  assert.not.match(text, '<b>conv2d_2</b> 3 filters');
  assert.match(text, 'Where they are on');
});

test('units are compared with masks of concepts, as vis.dissect does', async () => {
  const model = network();
  const corner = Float32Array.from({ length: count * 100 }, (_, i) => Number(i % 100 < 30));
  const masks = {
    corner: Tensor.from(corner, [count, 10, 10]),
    [hostile]: random([count, 10, 10], 4),
  };
  const text = await vis.report(model, { x, y }, { masks });
  checkWellFormed(text);
  const layer = /units of (\w+) answer/.exec(text)?.[1] as string;
  const rows = [...text.matchAll(/<th scope="row">unit (\d+)<\/th><td>([\d.]+)\u00a0%/g)];
  assert.ok(rows.length > 1);
  for (const [, unit, iou] of rows) {
    const found = await vis.dissect(model, x, { layer, unit: Number(unit), masks, share: 0.05 });
    const { corner } = found.iou as Record<string, number>;
    assert.is(iou, (100 * corner).toFixed(1));
  }
  const bad = { masks: Tensor.zeros([count, 10, 9]) };
  await rejects(() => vis.report(model, { x, y }, bad), ShapeError, 'the mask', '[20, 10, 10]');
});

test('a report leaves no memory behind, nor does one that ends early or in an error', async () => {
  const model = network();
  await vis.report(model, { x, y });
  const before = memory().tensors;
  await vis.report(model, { x: Array.from(x.toArray<number[]>()), y: [...y] });
  assert.ok(memory().tensors <= before);
  const stop = new AbortController();
  const onProgress = (done: number) => done > 0.2 && stop.abort();
  await vis.report(model, { x, y }, { signal: stop.signal, onProgress }).catch(() => {});
  const bad = Float32Array.from(x.numbers);
  bad[5] = Number.NaN;
  await rejects(() => vis.report(model, { x: bad, y }), NumericError, 'NaN', 'sample 0');
  assert.ok(memory().tensors <= before);
});

test('what cannot be is left out, with a line that says why', async () => {
  const text = await vis.report(network(), { x });
  for (const why of ['the data have no classes', 'no history of the training was given'])
    assert.match(text, why);
  assert.not.ok(titles(text).includes('Right and wrong'));
  assert.ok(titles(text).includes('Why it says so'));
  const vectors = new Sequential([layers.dense({ units: 4 }), layers.dense({ units: 1 })], {
    inputShape: [6],
  });
  const other = await vis.report(vectors, { x: random([5, 6], 2), y: [0, 1, 0, 1, 1] });
  checkWellFormed(other);
  assert.match(other, 'the model takes [6], not images');
  assert.match(other, 'the model has no convolution of images');
  assert.equal(titles(other), ['Right and wrong', 'All images in the plane', 'Layers']);
  const maps = new Sequential([layers.conv2d({ filters: 2, kernelSize: 3 })], {
    inputShape: [6, 6, 3],
  });
  const last = await vis.report(maps, { x: random([3, 6, 6, 3], 2) });
  checkWellFormed(last);
  assert.match(last, 'the output [4, 4, 2] is no score for each class');
});

test('a report is aborted, and wrong data are refused', async () => {
  const stop = new AbortController();
  const aborted = vis.report(
    network(),
    { x, y },
    {
      signal: stop.signal,
      onProgress: (done) => done > 0.3 && stop.abort(),
    },
  );
  assert.is(await aborted.catch((error) => error), stop.signal.reason);
  const ask = (data: object, options = {}) =>
    vis.report(network(), data as vis.ReportData, options);
  await rejects(() => ask({ y }), ValueError, 'vis.report: data: x must be images');
  await rejects(() => ask({ x, labels: y }), ValueError, "no option 'labels'", 'x, y');
  await rejects(() => ask({ x, y: [1, 2] }), ShapeError, '20 images', '[2]');
  await rejects(() => ask({ x, y: y.map(() => 3) }), ValueError, 'image 0 is 3', 'from 0 to 2');
  await rejects(() => ask({ x, y }, { classes: ['a'] }), ValueError, '3 classes', '1 names');
  await rejects(() => ask({ x, y }, { history: [1] }), ValueError, 'history', 'fit returns');
});

test('costs are those of the summary, layer by layer', async () => {
  const svg = vis.costs(zoo.lenet5());
  checkWellFormed(svg);
  const words = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  for (const text of ['conv2d_1', '48.1K', '118K', '18.4 KiB', '61.7K in all', 'lenet5'])
    assert.ok(words.includes(text), text);
  await rejects(() => vis.costs({} as never), ValueError, 'vis.costs');
});

test('a legend has the ends of what was coloured', async () => {
  const map = Tensor.from([-1, 0, 4]);
  const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
  assert.equal(texts(vis.legend(map)), ['-1', '1.5', '4']);
  assert.equal(texts(vis.legend(map, 'diverging')), ['-4', '0', '4']);
  const svg = vis.legend({ min: 0, max: 2 }, 'gray', { label: 'a < b' });
  checkWellFormed(svg);
  assert.equal(texts(svg), ['a &#60; b', '0', '1', '2']);
  await rejects(() => vis.legend({ min: 0 } as never), ValueError, 'max');
  await rejects(() => vis.legend(map, 'jet' as never), ValueError, 'viridis');
});

test.run();
