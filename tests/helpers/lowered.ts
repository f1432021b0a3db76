// What a model is lowered to, for tests that look at the ops themselves.

import type { Model } from '../../src/index.js';
import { type Lowered, lower } from '../../src/lowering/lower.js';
import type { Mode } from '../../src/lowering/spec.js';
import { Value } from '../../src/program/emitter.js';

/** The ops of a compiled model for a batch of class indices, or of numbers where the loss is of such. */
export function lowered(model: Pick<Model, 'engine'>, mode: Mode, batch = 2): Lowered {
  const { weights, objective, network } = model.engine('lowered');
  const targets = (objective?.goals ?? []).map(({ loss: { type } }) =>
    type === 'softmaxCrossEntropy' ? ('labels' as const) : ('targets' as const),
  );
  weights.arrange();
  return lower({ graph: network.graph, weights, objective, batch, mode, targets, weighted: false });
}

/** The names of its kernels, in order. */
export const kernelsOf = (model: Pick<Model, 'engine'>, mode: Mode = 'train'): string[] =>
  lowered(model, mode).emitter.ops.map(({ kernel }) => kernel);

/** How many there are of each of some kernels. */
export function countOf(model: Pick<Model, 'engine'>, ...kernels: string[]): number[] {
  const all = kernelsOf(model);
  return kernels.map((kernel) => all.filter((one) => one === kernel).length);
}

/** Kernels of a training step with a buffer that is neither planned nor anywhere. */
export const lostKernels = (model: Pick<Model, 'engine'>): string[] =>
  lowered(model, 'train').emitter.ops.flatMap(({ kernel, args }) => {
    const roots = Object.values(args).map((one) => (one instanceof Value ? one.root : undefined));
    return roots.some((root) => Number.isNaN(root?.address)) ? [kernel] : [];
  });
