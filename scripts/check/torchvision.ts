// Networks that torchvision exported, read and trained: `npm run torchvision [-- resnet18]`. Outputs must be those of
// onnxruntime, losses before and after a step those of PyTorch. torchvision/export.py makes the files, in
// build/torchvision/, which takes a minute; they are kept until it changes.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { init, type Model, optimizers, Tensor } from '../../src/index.js';
import { readOnnx } from '../../src/io/index.js';
import { type Numbers, run } from '../../tests/helpers/onnxruntime.js';

/** What export.py says of a network's training: the losses before and after a step. */
interface Training {
  readonly learningRate: number;
  readonly before: number;
  readonly after: number;
}

const script = fileURLToPath(new URL('torchvision/export.py', import.meta.url));
const folder = fileURLToPath(new URL('../../build/torchvision/', import.meta.url));
const SIDE = 96;
const BATCH = 4;
/** Of the largest output. */
const OUTPUT_ERROR = 1e-4;
/** Of PyTorch's loss, and of how much it falls: a hundredth of the loss, in networks whose gradients are steep. */
const LOSS_ERROR = 1e-4;
const FALL_ERROR = 0.05;

/** Makes the files, if they are not those of the script as it is. */
function exported(): Record<string, Training> {
  const [made, source] = [`${folder}export.py`, readFileSync(script, 'utf8')];
  if (!existsSync(made) || readFileSync(made, 'utf8') !== source) {
    mkdirSync(folder, { recursive: true });
    const { status } = spawnSync('/usr/bin/python3', [script, folder], { stdio: 'inherit' });
    if (status !== 0)
      throw new Error('export.py failed: it needs apt install python3-torch python3-torchvision');
    writeFileSync(made, source);
  }
  return JSON.parse(readFileSync(`${folder}losses.json`, 'utf8'));
}

/** The images that export.py trains with, channels last; or others of their kind. */
function images(count: number, height = SIDE, width = SIDE): Numbers {
  const data = new Float32Array(count * height * width * 3);
  let at = 0;
  for (let image = 1; image <= count; image++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        for (let channel = 1; channel <= 3; channel++)
          data[at++] = Math.sin(0.002 * image * (row ** 2 + channel * column ** 2));
  return { shape: [count, height, width, 3], data };
}

/** How far a model's output is from onnxruntime's, as part of the largest number. */
async function outputError(model: Model, file: Uint8Array, x: Numbers): Promise<number> {
  const [wanted] = Object.values(await run(file, { x }));
  using input = Tensor.from(x.data, x.shape);
  using y = model.predict(input) as Tensor;
  if (`${y.shape}` !== `${wanted.shape}`) throw new Error(`[${y.shape}], not [${wanted.shape}]`);
  let [error, largest] = [0, 0];
  wanted.data.forEach((value, i) => {
    error = Math.max(error, Math.abs(y.data[i] - value));
    largest = Math.max(largest, Math.abs(value));
  });
  return error / largest;
}

/** The losses before and after a step. */
async function trained(model: Model, learningRate: number): Promise<[number, number]> {
  model.compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'softmaxCrossEntropy' });
  const [height = 1, width = 1] = model.outputShape.length === 3 ? model.outputShape : [];
  const labels = Int32Array.from({ length: BATCH * height * width }, (_, i) =>
    Math.floor(i / (height * width)),
  );
  const { data } = images(BATCH);
  const loss = async () => (await model.trainOnBatch(data, labels)).loss as number;
  return [await loss(), await loss()];
}

const faults: string[] = [];
function expect(name: string, what: string, error: number, most: number): string {
  if (!(error <= most)) faults.push(`${name}: ${what} is ${error}, more than ${most}`);
  return `${what} ${error.toExponential(1)}`;
}

async function check(name: string, pytorch: Training): Promise<string> {
  const file = readFileSync(`${folder}${name}.onnx`);
  const model = await readOnnx(file);
  const said = [expect(name, 'error', await outputError(model, file, images(1)), OUTPUT_ERROR)];
  const [before, after] = await trained(model, pytorch.learningRate);
  said.push(`loss ${before.toFixed(4)} → ${after.toFixed(4)}`);
  if (!(after < before)) faults.push(`${name}: the loss rose from ${before} to ${after}`);
  const fall = pytorch.before - pytorch.after;
  const off = Math.abs(before - pytorch.before) / pytorch.before;
  said.push(expect(name, 'difference to PyTorch', off, LOSS_ERROR));
  said.push(expect(name, 'of its fall', Math.abs(before - after - fall) / fall, FALL_ERROR));
  model.dispose();
  return said.join(', ');
}

/** A file whose batch, height and width are open, at several sizes. */
async function checkOpen(name: string): Promise<string> {
  const file = readFileSync(`${folder}${name}.onnx`);
  const model = await readOnnx(file, { inputShape: [SIDE, SIDE, 3] });
  const said: string[] = [];
  for (const x of [images(2), images(3, 64, 128), images(1, 160, 96)])
    said.push(expect(name, `[${x.shape}] error`, await outputError(model, file, x), OUTPUT_ERROR));
  model.dispose();
  return said.join(', ');
}

const [only = ''] = process.argv.slice(2);
const all = exported();
await init();
const names = Object.keys(all).flatMap((name) => [name, `${name}-open`]);
let count = 0;
for (const name of names) {
  if (!(existsSync(`${folder}${name}.onnx`) && name.includes(only))) continue;
  const started = performance.now();
  try {
    const said = await (name.endsWith('-open') ? checkOpen(name) : check(name, all[name]));
    console.log(`${name}: ${said}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    faults.push(`${name}: ${(error as Error).stack}`);
  }
  count++;
}
console.log(`${count} files`);
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 || count === 0 ? 1 : 0);
