// Random graphs against their definition: what lowering joins, reorders and does in place changes nothing
// but the last bits.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Model, optimizers } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { dot } from '../helpers/gradcheck.js';
import { dataOf, listed, lossesFor, modelOf, type Plan, plans, stir } from '../helpers/graphs.js';
import { type Aim, interpret, lossesOf, type Named, weightsOf } from '../helpers/interpreter.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** What makes the runs the same each time: fast-check prints it with the smallest plan that fails. */
const SEED = 20240519;
const RUNS = 400;
const SAMPLES = 3;
/** Nearer to a kink than this, f32 may be on its other side. */
const KINK = 1e-5;
/** Of the largest number around. */
const TOLERANCE = 1e-3;

const largest = (all: Iterable<ArrayLike<number>>): number => {
  let most = 0;
  for (const one of all)
    for (let i = 0; i < one.length; i++) most = Math.max(most, Math.abs(one[i]));
  return most;
};

function outputsOf(model: ReturnType<typeof modelOf>, x: readonly Float32Array[]): Float32Array[] {
  return model.predict(listed(x), { batchSize: 2 }).map((y) => {
    const copy = Float32Array.from(y.data);
    y.dispose();
    return copy;
  });
}

/** Sets `model` up to learn what the plan wants. */
function prepared(plan: Plan) {
  const model = modelOf(plan);
  const { x, aims } = dataOf(model, plan, SAMPLES);
  stir(model, plan.seed);
  const y = listed(aims.map((aim) => aim.y as Float32Array));
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), ...lossesFor(aims) });
  return { model, x, y, aims };
}

const predicted = (
  model: Model<never>,
  weights: Named,
  x: Float32Array[],
  aims: readonly Aim[],
) => {
  const pass = interpret(model, weights, x, false);
  return { pass, ...lossesOf(model, pass, aims) };
};

test('predictions, losses, all gradients, running statistics and the step of random graphs', async () => {
  let nearKinks = 0;
  const check = async (plan: Plan): Promise<void> => {
    const { model, x, y, aims } = prepared(plan);
    const weights = weightsOf(model);
    const inference = predicted(model as Model<never>, weights, x, aims);
    const compareOutputs = (expected: readonly Float64Array[]): void =>
      outputsOf(model, x).forEach((actual, i) => {
        const scale = TOLERANCE * largest([expected[i]]);
        close(actual, expected[i], { atol: scale }, `output ${i}`);
      });
    compareOutputs(inference.pass.outputs);
    const { loss } = await model.evaluate(listed(x), y, { batchSize: SAMPLES });
    close([loss], [inference.total], { rtol: TOLERANCE }, 'loss of evaluate');

    const pass = interpret(model, weights, x, true);
    const { total, losses, dys } = lossesOf(model, pass, aims);
    const logs = model.trainOnBatch(listed(x), y);
    close([logs.loss], [total], { rtol: TOLERANCE }, 'loss');
    if (losses.length > 1) {
      const single = Object.entries(logs).filter(([name]) => name.endsWith('_loss'));
      close(
        single.map(([, value]) => value),
        losses,
        { rtol: TOLERANCE },
        'losses',
      );
    }
    if (pass.kink < KINK) {
      nearKinks++;
      model.dispose();
      return;
    }
    const gradients = pass.backward(dys);
    const scale = largest(gradients.values());
    for (const { name, tensor, gradient } of model.weights) {
      const before = weights.get(name) as Float64Array;
      const expected = gradients.get(name);
      assert.is(gradient !== null, expected !== undefined, name);
      if (!gradient || !expected) {
        const after = pass.statistics.get(name) as Float64Array;
        close(tensor.data, after, { rtol: TOLERANCE, atol: TOLERANCE }, name);
        weights.set(name, after);
        continue;
      }
      close(gradient.data, expected, { atol: TOLERANCE * scale }, `gradient of ${name}`);
      const after = before.map((v, i) => v - 0.1 * expected[i]);
      close(tensor.data, after, { rtol: 1e-6, atol: TOLERANCE * scale }, `${name} after the step`);
      weights.set(name, after);
    }
    model.dispose();
  };
  await fc.assert(fc.asyncProperty(plans(), check), {
    seed: SEED,
    numRuns: RUNS,
    includeErrorInReport: true,
  });
  assert.ok(nearKinks < RUNS / 5, `${nearKinks} of ${RUNS} were too near a kink`);
});

test('the reference of graphs: directional derivatives of the loss', () => {
  let compared = 0;
  const check = (plan: Plan): void => {
    const { model, x, aims } = prepared(plan);
    const weights = weightsOf(model);
    const at = (h: number, direction: Named) => {
      const moved = new Map(
        [...weights].map(([name, w]) => {
          const d = direction.get(name);
          return [name, d ? w.map((v, i) => v + h * d[i]) : w];
        }),
      );
      const pass = interpret(model, moved, x, true);
      return { pass, ...lossesOf(model, pass, aims) };
    };
    const here = at(0, new Map());
    const gradients = here.pass.backward(here.dys);
    model.dispose();
    if (here.pass.kink < 1e-4) return;
    compared++;
    // All weights at once, then each alone.
    const directions = [...gradients.keys()].map((name) => [name]);
    for (const names of [[...gradients.keys()], ...directions]) {
      const direction: Named = new Map(
        names.map((name, i) => {
          const size = gradients.get(name)?.length as number;
          return [name, Float64Array.from(numbers(size, plan.seed + i))];
        }),
      );
      const h = 1e-6;
      const numeric = (at(h, direction).total - at(-h, direction).total) / (2 * h);
      const analytic = names.reduce(
        (sum, name) =>
          sum + dot(gradients.get(name) as Float64Array, direction.get(name) as Float64Array),
        0,
      );
      close([analytic], [numeric], { rtol: 1e-5, atol: 1e-7 }, names.join());
    }
  };
  fc.assert(fc.property(plans(5), check), {
    seed: SEED + 1,
    numRuns: 40,
    includeErrorInReport: true,
  });
  assert.ok(compared > 20, `only ${compared} of 40 were far from kinks`);
});

test.run();
