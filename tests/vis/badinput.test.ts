// Bad input of every function that looks into models: typed, named, with the way out, and nothing left in memory.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  layers,
  memory,
  NumericError,
  Sequential,
  ShapeError,
  StateError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import * as vis from '../../src/vis/index.js';
import { rejects } from '../helpers/models.js';
import { numbers, random } from '../helpers/random.js';
import '../helpers/start.js';

const network = (): Sequential =>
  new Sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', name: 'maps' }),
      layers.flatten(),
      layers.dense({ units: 3, activation: 'softmax', name: 'scores' }),
    ],
    { inputShape: [8, 8, 1], seed: 1 },
  );

/** A call: of a model, images, a layer and a unit. */
type Call = (
  model: Sequential,
  x: never,
  how?: { layer?: string; unit?: number; signal?: AbortSignal },
) => unknown;

const methods = [
  ...(['gradient', 'inputXGradient', 'smoothGrad', 'guided', 'deconvolution'] as const),
  ...(['integratedGradients', 'occlusion', 'rise'] as const),
];
const calls: Record<string, Call> = {
  activations: (model, x, { layer = 'maps' } = {}) => vis.activations(model, x, layer),
  features: (model, x, { layer = 'maps', ...how } = {}) => vis.features(model, x, layer, how),
  gradCam: (model, x, how) => vis.gradCam(model, x, how),
  topPatches: (model, x, how) => vis.topPatches(model, x, { layer: 'maps', unit: 0, ...how }),
  dissect: (model, x, how) => vis.dissect(model, x, { layer: 'maps', unit: 0, ...how }),
  invariance: (model, x, how) =>
    vis.invariance(model, x, { shift: [0, 1], turn: [], grow: [], darken: [], ...how }),
  report: (model, x, how) => vis.report(model, { x }, how),
  ...Object.fromEntries(
    methods.map((method) => [
      `attribute by ${method}`,
      (model, x, how) => vis.attribute(model, x, { method, samples: 40, ...how }),
    ]),
  ),
};
const nameOf = (call: string): string => `vis.${call.split(' ')[0]}`;

/** Disposes of what a call found. */
function clear(found: unknown): void {
  if (found instanceof Tensor) found.dispose();
  else (found as vis.Dissection | undefined)?.regions?.dispose();
}

/** Less may be there: what earlier tests have forgotten is collected at any time. */
function nothingMore(before: number): void {
  const { tensors } = memory();
  assert.ok(tensors <= before, `${tensors - before} bytes are left`);
}

for (const [name, call] of Object.entries(calls)) {
  test(`images that do not fit are refused, and what is good goes on: ${name}`, async () => {
    const model = network();
    const where = nameOf(name);
    const good = numbers(64, 1);
    clear(await call(model, good as never));
    const before = memory().tensors;
    const ask = (x: unknown) => () => call(model, x as never) as Promise<unknown>;
    const shaped = async (shape: number[], ...words: string[]) => {
      const x = Tensor.zeros(shape);
      await rejects(ask(x), ShapeError, where, ...words);
      x.dispose();
    };
    for (const none of [new Float32Array(0), []])
      await rejects(ask(none), ShapeError, where, 'no images');
    await shaped([0, 8, 8, 1], 'no images');
    await shaped([2, 9, 8, 1], '[2, 9, 8, 1]', 'io.readImage(source, { size: [8, 8] })');
    await shaped([2, 8, 8, 3], 'size: [8, 8], channels: 1');
    await shaped([2, 8, 8], 'x.reshape([-1, 8, 8, 1])');
    await rejects(ask('photo.png'), ValueError, where, 'x must be', "'photo.png'");
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const numbers = Float32Array.from(good);
      numbers[9] = bad;
      await rejects(ask(numbers), NumericError, where, `${bad}`, 'sample 0', 'clean the data');
    }
    nothingMore(before);
    clear(await call(model, new Float32Array(64) as never));
    clear(await call(model, good as never));
    nothingMore(before);
    model.dispose();
  });

  if (name === 'activations') continue;
  test(`a signal ends it, a model or an image that is gone is said, nothing stays: ${name}`, async () => {
    const model = network();
    const x = random([3, 8, 8, 1], 1);
    clear(await call(model, x as never));
    const before = memory().tensors;
    const signal = AbortSignal.abort(new Error('enough'));
    await rejects(() => call(model, x as never, { signal }) as Promise<unknown>, Error, 'enough');
    // A model that goes while it is looked at, and one that is gone.
    const other = network();
    const late = call(other, x as never) as Promise<unknown>;
    other.dispose();
    await late.then(clear, (error) => assert.instance(error, StateError));
    await rejects(() => call(other, x as never) as Promise<unknown>, StateError, 'dispose');
    nothingMore(before);
    // Calls at the same time do not disturb each other.
    const both = await Promise.all([1, 2].map(() => call(model, x as never) as Promise<unknown>));
    if (both[0] instanceof Tensor) assert.equal(both[0].toArray(), (both[1] as Tensor).toArray());
    for (const one of both) clear(one);
    const copy = x.clone();
    const going = call(model, copy as never) as Promise<unknown>;
    copy.dispose();
    clear(await going);
    nothingMore(before);
    for (const one of [x, model]) one.dispose();
  });
}

