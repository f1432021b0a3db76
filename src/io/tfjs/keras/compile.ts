// The training configuration of a file: optimizer, loss and metrics, where all of them are known here.

import { WasmgradError } from '../../../base/errors.js';
import { type LossName, losses, type Model, optimizers } from '../../../core.js';
import type { Metric, MetricName } from '../../../training/metrics.js';
import { Config, isList, isObject, type Json } from '../json.js';

/** Thrown for what there is not here. */
class Unknown extends Error {}

type Optimizer = ReturnType<typeof optimizers.sgd>;

/** What clips gradients, as far as it is the same in Keras. */
function clipping(config: Config): { clipNorm?: number; clipValue?: number } {
  // By each weight's own norm: there is only one of all weights here.
  if (config.get('clipnorm') !== undefined) throw new Unknown();
  const given = { clipNorm: config.get('global_clipnorm'), clipValue: config.get('clipvalue') };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const known: Readonly<Record<string, (config: Config, learningRate: number) => Optimizer>> = {
  sgd: (config, learningRate) =>
    optimizers.sgd({
      learningRate,
      momentum: config.number('momentum', 0),
      nesterov: Boolean(config.get('nesterov', 'use_nesterov', 'useNesterov')),
      ...clipping(config),
    }),
  adam: (config, learningRate) => optimizers.adam(adamOf(config, learningRate)),
  adamw: (config, learningRate) =>
    optimizers.adamW({
      ...adamOf(config, learningRate),
      weightDecay: config.number('weight_decay', 0.004),
    }),
  rmsprop(config, learningRate) {
    if (config.get('centered')) throw new Unknown();
    const rho = Number(config.get('rho', 'decay') ?? 0.9);
    const epsilon = config.number('epsilon', 1e-7);
    const momentum = config.number('momentum', 0);
    return optimizers.rmsprop({ learningRate, rho, epsilon, momentum, ...clipping(config) });
  },
  adagrad: (config, learningRate) =>
    optimizers.adagrad({
      learningRate,
      initialAccumulator: config.number('initial_accumulator_value', 0.1),
      ...clipping(config),
    }),
};

function adamOf(config: Config, learningRate: number) {
  if (config.get('amsgrad')) throw new Unknown();
  return {
    learningRate,
    beta1: Number(config.get('beta_1', 'beta1') ?? 0.9),
    beta2: Number(config.get('beta_2', 'beta2') ?? 0.999),
    epsilon: config.number('epsilon', 1e-7),
    ...clipping(config),
  };
}

function optimizerOf(given: unknown): Optimizer {
  const { class_name: type, config: json } = (given ?? {}) as Json;
  if (typeof type !== 'string' || !isObject(json)) throw new Unknown();
  const config = new Config(json);
  const rate = config.get('learning_rate', 'learningRate', 'lr');
  const name = type.split('>').pop()?.toLowerCase().replace('momentum', 'sgd') as string;
  if (typeof rate !== 'number' || !Object.hasOwn(known, name)) throw new Unknown();
  return known[name](config, rate);
}

/** A name of Keras's, as TF.js or Python writes it: 'mean_squared_error', 'MeanSquaredError', 'meanSquaredError'. */
const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();

const lossNames: Readonly<Record<string, LossName>> = {
  categoricalcrossentropy: 'softmaxCrossEntropy',
  sparsecategoricalcrossentropy: 'softmaxCrossEntropy',
  binarycrossentropy: 'binaryCrossEntropy',
  meansquarederror: 'meanSquaredError',
  mse: 'meanSquaredError',
  meanabsoluteerror: 'meanAbsoluteError',
  mae: 'meanAbsoluteError',
  hinge: 'hinge',
};

/** @param activation the output's last */
function lossOf(given: unknown, activation: unknown): LossName {
  const json = isObject(given) ? given : {};
  const config = isObject(json.config) ? json.config : {};
  const name = typeof given === 'string' ? given : json.class_name;
  if (typeof name !== 'string') throw new Unknown();
  if (plain(name) === 'huber')
    return losses.huber(typeof config.delta === 'number' ? { delta: config.delta } : {});
  const loss = lossNames[plain(name)];
  const isEntropy = loss === 'softmaxCrossEntropy' || loss === 'binaryCrossEntropy';
  // Ours takes logits, or what its own activation makes of them.
  const own = loss === 'binaryCrossEntropy' ? 'sigmoid' : 'softmax';
  if (loss === undefined || (isEntropy && activation !== own && config.from_logits !== true))
    throw new Unknown();
  const labelSmoothing = config.label_smoothing;
  if (!isEntropy || typeof labelSmoothing !== 'number' || labelSmoothing === 0) return loss;
  return losses[loss as 'binaryCrossEntropy']({ labelSmoothing });
}

/** The metrics that there are here. They are only reported: the others are left out. */
function metricsOf(given: unknown, columns: number): (MetricName | Metric)[] {
  const list = isList(given) ? given : given === undefined ? [] : [given];
  const names = list.flatMap((one) => {
    const json = isObject(one) ? one : {};
    const name = isObject(json.config) ? json.config.name : one;
    return typeof name === 'string' ? [plain(name)] : [];
  });
  const accuracy = /^(acc|accuracy|categoricalaccuracy|sparsecategoricalaccuracy)$/;
  return [
    ...(names.some((name) => accuracy.test(name))
      ? [columns === 1 ? ('binaryAccuracy' as const) : ('accuracy' as const)]
      : []),
    ...(names.includes('binaryaccuracy') && columns > 1 ? ['binaryAccuracy' as const] : []),
    ...(names.some((name) => /^(mse|meansquarederror)$/.test(name))
      ? ['meanSquaredError' as const]
      : []),
    ...(names.some((name) => /^(mae|meanabsoluteerror)$/.test(name))
      ? ['meanAbsoluteError' as const]
      : []),
  ];
}

/** One for each output, from one for all, a list, or a record by the outputs' names. */
function spread(given: unknown, names: readonly string[]): unknown[] {
  if (isList(given) && given.length === names.length) return [...given];
  if (isObject(given) && !('class_name' in given))
    return names.map((name) => (Object.hasOwn(given, name) ? given[name] : undefined));
  return names.map(() => given);
}

/** Compiles a model as its file says. It stays as it is where the file says nothing, or what there is not here. */
export function compiled(model: Model, given: unknown): void {
  if (!isObject(given)) return;
  const { outputs, outputNames } = model;
  try {
    const losses = spread(given.loss, outputNames).map((loss, i) => {
      const { options, type } = outputs[i].layer;
      return lossOf(loss, 'activation' in options ? options.activation : type);
    });
    const metrics = spread(outputs.length === 1 ? [given.metrics] : given.metrics, outputNames).map(
      (own, i) => metricsOf(own, outputs[i].shape.at(-1) ?? 1),
    );
    const optimizer = optimizerOf(given.optimizer_config);
    model.compile({ optimizer, loss: losses, metrics });
  } catch (error) {
    // What a file says may be right there and wrong here: it can be compiled by hand.
    if (!(error instanceof Unknown || error instanceof WasmgradError)) throw error;
  }
}
