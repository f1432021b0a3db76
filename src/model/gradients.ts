// Gradients of the loss, or of outputs, with respect to inputs and outputs of layers.

import { ShapeError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { abortSignal, checkOptions, flag, forwarded, oneOf, whole } from '../base/options.js';
import { type Shape, sameShape, show, sizeOf } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { ReluRule, Wanted } from '../lowering/spec.js';
import { type Graph, partOf } from '../network/graph.js';
import type { SymbolicTensor } from '../network/layer.js';
import { type Data, numbersOf } from '../tensor/numbers.js';
import type { Engine } from '../training/engine.js';
import { breathe, SLICE } from '../training/measure.js';
import type { Part } from '../training/programs.js';
import { keyed, type Samples, type TargetSource } from '../training/samples.js';
import { checkFinite, type DataSet, Intake } from '../training/source.js';
import { type ByName, type Names, named, namesOf, nodeOf } from './activations.js';
import { disposeAll, roomFor } from './predict.js';

/**
 * What is differentiated of an output: an index of its last dimension, such as a class; a list of such indices, one for
 * each sample; or the factors of a weighted sum of the output's numbers, [n, ...outputShape].
 */
export type OutputChoice = number | Data;

/** Options of `model.gradients`. */
export interface GradientsOptions<N extends Names = Names, V extends boolean = boolean> {
  /** Targets: the gradient is that of the compiled loss. */
  y?: DataSet;
  /**
   * Without `y`, the output to differentiate: see `OutputChoice`. For a model with several outputs a record by their
   * names; outputs that are left out do not count.
   */
  output?: OutputChoice | Readonly<Record<string, OutputChoice>>;
  /**
   * What the gradients are for: 'input' (with several inputs, an input's name) or a layer's name, for the layer's
   * output. Or a list of names.
   */
  wanted: N;
  /**
   * Whether `output` is of what goes into the outputs' softmax or sigmoid, as pictures of what mattered need: a
   * probability near 1 has hardly a gradient.
   */
  logits?: boolean;
  /**
   * What relu and relu6 pass back instead of their gradient. 'guided': only what is positive of it (Springenberg et al.,
   * arXiv 1412.6806). 'deconvolution': what is positive of the gradient that comes in, whatever went through in forward
   * (Zeiler & Fergus, arXiv 1311.2901).
   */
  relu?: ReluRule;
  /** Whether to return what the wanted ones are, too: { gradients, values }. */
  values?: V;
  /** Samples at a time: 32 by default. */
  batchSize?: number;
  /** Aborts between two batches. */
  signal?: AbortSignal;
}

const words = {
  ...forwarded('y', 'output', 'wanted'),
  logits: flag,
  relu: oneOf('guided', 'deconvolution'),
  values: flag,
  batchSize: whole(1),
  signal: abortSignal,
};

/** What `model.gradients` returns: gradients, or with `values: true` both. */
export type FoundGradients<N extends Names, V extends boolean> = V extends true
  ? { gradients: ByName<N>; values: ByName<N> }
  : ByName<N>;

/** See `Model.gradients`. */
export async function gradients<N extends Names, V extends boolean>(
  engine: Engine,
  x: DataSet,
  options: GradientsOptions<N, V>,
): Promise<FoundGradients<N, V>> {
  const {
    wanted,
    relu,
    values,
    batchSize = 32,
    signal,
  } = checkOptions('gradients', options, words);
  const { graph, name } = engine.network;
  const { names, tensors, question } = naming(`${name}.gradients`, () => {
    const names = namesOf('wanted', wanted);
    const weight = engine.weights.list.find((one) => names.includes(one.name));
    if (weight) {
      throw new ValueError(
        `'${weight.name}' is a weight: model.computeGradients(x, y) leaves its gradient in model.weights`,
      );
    }
    const tensors = names.map((one) => tensorOf(graph, one));
    return { names, tensors, question: questionOf(engine, x, options) };
  });
  const { samples, of, outputs } = question;
  const part: Part = {
    graph: partOf(graph, outputs),
    wanted: { tensors, of, relu, values: Boolean(values) },
    key: `${of} ${outputs.map((one) => graph.outputs.indexOf(one))} for ${names.join('/')} ${relu} ${values}`,
  };
  const { count } = samples;
  const results = roomFor(values ? [...tensors, ...tensors] : tensors, count);
  // Where nothing depends on a tensor, its gradient is not computed: it stays 0.
  for (const one of results) one.numbers.fill(0);
  try {
    let turn = performance.now();
    for (let first = 0; first < count; first += batchSize) {
      signal?.throwIfAborted();
      const size = Math.min(batchSize, count - first);
      engine.differentiate({ samples, order: null, first, size }, results, part);
      if (performance.now() - turn > SLICE) {
        await breathe();
        engine.check('gradients');
        turn = performance.now();
      }
    }
  } catch (error) {
    disposeAll(results);
    throw error;
  }
  const found = named(wanted, names, results);
  const both = () => ({
    gradients: found,
    values: named(wanted, names, results.slice(names.length)),
  });
  return (values ? both() : found) as FoundGradients<N, V>;
}

/** What is to be differentiated. */
interface Question {
  readonly of: Wanted['of'];
  readonly outputs: readonly SymbolicTensor[];
  readonly samples: Samples;
}

function questionOf(engine: Engine, x: DataSet, { y, output, logits }: GradientsOptions): Question {
  const { graph } = engine.network;
  if ((y === undefined) === (output === undefined)) {
    throw new ValueError(
      `give either y, for the gradient of the loss, or output, for that of an output${y === undefined ? '' : ', not both'}`,
    );
  }
  if (y !== undefined && logits)
    throw new ValueError(
      'logits goes with output: the gradient of the loss is that of its logits anyway',
    );
  const intake = new Intake(engine, 'gradients');
  if (y !== undefined) return { of: 'loss', outputs: graph.outputs, samples: intake.samples(x, y) };
  const inputs = intake.inputs(x);
  const chosen = choicesOf(graph, output as OutputChoice);
  const sources = chosen.map(({ name, tensor, choice }) =>
    factorSource(name, choice, tensor.shape, inputs.count),
  );
  const outputs = chosen.map(({ tensor }) => tensor);
  return { of: logits ? 'logits' : 'outputs', outputs, samples: keyed({ ...inputs, y: sources }) };
}

/** The chosen outputs, with the choice for each. @throws {ValueError} */
function choicesOf(
  { outputs, outputNames }: Graph,
  output: OutputChoice | Readonly<Record<string, OutputChoice>>,
): { name: string; tensor: SymbolicTensor; choice: OutputChoice }[] {
  const all = outputNames.map((name) => `'${name}'`).join(', ');
  const isRecord =
    typeof output === 'object' &&
    output !== null &&
    [Object.prototype, null].includes(Object.getPrototypeOf(output));
  if (!isRecord) {
    if (outputs.length === 1)
      return [{ name: 'output', tensor: outputs[0], choice: output as OutputChoice }];
    throw new ValueError(
      `the model has the outputs ${all}: output must be a record by their names, such as { ${JSON.stringify(outputNames[0])}: 0 }`,
    );
  }
  const record = output as Readonly<Record<string, OutputChoice>>;
  const keys = Object.keys(record);
  const unknown = keys.find((key) => !outputNames.includes(key));
  if (unknown !== undefined || keys.length === 0) {
    const what = unknown === undefined ? 'names none' : `has ${shown(unknown)}`;
    throw new ValueError(`output ${what}, but the outputs are ${all}`);
  }
  return outputNames.flatMap((name, i) =>
    Object.hasOwn(record, name)
      ? [{ name: `output '${name}'`, tensor: outputs[i], choice: record[name] }]
      : [],
  );
}

/** The factors of an output's numbers, sample by sample: 1 at the chosen indices, or the given numbers. */
function factorSource(
  name: string,
  choice: OutputChoice,
  shape: Shape,
  count: number,
): TargetSource {
  const size = sizeOf(shape);
  const classes = shape.at(-1) as number;
  const source = { name, kind: 'targets', size, count } as const;
  const one = typeof choice === 'number';
  const given = one ? undefined : numbersOf(name, choice);
  const whole = [count, ...shape];
  if (given?.shape && sameShape(given.shape, whole)) {
    checkFinite(name, given.array(), size);
    return {
      ...source,
      copy(sample, to, at) {
        const from = given.array();
        for (let i = 0; i < size; i++) to[at + i] = from[sample * size + i];
      },
    };
  }
  if (given && (given.length !== count || (given.shape && given.shape.length > 1))) {
    const received = given.shape ? `shape ${show(given.shape)}` : `${given.length} numbers`;
    throw new ShapeError(
      `${name} must be an index, a list of ${count} for as many samples, or numbers of shape ${show(whole)}, not ${received}`,
    );
  }
  const indices = Float64Array.from({ length: count }, (_, i) =>
    one ? choice : (given?.array()[i] as number),
  );
  const bad = indices.find((index) => !(Number.isInteger(index) && index >= 0 && index < classes));
  if (bad !== undefined) {
    throw new ValueError(
      `${name} is ${bad}, but its indices are the whole numbers from 0 to ${classes - 1}`,
    );
  }
  return {
    ...source,
    copy(sample, to, at) {
      to.fill(0, at, at + size);
      for (let i = indices[sample]; i < size; i += classes) to[at + i] = 1;
    },
  };
}

/** The tensor of an input, or the output of a layer. @throws {ValueError} */
function tensorOf(graph: Graph, name: string): SymbolicTensor {
  const { inputs, inputNames } = graph;
  const known = inputs[inputNames.indexOf(name)];
  if (known) return known;
  if (name === 'input' && inputs.length === 1) return inputs[0];
  return nodeOf(graph, name, inputNames);
}
