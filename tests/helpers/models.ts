// What the model tests share: a small network with every habit, data that it can learn, and
// comparisons bit for bit.

import * as assert from 'uvu/assert';
import {
  type CompileOptions,
  layers,
  type Model,
  optimizers,
  Sequential,
} from '../../src/index.js';
import type { Algorithm } from '../../src/operators/conv/geometry.emit.js';
import { numbers } from './random.js';

/** Images [6, 6, 1] of noise, in whose class (0, 1, 2) the top, middle or bottom third is bright. */
export function samples(count: number, seed = 1): { x: Float32Array; y: Int32Array } {
  const x = numbers(count * 36, seed);
  const y = Int32Array.from({ length: count }, (_, i) => (i * 7 + (i >> 2)) % 3);
  for (let i = 0; i < x.length; i++) {
    if (Math.floor((i % 36) / 12) === y[Math.floor(i / 36)]) x[i] += 1;
  }
  return { x, y };
}

const sgd = optimizers.sgd({ learningRate: 0.05, momentum: 0.9 });

/** Convolution with ReLU, batch norm, pooling, dropout, a dense layer: [6, 6, 1] to 3 logits. */
export function tiny(
  options: { seed?: number; rate?: number; algorithm?: Algorithm } = {},
): Sequential {
  const { seed = 1, rate = 0.3, algorithm = 'auto' } = options;
  return new Sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', algorithm }),
      layers.batchNorm({ momentum: 0.9 }),
      layers.maxPool2d(),
      layers.flatten(),
      layers.dropout({ rate }),
      layers.dense({ units: 3 }),
    ],
    { inputShape: [6, 6, 1], seed, name: 'tiny' },
  );
}

/** `tiny`, compiled: cross-entropy and accuracy unless told otherwise. */
export function compiled(
  options: Parameters<typeof tiny>[0] & Partial<CompileOptions> = {},
): Sequential {
  const {
    optimizer = sgd,
    loss = 'softmaxCrossEntropy',
    metrics = ['accuracy'],
    ...network
  } = options;
  const model = tiny(network);
  model.compile({ optimizer, loss, metrics });
  return model;
}

/** A copy of all weights, one after another. */
export function weightsOf(model: Pick<Model, 'weights'>): Float32Array {
  return Float32Array.from(model.weights.flatMap(({ tensor }) => [...tensor.data]));
}

/** A copy of the outputs. */
export function predictions(
  model: Pick<Model, 'predict'>,
  x: Parameters<Model['predict']>[0],
  batchSize = 32,
): Float32Array {
  const y = model.predict(x, { batchSize });
  const copy = Float32Array.from(y.data);
  y.dispose();
  return copy;
}

const words = (a: Float32Array) => new Uint32Array(a.buffer, a.byteOffset, a.length);

/** Where two arrays first differ in a bit: −1 for nowhere. */
function firstDifference(a: Float32Array, b: Float32Array): number {
  assert.is(a.length, b.length, 'lengths differ');
  const [wa, wb] = [words(a), words(b)];
  return wa.findIndex((word, i) => word !== wb[i]);
}

export function sameBits(actual: Float32Array, expected: Float32Array, what: string): void {
  const at = firstDifference(actual, expected);
  assert.ok(at < 0, `${what}: element ${at} is ${actual[at]}, expected ${expected[at]} exactly`);
}

export function otherBits(actual: Float32Array, expected: Float32Array, what: string): void {
  assert.ok(firstDifference(actual, expected) >= 0, `${what}: no bit differs`);
}

/** Sets the rate of dropout to 0 in all layers of a model: training is then the same in each step. */
export function dropNothing({ layers }: Pick<Model, 'layers'>): void {
  for (const layer of layers)
    if ('rate' in layer.options) Object.assign(layer, { options: { ...layer.options, rate: 0 } });
}

/** Fails unless `bad` throws, or rejects with, an error of this kind whose message has all `parts`. */
export async function rejects(
  bad: () => unknown,
  Kind: abstract new (...args: never[]) => Error,
  ...parts: string[]
): Promise<void> {
  let error: unknown;
  try {
    await bad();
  } catch (thrown) {
    error = thrown;
  }
  assert.instance(error, Kind, `expected ${Kind.name} with ${parts.join(', ')}, got ${error}`);
  const { message } = error as Error;
  for (const part of parts)
    assert.ok(message.includes(part), `'${message}' does not say '${part}'`);
}
