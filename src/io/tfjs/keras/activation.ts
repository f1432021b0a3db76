// Keras's activations, by name and as layers.

import { FormatError } from '../../../base/errors.js';
import { shown } from '../../../base/shown.js';
import { layers } from '../../../core.js';
import type { ActivationName } from '../../../network/activation.js';
import type { SymbolicTensor } from '../../../network/layer.js';
import { combineWeight, map } from '../../../operators/arrays/index.js';
import type { Make } from '../../importing/builder.js';
import { isObject, type Json } from '../json.js';
import { lastly } from './axes.js';
import type { Call, KerasLayer } from './layer.js';

/** An activation: one that layers have as an option, or a layer of its own. */
type Known = ActivationName | Make;

/** By Keras's names in lower case, without '_'. */
const known: Readonly<Record<string, Known>> = {
  linear: 'linear',
  relu: 'relu',
  relu6: 'relu6',
  sigmoid: 'sigmoid',
  tanh: 'tanh',
  softmax: 'softmax',
  elu: 'elu',
  selu: 'selu',
  gelu: 'gelu',
  swish: 'silu',
  silu: 'silu',
  softplus: 'softplus',
  hardswish: 'hardSwish',
  hardsilu: 'hardSwish',
  gelunew: (name) => map({ name, fn: 'geluTanh' }),
  softsign: (name) => map({ name, fn: 'softsign' }),
  mish: (name) => map({ name, fn: 'mish' }),
  exponential: (name) => map({ name, fn: 'exp' }),
  leakyrelu: (name) => layers.leakyRelu({ name, alpha: 0.2 }),
};

/** Keras 3 took PyTorch's slope. */
const hardSigmoid = (isKeras3: boolean): Known =>
  isKeras3 ? 'hardSigmoid' : (name) => map({ name, fn: 'hardSigmoid', alpha: 0.2, beta: 0.5 });

/** The option `activation` of a layer. */
export interface OwnActivation {
  /** What the layer itself has as its option. */
  readonly name: ActivationName;
  /** What comes after it. */
  readonly after: Call;
}

const nothing: Call = (x) => x;

/**
 * Reads the option `activation`: a name, or, from Keras, a function or layer as an object.
 *
 * @param part the layer that comes after this one: it has its own name in our network
 */
export function activationOf(
  layer: KerasLayer,
  otherwise = 'linear',
  part = (type: string, config: Json) => layer.part(type, config),
): OwnActivation {
  const given = layer.config.get('activation') ?? otherwise;
  const named = isObject(given) ? nameOf(given) : given;
  if (typeof named === 'string') {
    const plain = named.toLowerCase().replaceAll('_', '');
    const found =
      plain === 'hardsigmoid'
        ? hardSigmoid(layer.file.writer === 'keras3')
        : Object.hasOwn(known, plain) && known[plain];
    if (typeof found === 'string') return { name: found, after: nothing };
    const own = part('activation', {});
    if (found) return { name: 'linear', after: (x) => own.apply(found, x) };
  } else if (isObject(given)) {
    const { class_name: type, config } = given;
    if (typeof type === 'string' && Object.hasOwn(activationLayers, type) && isObject(config))
      return { name: 'linear', after: activationLayers[type](part(type, config)) };
  }
  throw new FormatError(`its activation is ${shown(given)}, which there is not here`);
}

/** The name in { class_name: 'function', config: 'relu' }, or of a class of TF.js's; undefined for a layer. */
function nameOf({ class_name: type, config }: Json): string | undefined {
  if (type === 'function') return typeof config === 'string' ? config : undefined;
  return typeof type === 'string' && !Object.hasOwn(activationLayers, type) ? type : undefined;
}

const activation = (layer: KerasLayer): Call => {
  const { name, after } = activationOf(layer, 'linear', (type, config) => layer.as(type, config));
  if (after !== nothing) return after;
  if (name === 'linear') return one(layer, (own) => layers.linear({ name: own }));
  return (x) => layer.apply((own) => layers.activation({ name: own, activation: name }), x);
};

/** max(x, 0) with all that Keras has added: a bound, a slope below a threshold. */
function relu(layer: KerasLayer): Call {
  const { config } = layer;
  const bound = config.get('max_value') === undefined ? undefined : config.number('max_value');
  const slope = config.number('negative_slope', 0);
  const threshold = config.number('threshold', 0);
  if (threshold !== 0 && slope !== 0)
    throw new FormatError('it has both a threshold and a slope below it, which there is not here');
  const below: Make | undefined = slope
    ? leaky(slope)
    : threshold
      ? (name) => map({ name, fn: 'thresholdedRelu', alpha: threshold })
      : undefined;
  if (bound === undefined) return one(layer, below ?? ((name) => layers.relu({ name })));
  if (!below && bound === 6) return one(layer, (name) => layers.relu6({ name }));
  if (!below) return one(layer, (name) => map({ name, fn: 'clip', alpha: 0, beta: bound }));
  const cut: Make = (name) => map({ name, fn: 'clip', beta: bound });
  return (x) => layer.apply(cut, layer.apply(below, x, {}, '_below'));
}

/** The core's layer takes positive slopes alone. */
const leaky =
  (alpha: number): Make =>
  (name) =>
    alpha > 0 ? layers.leakyRelu({ name, alpha }) : map({ name, fn: 'leakyRelu', alpha });

/** A layer that becomes one of ours. */
export const one =
  (layer: KerasLayer, make: Make): Call =>
  (x) =>
    layer.apply(make, x);

/** Slopes of their own for each number, or shared along axes: Keras keeps these as sides of 1. */
function prelu(layer: KerasLayer): Call {
  const shared = layer.config.get('shared_axes') === undefined ? [] : undefined;
  return (x: SymbolicTensor) => {
    const rank = x.shape.length + 1;
    const axes = shared ?? layer.config.axes('shared_axes', rank, 1);
    const shape = x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
    return layer.apply((name) => combineWeight({ name, fn: 'prelu', shape }), x, {
      value: ['alpha'],
    });
  };
}

/** Activations as layers. */
export const activationLayers: Readonly<Record<string, (layer: KerasLayer) => Call>> = {
  Activation: activation,
  ReLU: relu,
  LeakyReLU(layer) {
    const word = layer.config.get('negative_slope') === undefined ? 'alpha' : 'negative_slope';
    return one(layer, leaky(layer.config.number(word, 0.3)));
  },
  PReLU: prelu,
  ELU(layer) {
    const alpha = layer.config.number('alpha', 1);
    return one(layer, (name) =>
      alpha > 0 ? layers.elu({ name, alpha }) : map({ name, fn: 'elu', alpha }),
    );
  },
  ThresholdedReLU(layer) {
    const alpha = layer.config.number('theta', 1);
    return one(layer, (name) => map({ name, fn: 'thresholdedRelu', alpha }));
  },
  Softmax: (layer) => (x) => {
    const [axis, ...others] = layer.config.axes('axis', x.shape.length + 1, -1);
    if (others.length > 0) throw new FormatError('its axes are several, which there is not here');
    return lastly(x, [axis], (own) => layer.apply((name) => layers.softmax({ name }), own));
  },
};
