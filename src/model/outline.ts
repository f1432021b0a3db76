// Works out the memory that a network will need, from the plans of its programs. Allocates nothing.

import { lower } from '../lowering/lower.js';
import type { Objective } from '../lowering/objective.js';
import { roomOf } from '../lowering/store.js';
import type { WeightValues } from '../lowering/weights.js';
import type { Graph } from '../network/graph.js';
import type { Layer, ParameterSpec } from '../network/layer.js';
import type { TargetKind } from '../operators/loss/loss.emit.js';
import { optimizerState, SETTINGS } from '../operators/optimizer/optimizer.emit.js';
import { type Advice, type Form, Value } from '../program/emitter.js';
import { keyOf } from '../program/forms.js';
import { planMemory } from '../program/plan.js';
import { softmaxCrossEntropy } from '../training/losses.js';
import { sgd } from '../training/optimizers.js';

/**
 * Bytes that a model needs for batches of one size, without the kernels' scratch memory, which has some MiB at most.
 */
export interface MemoryNeed {
  readonly batchSize: number;
  readonly parameters: number;
  readonly training: {
    readonly gradients: number;
    /** Momentum and the like. */
    readonly optimizer: number;
    readonly activations: number;
    /** All of these, and the parameters. */
    readonly total: number;
  };
  readonly inference: {
    readonly activations: number;
    /** Forms of weights, made once for all predictions. */
    readonly prepared: number;
    /** All of these, and the parameters. */
    readonly total: number;
  };
}

/** What is assumed before `compile`: cross-entropy, and SGD with momentum. */
const usual = ({ outputs }: Graph): Objective => ({
  optimizer: sgd({ momentum: 0.9 }),
  goals: outputs.map(() => ({ loss: softmaxCrossEntropy(), weight: 1, metrics: [] })),
  checkpointing: false,
  accumulation: 1,
});

/** Numbers of the weights of layers. */
const floatsOf = (layers: readonly Layer[], trainedOnly: boolean): number =>
  layers
    .flatMap((layer) =>
      layer.parameters.filter((spec) => !trainedOnly || (spec.trainable && layer.trainable)),
    )
    .reduce((sum, spec) => sum + roomOf(spec), 0);

/** Weights without memory, each at an address of its own. */
export function outlineOf(layers: readonly Layer[]): WeightValues {
  const addresses = new Map<ParameterSpec, number>();
  let end = 0;
  for (const spec of layers.flatMap(({ parameters }) => parameters)) {
    addresses.set(spec, end);
    end += roomOf(spec) * 4;
  }
  const value = (layer: Layer, name: string): Value => {
    const spec = layer.parameters.find((one) => one.name === name) as ParameterSpec;
    return new Value(spec.shape, { address: addresses.get(spec) });
  };
  const flat = new Value([floatsOf(layers, true)], { address: 0 });
  return {
    value,
    gradient: value,
    part: (_, layer, name) => value(layer, name),
    gradients: flat,
    state: () => flat,
    runs: [{ parameters: flat, offset: 0, decay: true }],
    settings: new Value([SETTINGS], { address: 0 }),
    randomState: new Value([3], { address: 0, dtype: 'int32' }),
  };
}

/** Gives forms addresses from `start` on, as a `FormStore` does: equal forms once. Returns how many bytes they take. */
function placeForms(forms: readonly Form[], start: number): number {
  const places = new Map<string, number>();
  let end = start;
  for (const form of forms) {
    const key = keyOf(form);
    const place = places.get(key) ?? end;
    form.value.address = place;
    places.set(key, place);
    if (place === end) end += form.value.bytes;
  }
  return end - start;
}

/** How the targets of a training usually come. */
export const usualTargets = ({ goals }: Objective): TargetKind[] =>
  goals.map(({ loss }) => (loss.type === 'softmaxCrossEntropy' ? 'labels' : 'targets'));

/** What a model's programs depend on, besides its graph. */
export interface Settings {
  readonly objective: Objective | undefined;
  readonly advice: Advice | undefined;
}

/** The memory that a graph needs for batches of `batch` samples. */
export function memoryNeed(
  graph: Graph,
  batch: number,
  { objective = usual(graph), advice }: Settings,
): MemoryNeed {
  const weights = outlineOf(graph.layers);
  const spec = { graph, weights, batch, objective, weighted: false, advice };
  const targets = usualTargets(objective);
  const parameters = floatsOf(graph.layers, false) * 4;
  const gradients = floatsOf(graph.layers, true) * 4;
  const vectors = optimizerState(objective.optimizer).length + (objective.accumulation > 1 ? 1 : 0);
  const optimizer = vectors * gradients;
  const step = planMemory(lower({ ...spec, mode: 'train', targets }).emitter).bytes;
  const prediction = lower({ ...spec, mode: 'predict', targets: [] }).emitter;
  const prepared = placeForms(prediction.forms, parameters);
  const activations = planMemory(prediction).bytes;
  return {
    batchSize: batch,
    parameters,
    training: {
      gradients,
      optimizer,
      activations: step,
      total: parameters + gradients + optimizer + step,
    },
    inference: { activations, prepared, total: parameters + activations + prepared },
  };
}
