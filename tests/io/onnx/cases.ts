// The ONNX project's own tests of operators, as Debian's package libonnx-testdata has them: a model each, inputs and outputs.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Model, Tensor } from '../../../src/index.js';
import { Builder } from '../../../src/io/importing/builder.js';
import type { Constant, Value } from '../../../src/io/importing/value.js';
import { Node } from '../../../src/io/onnx/node.js';
import { translations } from '../../../src/io/onnx/operators/index.js';
import { type ModelProto, readModelProto, readTensorProto } from '../../../src/io/onnx/proto.js';
import { readOnnx } from '../../../src/io/onnx/read.js';
import { constantOf } from '../../../src/io/onnx/tensors.js';

const FOLDER = '/usr/share/libonnx-testdata/data';

/** Whether the package is installed. */
export const hasCases = existsSync(FOLDER);

/** A test of the package. */
export interface Case {
  readonly name: string;
  readonly folder: string;
  readonly proto: ModelProto;
  readonly bytes: Uint8Array;
  /** The operators that it uses, constants left out. */
  readonly ops: readonly string[];
}

/** All tests of a kind: 'node', 'pytorch-converted', 'pytorch-operator'. */
export function* casesOf(kind: string): Generator<Case> {
  for (const name of readdirSync(`${FOLDER}/${kind}`).sort()) {
    const folder = `${FOLDER}/${kind}/${name}`;
    const bytes = readFileSync(`${folder}/model.onnx`);
    const proto = readModelProto(bytes);
    const ops = new Set((proto.graph?.nodes ?? []).map(({ op }) => op));
    ops.delete('Constant');
    yield { name, folder, proto, bytes, ops: [...ops] };
  }
}

const files = () => {
  throw new Error('a file beside it');
};

const arrays = (folder: string, what: string, count: number): Constant[] =>
  Array.from({ length: count }, (_, i) =>
    constantOf(readTensorProto(readFileSync(`${folder}/test_data_set_0/${what}_${i}.pb`)), files),
  );

const tensorOf = ({ shape, kind, data }: Constant): Tensor =>
  kind === 'float'
    ? Tensor.from(Float32Array.from(data as Float32Array), shape)
    : Tensor.from(Int32Array.from(data as number[], clamp), shape);

const floatsOf = ({ shape, data }: Constant): Tensor =>
  Tensor.from(Float32Array.from(data as ArrayLike<number>), shape);

/** Sizes beyond 32 bits mean all there is. */
const clamp = (value: number): number => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value));

/** The outcome of a test: what went wrong, or nothing. */
export interface Outcome {
  readonly error?: string;
  readonly wrong?: string;
}

/** What a test gives to its network, and what it wants of it. */
interface Data {
  readonly x: readonly Tensor[];
  readonly outputs: readonly Constant[];
}

/** What is done with a test's model: says what is wrong, if anything is. */
export type Work = (model: Model, data: Data) => string | undefined | Promise<string | undefined>;

/** Whether the model's outputs are the test's. */
const predicts: Work = (model, { x, outputs }) => {
  const made = [model.predict(x.length === 1 ? x[0] : [...x])].flat() as Tensor[];
  const wrong = made.map((y, i) => difference(y, outputs[i])).find(Boolean);
  for (const y of made) y.dispose();
  return wrong;
};

/**
 * Runs a test.
 *
 * @param given which inputs the network gets: all that are floats, or the first one; the others are constants. Where none
 *   are floats, whole numbers are given as such
 */
export async function runCase(
  test: Case,
  given: 'floats' | 'first',
  work: Work = predicts,
): Promise<Outcome> {
  const { graph } = test.proto;
  const initializers = new Set(graph?.initializers.map(({ name }) => name));
  const infos = (graph?.inputs ?? []).filter(({ name }) => !initializers.has(name));
  const inputs = arrays(test.folder, 'input', infos.length);
  const outputs = arrays(test.folder, 'output', graph?.outputs.length ?? 0);
  const first = inputs.findIndex(({ kind }) => kind === 'float');
  const isGiven = ({ kind, shape }: Constant, i: number): boolean =>
    first < 0 || (kind === 'float' && (i === first || (given === 'floats' && shape.length > 0)));
  const constants = Object.fromEntries(
    inputs.flatMap((input, i) => (isGiven(input, i) ? [] : [[infos[i].name, tensorOf(input)]])),
  );
  const x = inputs.filter(isGiven).map(floatsOf);
  try {
    const model = await readOnnx(test.bytes, { layout: 'nchw', constants });
    try {
      const wrong = await work(model, { x, outputs });
      return wrong ? { wrong } : {};
    } finally {
      model.dispose();
    }
  } catch (error) {
    return { error: (error as Error).message };
  } finally {
    for (const tensor of [...x, ...Object.values(constants)]) tensor.dispose();
  }
}

/** Runs a test on constants alone, as they are computed with when a network is built: no layer is made. */
export function foldCase({ proto, folder }: Case): Outcome {
  const { graph, opsets } = proto;
  const infos = graph?.inputs ?? [];
  try {
    const inputs = arrays(folder, 'input', infos.length);
    const outputs = arrays(folder, 'output', graph?.outputs.length ?? 0);
    const values = new Map<string, Value>(infos.map(({ name }, i) => [name, inputs[i]]));
    const builder = new Builder(undefined);
    for (const node of graph?.nodes ?? []) {
      const reads = node.inputs.map((name) => values.get(name));
      const at = new Node(node, opsets.get('') ?? 0, builder, reads, files, new Set());
      const made = [translations[node.op](at)].flat();
      node.outputs.forEach((name, i) => {
        if (made[i]) values.set(name, made[i]);
      });
    }
    const made = graph?.outputs.map(({ name }) => values.get(name) as Constant) ?? [];
    const wrong = made.map((y, i) =>
      difference({ shape: y.shape, numbers: y.data as Float32Array }, outputs[i]),
    );
    return { wrong: wrong.find(Boolean) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** What is wrong with a result, by the tolerance of the ONNX project's own runner. */
export function difference(
  { shape, numbers }: Pick<Tensor, 'shape' | 'numbers'>,
  { shape: wanted, data }: Constant,
): string | undefined {
  const size = (sides: readonly number[]) => sides.reduce((product, side) => product * side, 1);
  // What has no dimension of its own is [1] in a model.
  const same = (a: readonly number[], b: readonly number[]) => `${a}` === `${b}`;
  if (!same(shape, wanted) && !(size(wanted) === shape[0] && size(shape) === shape[0]))
    return `shape [${shape}], not [${wanted}]`;
  for (let i = 0; i < numbers.length; i++) {
    const [is, should] = [numbers[i], Number(data[i])];
    if (Object.is(is, should) || (Number.isNaN(is) && Number.isNaN(should))) continue;
    if (!(Math.abs(is - should) <= 1e-7 + 1e-3 * Math.abs(should)))
      return `number ${i} is ${is}, not ${should}`;
  }
  return undefined;
}
