// What is to be lowered: a program by what it computes, before it has any op.

import type { Graph } from '../network/graph.js';
import type { SymbolicTensor } from '../network/layer.js';
import type { TargetKind } from '../operators/loss/loss.emit.js';
import type { Advice } from '../program/emitter.js';
import type { Objective } from './objective.js';
import type { WeightValues } from './weights.js';

/** What a program is for. */
export type Mode = 'predict' | 'evaluate' | 'train' | 'gradients';

/** What ReLU passes back instead of its gradient: see `GradientsOptions.relu`. */
export type ReluRule = 'guided' | 'deconvolution';

/** Which gradients to find, for a program that does not train. */
export interface Wanted {
  /** Inputs of the graph, or what layers make. */
  readonly tensors: readonly SymbolicTensor[];
  /** Whether the tensors are wanted themselves, too. */
  readonly values: boolean;
  /**
   * Gradients of the loss; of the sum of all outputs, each number times one that is given; or the same of what goes into
   * the outputs' softmax or sigmoid.
   */
  readonly of: 'loss' | 'outputs' | 'logits';
  readonly relu: ReluRule | undefined;
}

/** A program that is asked for. */
export interface ProgramSpec {
  readonly graph: Graph;
  readonly weights: WeightValues;
  readonly batch: number;
  readonly mode: Mode;
  /** How the targets of each output come; empty where there are none. */
  readonly targets: readonly TargetKind[];
  /** Whether rows have weights. */
  readonly weighted: boolean;
  /** Needed to evaluate, to train, and for the gradients of the loss. */
  readonly objective: Objective | undefined;
  /** Needed for gradients. */
  readonly wanted?: Wanted;
  /** Where ops were measured. */
  readonly advice?: Advice;
}

/** Whether the losses are computed. */
export const hasLoss = ({ mode, wanted }: ProgramSpec): boolean =>
  mode !== 'predict' && (wanted?.of ?? 'loss') === 'loss';

/** Whether several batches make a step. */
export const accumulates = ({ objective }: ProgramSpec): boolean =>
  (objective?.accumulation ?? 1) > 1;
