// Curves as SVG: where the points lie, what stands beside them, and what is refused.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ValueError } from '../../src/index.js';
import * as vis from '../../src/vis/index.js';
import { checkWellFormed } from '../helpers/markup.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

/** The points of the curves, path by path. */
const curves = (svg: string): number[][][] =>
  [...svg.matchAll(/<path d="([^"]+)" fill="none"/g)].map(([, path]) =>
    [...path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]),
  );

const texts = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, words]) => words);

test('a curve goes from edge to edge, its numbers from bottom to top', () => {
  const svg = vis.plot({ loss: [4, 2, 0] }, { width: 300, height: 200 });
  checkWellFormed(svg);
  const [points] = curves(svg);
  assert.equal(
    points.map(([x]) => x),
    [52, 168, 284],
  );
  const [high, middle, low] = points.map(([, y]) => y);
  assert.ok(high < middle && middle < low);
  assert.is(middle, (high + low) / 2);
  for (const tick of ['0', '1', '2', '3', '4', 'epoch', 'loss'])
    assert.ok(texts(svg).includes(tick), tick);
});

test('a history has a frame for each metric, and its validation is dashed', () => {
  const history = {
    loss: [2, 1],
    val_loss: [2.5, 1.5],
    accuracy: [0.5, 0.9],
    learningRate: [0.1, 0.1],
  };
  const svg = vis.plot({ epoch: [3, 4], history }, { title: 'LeNet & friends' });
  checkWellFormed(svg);
  assert.is([...svg.matchAll(/<g transform/g)].length, 3);
  assert.is(curves(svg).length, 4);
  assert.is([...svg.matchAll(/stroke-dasharray/g)].length, 2);
  for (const words of ['loss', 'accuracy', 'learningRate', 'training', 'validation', '3', '4'])
    assert.ok(texts(svg).includes(words), words);
  assert.match(svg, 'aria-label="LeNet &#38; friends"');
});

test('what is not finite is a gap, and a number alone is a dot', () => {
  const svg = vis.plot({ a: [1, Number.NaN, 2, 3, Number.POSITIVE_INFINITY, 2] });
  const [, path] = svg.match(/<path d="([^"]+)" fill="none"/) as RegExpMatchArray;
  assert.is([...path.matchAll(/M/g)].length, 1);
  assert.is(curves(svg)[0].length, 2);
  assert.is([...svg.matchAll(/<circle/g)].length, 2);
  // After one epoch training and validation are told apart.
  const one = vis.plot({ epoch: [1], history: { loss: [2], val_loss: [1] } });
  assert.equal(curves(one), []);
  const fills = [...one.matchAll(/<circle[^>]* fill="([^"]+)"/g)].map(([, fill]) => fill);
  assert.is(fills.length, 2);
  assert.is(fills[1], 'none');
  assert.is.not(fills[0], 'none');
});

test('on a logarithmic scale equal factors are equal distances', () => {
  const svg = vis.plot({ a: Float32Array.of(100, 10, 1) }, { logarithmic: true });
  const [, [, middle]] = curves(svg)[0];
  const [[, high], , [, low]] = curves(svg)[0];
  assert.is(middle, (high + low) / 2);
  for (const tick of ['1', '2', '5', '10', '100']) assert.ok(texts(svg).includes(tick), tick);
  const small = texts(vis.plot({ a: [1e-7, 1] }, { logarithmic: true }));
  for (const tick of ['1e-7', '1e-4', '0.001', '1']) assert.ok(small.includes(tick), tick);
});

test('records of curves have a frame each, with one scale', () => {
  const svg = vis.plot({ plain: { first: [1, 1], last: [1, 3] }, residual: { first: [2, 3] } });
  checkWellFormed(svg);
  assert.is([...svg.matchAll(/<g transform/g)].length, 2);
  const [, , third] = curves(svg);
  const [, [, top]] = curves(svg)[1];
  assert.is(third[1][1], top);
  const ticks = texts(svg).filter((words) => words === '1.5');
  assert.is(ticks.length, 2);
  for (const words of ['plain', 'residual', 'first', 'last'])
    assert.ok(texts(svg).includes(words), words);
});

test('gradient norms have a frame below, with a scale of their own, from the first layer to the last', async () => {
  const layers = Array.from({ length: 20 }, (_, i): [string, number[]] => [
    `conv_${i}`,
    [10 ** -i, 10 ** (1 - i)],
  ]);
  const gradientNorms = { ...Object.fromEntries(layers), frozen: [0, 0] };
  const svg = vis.plot({ loss: [2, -1] }, { gradientNorms });
  checkWellFormed(svg);
  assert.is([...svg.matchAll(/<g transform/g)].length, 2);
  const found = curves(svg);
  assert.is(found.length, 8);
  for (const words of ['gradient norms', 'conv_0', 'conv_19'])
    assert.ok(texts(svg).includes(words), words);
  assert.not.ok(texts(svg).includes('frozen'));
  // Equal factors are equal distances.
  const heights = found.slice(1).map(([[, from], [, to]]) => from - to);
  for (const height of heights) assert.ok(Math.abs(height - heights[0]) < 0.2, `${heights}`);
  // Long names leave room for fewer, but the first and the last are there.
  const long = Object.fromEntries(
    layers.map(([name, list]) => [`the.residual.block.of.${name}`, list]),
  );
  const few = vis.plot({ loss: [2, 1] }, { gradientNorms: long });
  const places = [...few.matchAll(/<text x="([\d.]+)" y="18">([^<]*)</g)];
  for (const [, at, name] of places) assert.ok(Number(at) + 6.5 * name.length < 840, name);
  assert.match(few, 'of.conv_0<');
  assert.match(few, 'of.conv_19<');
  const none = vis.plot({ loss: [2, 1] }, { gradientNorms: { frozen: [0, 0] } });
  assert.is(none, vis.plot({ loss: [2, 1] }));
  const bad = { gradientNorms: { conv: 'abc' } } as never;
  await rejects(() => vis.plot({ loss: [1] }, bad), ValueError, 'gradientNorms must be the norms');
});

test('what is no curve is refused', async () => {
  const plot = (what: unknown, options = {}) => vis.plot(what as vis.Series, options);
  await rejects(() => plot(null), ValueError, 'vis.plot', 'what fit returns');
  await rejects(() => plot({}), ValueError, 'no curves');
  await rejects(() => plot({ a: {} }), ValueError, 'no curves');
  await rejects(() => plot({ a: 'abc' }), ValueError, "'a' has no numbers");
  await rejects(() => plot({ a: [Number.NaN] }), ValueError, "'a' has no numbers");
  await rejects(() => plot({ a: [1, 0] }, { logarithmic: true }), ValueError, 'positive', '0');
  await rejects(() => plot({ a: [1] }, { widht: 3 }), ValueError, 'widht', 'width');
});

test.run();
