// Gradients for inputs and inner tensors of random graphs, and the values of these, against the definition in
// f64 and against differences: whatever lowering joins, keeps apart and leaves out.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Model, optimizers, Tensor } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { dot } from '../helpers/gradcheck.js';
import { dataOf, listed, lossesFor, modelOf, type Plan, plans, stir } from '../helpers/graphs.js';
import { interpret, lossesOf, type Pass, weightsOf } from '../helpers/interpreter.js';
import { sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

type SymbolicTensor = Model['inputs'][number];
type Graph = Model<SymbolicTensor[]>;

/** What makes the runs the same each time. */
const SEED = 20250301;
const RUNS = 250;
const SAMPLES = 3;
/** Nearer to a kink than this, f32 may be on its other side. */
const KINK = 1e-5;
/** Of the largest number of a tensor. */
const TOLERANCE = 1e-3;

const largest = (x: ArrayLike<number>): number => {
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i]));
  return most;
};

/** What may be asked for by name: inputs, and what layers with one place make. */
function namedTensors(model: Graph): Map<string, SymbolicTensor> {
  const { nodes } = model.engine('test').network.graph;
  const all = new Map<string, SymbolicTensor>();
  for (const layer of model.layers) {
    const own = nodes.filter((node) => node.layer === layer);
    if (own.length === 1) all.set(layer.name, own[0]);
  }
  model.inputNames.forEach((name, i) => {
    all.set(name, model.inputs[i]);
  });
  return all;
}

/** Those that the loss has no gradient for: a softmax at the end that it has in itself. */
function tappedBy(model: Graph, aims: { loss: string }[]): Set<SymbolicTensor> {
  return new Set(
    model.outputs.filter(({ layer: { type, options } }, i) => {
      const isSoftmax = type === 'softmax' || Object.values(options).includes('softmax');
      return isSoftmax && aims[i].loss === 'softmaxCrossEntropy';
    }),
  );
}

/** A random graph with all that is needed to ask it; half of them frozen in part, and with checkpointing. */
function prepared(plan: Plan) {
  const model = modelOf(plan, 0.5);
  const { x, aims } = dataOf(model, plan, SAMPLES);
  stir(model, plan.seed);
  const activationCheckpointing = plan.seed % 2 === 0;
  model.compile({ optimizer: optimizers.sgd(), activationCheckpointing, ...lossesFor(aims) });
  if (plan.seed % 4 < 2)
    model.layers.forEach((one, i) => {
      if ((i + plan.seed) % 3 > 0) one.trainable = false;
    });
  const factors = model.outputs.map(({ shape }, i) =>
    Tensor.from(numbers(SAMPLES * shape.reduce((a, b) => a * b), plan.seed + 40 + i), [
      SAMPLES,
      ...shape,
    ]),
  );
  const output = Object.fromEntries(model.outputNames.map((name, i) => [name, factors[i]]));
  return { model, x, aims, factors, output, pass: interpret(model, weightsOf(model), x, false) };
}

/** Compares, and counts those that are not 0 everywhere. */
function compare(
  found: Record<string, Tensor>,
  expected: ReturnType<Pass['backward']>['of'],
  tensors: ReadonlyMap<string, SymbolicTensor>,
  what: string,
): number {
  const scale = Math.max(...[...expected.values()].map(largest));
  let count = 0;
  for (const [name, tensor] of Object.entries(found)) {
    const right =
      expected.get(tensors.get(name) as SymbolicTensor) ?? new Float64Array(tensor.size);
    close(tensor.data, right, { atol: TOLERANCE * scale }, `${what}: gradient of ${name}`);
    if (largest(right) > 0) count++;
    tensor.dispose();
  }
  return count;
}

