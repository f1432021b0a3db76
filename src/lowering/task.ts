// What is to be lowered, and for what.

import type { Graph } from '../network/graph.js';
import type { TargetForm } from '../operators/loss/loss.emit.js';
import type { Objective } from './objective.js';
import type { WeightValues } from './weights.js';

/** What a program is for. */
export type Mode = 'predict' | 'evaluate' | 'train';

/** What to lower. */
export interface Task {
  readonly graph: Graph;
  readonly weights: WeightValues;
  readonly batch: number;
  readonly mode: Mode;
  /** Of the targets of each output. */
  readonly forms: readonly TargetForm[];
  /** Whether rows have weights. */
  readonly weighted: boolean;
  /** Needed to evaluate and to train. */
  readonly objective: Objective | undefined;
}

/** Whether several batches make a step. */
export const accumulates = ({ objective }: Task): boolean => (objective?.accumulation ?? 1) > 1;
