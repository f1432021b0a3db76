// The confusion matrix as a picture: its counts, its names, and what is refused.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { metrics, ShapeError, ValueError } from '../../src/index.js';
import * as vis from '../../src/vis/index.js';
import { checkWellFormed } from '../helpers/markup.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

const texts = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, words]) => words);

test('each count stands in its cell, which is as strong as its share of the row', () => {
  const found = metrics.confusionMatrix([0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1], { classes: 2 });
  const svg = vis.confusion(found, { classes: ['cats', 'a < b'], title: 'Pets' });
  checkWellFormed(svg);
  assert.equal(texts(svg), [
    ...['Pets', 'the model says', 'it is', 'cats', 'cats', 'a &#60; b', 'a &#60; b'],
    ...['3', '1', '2'],
  ]);
  const strengths = [...svg.matchAll(/fill="(#\w+)" fill-opacity="([\d.]+)"/g)];
  const [hit, miss] = ['#0072b2', '#d55e00'];
  assert.equal(
    strengths.map(([, color, strength]) => [color, Number(strength)]),
    [
      [hit, 0.54],
      [miss, 0.37],
      [miss, 0.04],
      [hit, 0.7],
    ],
  );
});

test('of many classes the cells have no numbers, of none seen no colour', () => {
  const many = Array.from({ length: 40 }, (_, i) => Array.from({ length: 40 }, () => i));
  assert.is(texts(vis.confusion(many)).length, 2 + 80);
  assert.match(
    vis.confusion([
      [0, 0],
      [0, 1],
    ]),
    'fill-opacity="0.04"',
  );
});

test('what is no matrix is refused', async () => {
  const draw = (what: unknown, options = {}) => vis.confusion(what as number[][], options);
  for (const bad of [null, [], {}, [1, 2], 'x'])
    await rejects(() => draw(bad), ValueError, 'vis.confusion', 'metrics.confusionMatrix');
  await rejects(() => draw([[1, 2]]), ShapeError, 'square', '1 rows', '2 numbers');
  await rejects(() => draw([[-1]]), ValueError, 'counts', '-1');
  await rejects(() => draw([[1]], { classes: ['a', 'b'] }), ShapeError, '1 classes', '2 names');
  await rejects(() => draw([[1]], { classes: [1] }), ValueError, 'list of names');
});

test.run();
