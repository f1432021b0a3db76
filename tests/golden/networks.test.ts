// Whole networks of the zoo against torchvision's: replays networks.json, which networks.py makes.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Model, optimizers, zoo } from '../../src/index.js';
import type { Weight } from '../../src/network/weight.js';
import { close } from '../helpers/close.js';
import { dropNothing } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import { simd } from '../helpers/start.js';

interface Network {
  name: string;
  side: number;
  predicted: number[];
  loss: number;
  /** Digests by the names of weights. */
  gradients: Record<string, number[]>;
  running: Record<string, number[]>;
  /** In inference mode, of an output of each sample and of the loss, for input and layers: digests by name. */
  inference: { output: Record<string, number[]>; loss?: Record<string, number[]> };
}

const { networks } = JSON.parse(
  readFileSync(new URL('networks.json', import.meta.url), 'utf8'),
) as { networks: Network[] };

const CLASSES = 10;
const BATCH = 2;
/** Exact in float32. */
const RATE = 2 ** -14;

/**
 * Of a gradient's norm. Rounding alone makes 1e-5. But where a sum is so near 0 that float32 has another
 * sign, ReLU lets it through and max pooling takes another pixel, and one sign in small maps changes the
 * gradients of all layers below by a hundredth: in PyTorch's own float32 too, by up to 4 %.
 */
const GRADIENT = 2e-2;

/** What a gradient of 0 may be: that of biases, say, which a normalisation takes away again. */
const ZERO = 1e-5;

type Net = Model | ReturnType<typeof googlenet>;

const googlenet = (side: number) =>
  zoo.googlenet({ classes: CLASSES, inputShape: [side, side, 3], auxiliary: true });

function made(name: string, side: number): Net {
  const options = { classes: CLASSES, inputShape: [side, side, 3] };
  if (name === 'googlenet') return googlenet(side);
  if (name === 'vgg16') return zoo.vgg16({ ...options, batchNorm: true });
  if (name === 'mobilenetV2') return zoo.mobilenetV2(options);
  if (name === 'squeezenet') return zoo.squeezenet(options);
  return zoo.resnet({ ...options, depth: Number(name.replace('resnet', '')) });
}

/** FNV-1a, 24 bits of it: as in networks.py. */
function seedOf(name: string): number {
  let value = 2166136261;
  for (const byte of new TextEncoder().encode(name)) value = Math.imul(value ^ byte, 16777619);
  return value & 0xffffff;
}

/** What the name says that a weight begins with: `fill` of networks.py. */
function first({ name, tensor: { size, shape } }: Weight): Float32Array {
  const values = numbers(size, seedOf(name));
  const word = name.split('/')[1];
  let [scale, shift] = [0.1, word === 'gamma' || word === 'movingVariance' ? 1 : 0];
  if (word === 'kernel') scale = Math.sqrt(6 / (size / (shape.at(-1) as number)));
  if (name.endsWith('bn3/gamma')) [scale, shift] = [0.01, 0.1];
  for (let i = 0; i < size; i++) values[i] = values[i] * scale + shift;
  return values;
}

/** The norm, two weighted sums and four of the numbers: `digest` of networks.py. */
function digest(values: ArrayLike<number>): number[] {
  const { length } = values;
  let [squares, first, second] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    squares += values[i] * values[i];
    first += values[i] * ((Math.imul(i, 2654435761) >>> 0) / 2 ** 32 - 0.5);
    second += values[i] * ((Math.imul(i, 2246822519) >>> 0) / 2 ** 32 - 0.5);
  }
  const some = [0, 1, 2, 3].map((i) => values[Math.floor((i * length) / 4)]);
  return [Math.sqrt(squares), first, second, ...some];
}

/** Fails unless every number of `weight` has gone down from `before` by its gradient, but for rounding. */
function descended(weight: Weight, before: Float32Array, gradient: ArrayLike<number>): void {
  const after = weight.tensor.data;
  for (let i = 0; i < before.length; i++) {
    const step = RATE * gradient[i];
    const rounding = 2 ** -22 * (Math.abs(before[i]) + Math.abs(step));
    if (Math.abs(after[i] - (before[i] - step)) <= rounding) continue;
    assert.unreachable(`${weight.name}: element ${i} went from ${before[i]} to ${after[i]}`);
  }
}

// Its 134 million weights are a third of all time here, and no kernel is in it that others lack.
const once = simd === 'strict' ? [] : ['vgg16'];
if (once.length > 0) console.log(`not in this run, as the strict one has it: ${once}`);

for (const { name, side, predicted, loss, gradients, running, inference } of networks) {
  if (once.includes(name)) continue;
  test(name, async () => {
    const model = made(name, side);
    dropNothing(model);
    const lossWeights = model.outputs.length > 1 ? [1, 0.3, 0.3] : 1;
    const optimizer = optimizers.sgd({ learningRate: RATE });
    model.compile({ optimizer, loss: 'softmaxCrossEntropy', lossWeights });
    const { weights } = model;
    const names = weights.map((weight) => weight.name).sort();
    assert.equal(names, [...Object.keys(gradients), ...Object.keys(running)].sort());
    const before = new Map(weights.map((weight) => [weight, first(weight)]));
    for (const [{ tensor }, values] of before) tensor.data.set(values);

    const x = numbers(BATCH * side * side * 3, seedOf(name));
    const [logits] = [model.predict(x)].flat();
    close(logits.data, predicted, { atol: 1e-5 * digest(predicted)[0] }, 'predictions');
    logits.dispose();
    const y = Int32Array.from({ length: BATCH }, (_, i) => (i * 3) % CLASSES);

    const [output] = model.outputNames;
    for (const [what, expected] of Object.entries(inference)) {
      const wanted = Object.keys(expected);
      const of = what === 'loss' ? { y } : { output: { [output]: y } };
      const found = await model.gradients(x, { ...of, wanted });
      for (const key of wanted) {
        const atol = GRADIENT * expected[key][0];
        close(digest(found[key].data), expected[key], { atol }, `${what}: gradient of ${key}`);
        found[key].dispose();
      }
    }
    close([model.trainOnBatch(x, y).loss], [loss], { rtol: 1e-5 }, 'loss');

    for (const weight of weights) {
      const { tensor, gradient } = weight;
      if (!gradient) {
        const expected = running[weight.name];
        close(digest(tensor.data), expected, { atol: 1e-5 * expected[0] }, weight.name);
        continue;
      }
      const expected = gradients[weight.name];
      const atol = GRADIENT * expected[0] + ZERO;
      close(digest(gradient.data), expected, { atol }, `gradient of ${weight.name}`);
      descended(weight, before.get(weight) as Float32Array, gradient.data);
      // Both together: after the step, the parameters agree.
      assert.ok(RATE * atol < 1e-4 * digest(tensor.data)[0], `${weight.name}: too steep to tell`);
    }
    model.dispose();
  });
}

test.run();
