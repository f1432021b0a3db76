// Outputs of layers, by the layers' names.

import { ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkOptions, nearest, whole } from '../base/options.js';
import { shown } from '../base/shown.js';
import { type Graph, partOf } from '../network/graph.js';
import type { SymbolicTensor } from '../network/layer.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Engine } from '../training/engine.js';
import { type DataSet, Intake } from '../training/source.js';
import { valuesOf } from './predict.js';

/** A name, or a list of names. */
export type Names = string | readonly string[];

/** A tensor for one name; for a list of names a record of tensors. */
export type ByName<N extends Names> = N extends readonly (infer Name extends string)[]
  ? Record<Name, Tensor>
  : Tensor;

/** See `Model.activations`. */
export function activations<N extends Names>(
  engine: Engine,
  x: DataSet,
  layers: N,
  options: { batchSize?: number },
): ByName<N> {
  const checked = checkOptions('activations', options, { batchSize: whole(1) });
  const { graph, name } = engine.network;
  const { names, tensors } = naming(`${name}.activations`, () => {
    const names = namesOf('layers', layers);
    return { names, tensors: names.map((one) => nodeOf(graph, one, [])) };
  });
  const part = { graph: partOf(graph, tensors), key: `values of ${names.join('/')}` };
  const samples = new Intake(engine, 'activations').inputs(x);
  return named(layers, names, valuesOf(engine, samples, tensors, checked, part));
}

/** The names, each once. @throws {ValueError} for an empty list, and for anything but names */
export function namesOf(what: string, names: Names): string[] {
  const list: readonly unknown[] = Array.isArray(names) ? names : [names];
  if (list.length > 0 && list.every((name) => typeof name === 'string'))
    return [...new Set(list as string[])];
  throw new ValueError(
    `${what} must be a layer's name, or a list of at least one, not ${shown(names)}`,
  );
}

/** The output of a layer. @throws {ValueError} for an unknown name, and for a layer with several places in the model */
export function nodeOf(
  { nodes, layers }: Graph,
  name: string,
  others: readonly string[],
): SymbolicTensor {
  const all = nodes.filter(({ layer }) => layer.name === name);
  if (all.length === 1) return all[0];
  if (all.length > 1) {
    throw new ValueError(
      `the layer '${name}' has ${all.length} places in the model, so its name says none of them: put layers.linear({ name }) after the one meant`,
    );
  }
  const known = [...others, ...layers.map((layer) => layer.name)];
  const hint = name.includes('/') ? '; weights are in model.weights' : nearest(name, known);
  throw new ValueError(`there is no ${shown(name)}${hint}; there are ${known.join(', ')}`);
}

/** The result for one name, or a record of results for a list. */
export function named<N extends Names>(
  asked: N,
  names: readonly string[],
  results: readonly Tensor[],
): ByName<N> {
  const isList = Array.isArray(asked);
  const byName = isList
    ? Object.fromEntries(names.map((name, i) => [name, results[i]]))
    : results[0];
  return byName as ByName<N>;
}
