// What layers make of samples, and how they are asked for by name.

import { ValueError } from '../base/errors.js';
import { checkOptions, whole } from '../base/options.js';
import { type Graph, partOf } from '../network/graph.js';
import type { SymbolicTensor } from '../network/layer.js';
import { Tensor } from '../tensor/tensor.js';
import type { Engine } from '../training/engine.js';
import { type DataSet, Intake } from '../training/source.js';

/** A name, or a list of names. */
export type Names = string | readonly string[];

/** A tensor for a name; for a list of names a record of them. */
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
  const { batchSize = 32 } = checkOptions('activations', options, { batchSize: whole(1) });
  const { graph, name } = engine.network;
  const where = `${name}.activations`;
  const names = namesOf(where, 'layers', layers);
  const tensors = names.map((one) => nodeOf(where, graph, one, []));
  const part = { graph: partOf(graph, tensors), key: `values of ${names.join('/')}` };
  const samples = new Intake(engine, 'activations').inputs(x);
  const { count } = samples;
  const results = zerosFor(tensors, count);
  try {
    for (let first = 0; first < count; first += batchSize) {
      const size = Math.min(batchSize, count - first);
      engine.predict({ samples, order: null, first, size }, results, part);
    }
  } catch (error) {
    disposeAll(results);
    throw error;
  }
  return named(layers, names, results);
}

/** The names without repetition. @throws {ValueError} for what is no name, or for none */
export function namesOf(where: string, what: string, names: Names): string[] {
  const list: readonly unknown[] = Array.isArray(names) ? names : [names];
  if (list.length > 0 && list.every((name) => typeof name === 'string'))
    return [...new Set(list as string[])];
  throw new ValueError(`${where}: ${what} must be a name, or a list of at least one`);
}

/** What a layer makes. @throws {ValueError} for a name that there is not, and for a layer with several places */
export function nodeOf(
  where: string,
  { nodes, layers }: Graph,
  name: string,
  others: readonly string[],
): SymbolicTensor {
  const all = nodes.filter(({ layer }) => layer.name === name);
  if (all.length === 1) return all[0];
  if (all.length > 1) {
    throw new ValueError(
      `${where}: the layer '${name}' has ${all.length} places in the model, so its name says none of them: put layers.linear({ name }) after the one that is meant`,
    );
  }
  const known = [...others, ...layers.map((layer) => layer.name)];
  throw new ValueError(`${where}: there is no '${name}'; there are ${known.join(', ')}`);
}

/** Tensors of zeros for all samples: gradients of what an output does not depend on stay 0. All or none. */
export function zerosFor(tensors: readonly SymbolicTensor[], count: number): Tensor[] {
  const results: Tensor[] = [];
  try {
    for (const { shape } of tensors) results.push(Tensor.zeros([count, ...shape]));
  } catch (error) {
    disposeAll(results);
    throw error;
  }
  return results;
}

export function disposeAll(tensors: readonly Tensor[]): void {
  for (const one of tensors) one.dispose();
}

/** The one for a name, or the record for a list. */
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