test('layers and units that do not exist are refused everywhere', async () => {
  const model = network();
  const x = random([2, 8, 8, 1], 1);
  const one = numbers(64, 1) as never;
  const wrong = 'mpas';
  const asked: Record<string, (layer: string, unit?: number) => unknown> = {
    filters: (layer) => vis.filters(model, layer),
    activations: (layer) => vis.activations(model, one, layer),
    features: (layer) => vis.features(model, x, layer),
    gradCam: (layer) => vis.gradCam(model, x, { layer }),
    topPatches: (layer, unit = 0) => vis.topPatches(model, x, { layer, unit }),
    maximize: (layer, unit = 0) => vis.maximize(model, { layer, unit, steps: 1 }),
    dissect: (layer, unit = 0) => vis.dissect(model, x, { layer, unit }),
  };
  for (const [name, ask] of Object.entries(asked))
    await rejects(
      () => ask(wrong) as Promise<unknown>,
      ValueError,
      `vis.${name}`,
      "no layer 'mpas'",
      'maps',
    );
  for (const name of ['topPatches', 'maximize', 'dissect'])
    for (const unit of [4, -1, 0.5])
      await rejects(
        () => asked[name]('maps', unit) as Promise<unknown>,
        ValueError,
        `vis.${name}`,
        'unit',
        `${unit}`,
      );
  for (const name of ['activations', 'gradCam', 'topPatches', 'dissect'])
    await rejects(
      () => asked[name]('scores') as Promise<unknown>,
      ShapeError,
      `vis.${name}`,
      'no maps',
    );
  const gone = network();
  gone.dispose();
  await rejects(() => vis.maximize(gone, { layer: 'maps', unit: 0 }), StateError, 'dispose');
  await rejects(() => vis.filters(model, 'maps', { gaps: 1 } as never), ValueError, 'vis.filters');
  for (const target of [null, '0', {}] as never[])
    await rejects(() => vis.attribute(model, x, { target }), ValueError, 'target must be a class');
});

test('points that are no numbers are refused: neighbours, components, t-SNE', async () => {
  const points = random([12, 3], 1);
  const bad = random([12, 3], 1);
  bad.data[4] = Number.NaN;
  const before = memory().tensors;
  const asked = [
    () => vis.nearest(bad, points, 2),
    () => vis.nearest(points, bad, 2),
    () => vis.pca(bad),
    () => vis.tsne(bad, { perplexity: 3 }),
  ];
  for (const ask of asked)
    await rejects(() => ask() as Promise<Tensor>, NumericError, 'vis.', 'NaN (element 4)');
  await rejects(() => vis.nearest(points, points, 13), ValueError, 'ask for at most 12');
  nothingMore(before);
});

test('a unit that never answers, or the same everywhere, is on nowhere', async () => {
  const model = network();
  const x = random([3, 8, 8, 1], 1);
  const [kernel, bias] = model.weights;
  kernel.tensor.data.fill(0);
  const regions = async (answer: number) => {
    bias.tensor.data.fill(answer);
    return vis.dissect(model, x, { layer: 'maps', unit: 0 });
  };
  for (const answer of [-1, 2]) {
    const { regions: on, threshold } = await regions(answer);
    assert.is(threshold, Number.POSITIVE_INFINITY);
    assert.ok(on.numbers.every((value) => value === 0));
  }
});

test.run();
