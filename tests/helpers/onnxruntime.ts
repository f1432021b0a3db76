// Runs ONNX files in onnxruntime's WebAssembly, and brings images between its order and ours.

import * as ort from 'onnxruntime-web';
import type { Shape } from '../../src/index.js';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** An array, in the order of its shape. */
export interface Numbers {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** An array with its second axis last, [batch, ...sides, channels]; or the other way round. */
function moved({ shape, data }: Numbers, from: number, to: number): Numbers {
  const axes = [...shape.keys()];
  axes.splice(to, 0, ...axes.splice(from, 1));
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const sides = axes.map((axis) => shape[axis]);
  const result = new Float32Array(data.length);
  const index = sides.map(() => 0);
  for (let i = 0; i < result.length; i++) {
    result[i] = data[axes.reduce((sum, axis, j) => sum + index[j] * strides[axis], 0)];
    for (let j = sides.length - 1; j >= 0 && ++index[j] === sides[j]; j--) index[j] = 0;
  }
  return { shape: sides, data: result };
}

const same = (x: Numbers): Numbers => x;
const channelsFirst = (x: Numbers): Numbers => moved(x, x.shape.length - 1, 1);
const channelsLast = (x: Numbers): Numbers => moved(x, 1, x.shape.length - 1);

/** How much onnxruntime makes of a file before it runs it. */
export type Optimization = 'disabled' | 'all';

/**
 * What a file makes of inputs, both in our order, by their names.
 *
 * @param asTheyAre whether they are in the file's order, as those of models without a batch are
 */
export async function run(
  file: Uint8Array,
  inputs: Readonly<Record<string, Numbers>>,
  {
    optimization = 'all',
    asTheyAre = false,
  }: { optimization?: Optimization; asTheyAre?: boolean } = {},
): Promise<Record<string, Numbers>> {
  const options = { executionProviders: ['wasm'], graphOptimizationLevel: optimization };
  const [inward, outward] = asTheyAre ? [same, same] : [channelsFirst, channelsLast];
  const session = await ort.InferenceSession.create(file, options);
  try {
    const feeds = Object.entries(inputs).map(([name, x]) => {
      const { data, shape } = inward(x);
      return [name, new ort.Tensor('float32', data, shape)];
    });
    const results = await session.run(Object.fromEntries(feeds));
    const named = Object.entries(results).map(([name, { data, dims }]) => {
      return [name, outward({ shape: dims, data: Float32Array.from(data as Float32Array) })];
    });
    return Object.fromEntries(named);
  } finally {
    await session.release();
  }
}
