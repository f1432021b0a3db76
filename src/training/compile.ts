// What `compile` takes, checked: an optimizer, and for each output a loss and metrics.

import { ValueError } from '../base/errors.js';
import { hereItIs } from '../base/names.js';
import { naming } from '../base/naming.js';
import { between, checkOptions, checkValue, flag, forwarded, whole } from '../base/options.js';
import { show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { checkLogits } from '../lowering/logits.js';
import type { Goal, Objective } from '../lowering/objective.js';
import type { Graph } from '../network/graph.js';
import { checkLoss, type Loss } from '../operators/loss/loss.emit.js';
import { checkMetric, type Metric, type MetricName } from '../operators/loss/metric.emit.js';
import { checkOptimizer, type Optimizer } from '../operators/optimizer/optimizer.emit.js';
import { adagrad, adam, adamW, rmsprop, sgd } from './optimizers.js';

/** One for all outputs, a list in their order, or a record by their names. */
export type ByOutput<T> = T | readonly T[] | Readonly<Record<string, T>>;

/** The name of an optimizer. */
export type OptimizerName = Optimizer['type'];
/** A loss: its name, or what a function of `losses` returns. */
export type LossName = Loss['type'] | Loss;
/** Metrics: their names, or what functions of `metrics` return. */
export type MetricNames = readonly (MetricName | Metric)[];

/** Options of `compile`. */
export interface CompileOptions {
  /** Its name, for its default numbers; or what a function of `optimizers` returns. */
  optimizer: OptimizerName | Optimizer;
  /** For a model with several outputs: one for all, a list, or a record by the outputs' names. */
  loss: ByOutput<LossName>;
  /**
   * Reported beside the loss: 'accuracy' and other names, or what functions of `metrics` return. For several outputs
   * they are given as `loss` is.
   */
  metrics?: MetricNames | readonly MetricNames[] | Readonly<Record<string, MetricNames>>;
  /** The factors of the outputs' losses in their sum: 1 by default. */
  lossWeights?: number | readonly number[] | Readonly<Record<string, number>>;
  /**
   * Whether the backward pass computes activations again instead of keeping them all: of deep networks less than half of
   * them are kept, for at most one more forward pass. False by default. The results are the same bits.
   */
  activationCheckpointing?: boolean;
  /**
   * How many batches make one step of the optimizer, by their mean gradient: 1 by default. As if batches were so many
   * times as large, except that batch norm sees each batch by itself. Schedules count steps. Batches that are left over
   * at the end of an epoch are part of the first step after it, as in Keras.
   * Batches weigh by their samples; for one output by those whose label is not ignored, for several by all.
   */
  gradientAccumulation?: number;
}

/** Optimizers by their names, with their default numbers. */
const named: { readonly [T in OptimizerName]: () => Optimizer } = {
  sgd,
  adam,
  adamW,
  rmsprop,
  adagrad,
};

/** What Keras, TF.js and PyTorch call them. */
const foreign = {
  momentum: 'optimizers.sgd({ momentum: 0.9 })',
  nadam: "'adam', without Nesterov's momentum",
};

/** The optimizer of a name, or the given one, checked. @throws {ValueError} for an unknown one */
function optimizerOf(given: OptimizerName | Optimizer): Optimizer {
  if (typeof given !== 'string') return checkOptimizer(given);
  if (Object.hasOwn(named, given)) return named[given]();
  const names = Object.keys(named);
  throw new ValueError(
    `compile: there is no optimizer ${shown(given)}${hereItIs(given, names, foreign)}; there are '${names.join("', '")}'; optimizers.sgd({ learningRate }) makes one`,
  );
}

const words = {
  ...forwarded('optimizer', 'loss', 'metrics', 'lossWeights'),
  activationCheckpointing: flag,
  gradientAccumulation: whole(1),
};

/**
 * Checks what `compile` was given.
 *
 * @param graph the network to train
 * @throws {ValueError} for an unknown optimizer, loss or metric, for lists and records that do not fit the outputs, and
 *   for a loss that does not fit its output
 */
export function checkObjective(options: CompileOptions, graph: Graph): Objective {
  const { outputNames: outputs } = graph;
  if (typeof options === 'string' || Object.hasOwn(Object(options), 'type')) {
    throw new ValueError(
      `compile: takes one object, compile({ optimizer, loss, metrics }), not ${shown(options)} first`,
    );
  }
  const {
    optimizer,
    loss,
    metrics = [],
    lossWeights = outputs.map(() => 1),
    activationCheckpointing = false,
    gradientAccumulation = 1,
  } = checkOptions('compile', options, words);
  const losses = spread('loss', loss, outputs, isOneLoss);
  const weights = spread('lossWeights', lossWeights, outputs, (given) => typeof given === 'number');
  const lists = spread('metrics', metrics, outputs, isOneList);
  const goals = outputs.map((_, i): Goal => {
    naming('compile', () => checkValue('lossWeights', weights[i], between(0)));
    const loss = checkLoss(losses[i]);
    const output = graph.outputs[i];
    checkLogits(graph, output, loss, outputs[i]);
    if (loss.type === 'softmaxCrossEntropy' && output.shape.at(-1) === 1) {
      throw new ValueError(
        `compile: softmaxCrossEntropy needs a number for each class, at least 2, but the output '${outputs[i]}' is ${show(output.shape)}, whose softmax is always 1: use 'binaryCrossEntropy'`,
      );
    }
    return { loss, weight: weights[i], metrics: lists[i].map(checkMetric) };
  });
  checkNames(goals, outputs);
  return {
    optimizer: optimizerOf(optimizer),
    goals,
    checkpointing: activationCheckpointing,
    accumulation: gradientAccumulation,
  };
}

/** @throws {ValueError} if two logs would have the same name, those of a validation among them */
function checkNames(goals: readonly Goal[], outputs: readonly string[]): void {
  const names = goals.flatMap(({ metrics }, i) => {
    const own = metrics.map(({ name }) => name);
    return goals.length > 1 ? ['loss', ...own].map((name) => `${outputs[i]}_${name}`) : own;
  });
  const once = ['loss', ...names];
  const all = ['learningRate', ...once, ...once.map((name) => `val_${name}`)];
  const twice = all.find((name, i) => all.indexOf(name) < i);
  if (twice === undefined) return;
  throw new ValueError(
    `compile: there are two logs called '${twice}': give the metric a name of its own, as in metrics.topK({ name: 'top5' })${goals.length > 1 ? ', or the output another' : ''}`,
  );
}

const isOneLoss = (loss: unknown): loss is LossName =>
  typeof loss !== 'object' || loss === null || 'type' in loss;

/** Whether these are metrics for all outputs: metrics by output are a list of lists. */
const isOneList = (metrics: unknown): metrics is MetricNames =>
  Array.isArray(metrics) && !metrics.some((one) => Array.isArray(one));

const examples = {
  loss: "['softmaxCrossEntropy']",
  lossWeights: '[1, 0.3]',
  metrics: "['accuracy']",
};

/** Makes a list with one for each output. */
function spread<T>(
  what: keyof typeof examples,
  given: ByOutput<T>,
  outputs: readonly string[],
  isOne: (given: unknown) => given is T,
): T[] {
  if (isOne(given)) return outputs.map(() => given);
  const names = outputs.map((name) => `'${name}'`).join(', ');
  if (Array.isArray(given)) {
    if (given.length === outputs.length) return [...given];
    throw new ValueError(
      `compile: ${what} must have one for each of the ${outputs.length} outputs ${names}, not ${given.length}`,
    );
  }
  if (typeof given !== 'object' || given === null) {
    throw new ValueError(
      `compile: ${what} must be a list, such as ${examples[what]}, or a record by the outputs' names, not ${shown(given)}`,
    );
  }
  const record = given as Readonly<Record<string, T>>;
  for (const key of Object.keys(record)) {
    if (!outputs.includes(key))
      throw new ValueError(`compile: ${what} has ${shown(key)}, but the outputs are ${names}`);
  }
  return outputs.map((name) => {
    if (Object.hasOwn(record, name)) return record[name];
    throw new ValueError(`compile: ${what} lacks the output '${name}'`);
  });
}