test('gradients of outputs and losses for all inputs and layers, all at once and some alone', async () => {
  let [compared, nearKinks] = [0, 0];
  const check = async (plan: Plan): Promise<void> => {
    const { model, x, aims, factors, output, pass } = prepared(plan);
    const tensors = namedTensors(model);
    const names = [...tensors.keys()];
    if (pass.kink < KINK) nearKinks++;
    else {
      const data = listed(x);
      const weights = weightsOf(model);
      // Alone, most layers stay fused.
      const one = names[plan.seed % names.length];
      const some = names.filter((_, i) => (i * 7 + plan.seed) % 5 === 0);
      const dys = factors.map((factor) => Float64Array.from(factor.data));
      const ofOutputs = pass.backward(dys).of;
      for (const wanted of [names, [one], some.length > 0 ? some : [one]]) {
        const found = await model.gradients(data, { output, wanted, batchSize: 2 });
        compared += compare(found, ofOutputs, tensors, `of outputs, ${wanted}`);
      }
      const losses = lossesOf(model, pass, aims).dys.map((dy) => dy.map((v) => v * SAMPLES));
      const tapped = tappedBy(model, aims);
      const free = names.filter((name) => !tapped.has(tensors.get(name) as SymbolicTensor));
      const y = listed(aims.map((aim) => aim.y as Float32Array));
      for (const wanted of [free, free.slice(-1)]) {
        const found = await model.gradients(data, { y, wanted, batchSize: 2 });
        compared += compare(found, pass.backward(losses).of, tensors, `of the loss, ${wanted}`);
      }
      for (const [name, before] of weights)
        sameBits(weightsOf(model).get(name) as never, before as never, name);
    }
    for (const factor of factors) factor.dispose();
    model.dispose();
  };
  const options = { seed: SEED, numRuns: RUNS, includeErrorInReport: true };
  await fc.assert(fc.asyncProperty(plans(), check), options);
  assert.ok(compared > 10 * RUNS, `${compared} gradients`);
  assert.ok(nearKinks < RUNS / 4, `${nearKinks} of ${RUNS} were too near a kink`);
});

test('the values of all layers, and of one alone', () => {
  const check = (plan: Plan): void => {
    const { model, x, factors, pass } = prepared(plan);
    const tensors = namedTensors(model);
    const names = [...tensors.keys()].filter((name) => !model.inputNames.includes(name));
    for (const wanted of [names, [names[plan.seed % names.length]]]) {
      const found = model.activations(listed(x), wanted, { batchSize: 2 });
      for (const name of wanted) {
        const right = pass.values.get(tensors.get(name) as SymbolicTensor) as Float64Array;
        close(found[name].data, right, { atol: TOLERANCE * largest(right) }, name);
        found[name].dispose();
      }
    }
    for (const factor of factors) factor.dispose();
    model.dispose();
  };
  fc.assert(fc.property(plans(), check), {
    seed: SEED + 1,
    numRuns: 80,
    includeErrorInReport: true,
  });
});

test("the gradient for inputs says how the outputs' sum moves", async () => {
  let compared = 0;
  const check = async (plan: Plan): Promise<void> => {
    const { model, x, factors, output, pass } = prepared(plan);
    const weights = weightsOf(model);
    const sum = (inputs: readonly Float64Array[]): number =>
      interpret(model, weights, inputs, false).outputs.reduce(
        (total, y, i) => total + dot(y, factors[i].data),
        0,
      );
    if (pass.kink > 1e-4) {
      compared++;
      const wanted = [...model.inputNames];
      const found = await model.gradients(listed(x), { output, wanted });
      model.inputs.forEach((_, at) => {
        const gradient = found[wanted[at]].data;
        const direction = numbers(gradient.length, plan.seed + 3);
        const moved = (h: number) =>
          x.map((one, i) =>
            Float64Array.from(one, (v, j) => (i === at ? v + h * direction[j] : v)),
          );
        const numeric = (sum(moved(1e-6)) - sum(moved(-1e-6))) / 2e-6;
        const norm = Math.sqrt(dot(gradient, gradient) * dot(direction, direction));
        close([dot(gradient, direction)], [numeric], { atol: 1e-4 * norm + 1e-6 }, wanted[at]);
      });
      for (const one of Object.values(found)) one.dispose();
    }
    for (const factor of factors) factor.dispose();
    model.dispose();
  };
  const options = { seed: SEED + 2, numRuns: 60, includeErrorInReport: true };
  await fc.assert(fc.asyncProperty(plans(5), check), options);
  assert.ok(compared > 25, `only ${compared} of 60 were far from kinks`);
});

test.run();
