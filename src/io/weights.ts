// `setWeights` with { from }: finds the layer of each module of another library, and brings its numbers into our order.

import { ValueError } from '../base/errors.js';
import { type Shape, show, sizeOf } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { assign, listed } from '../model/assign.js';
import type { Assign } from '../model/foreign.js';
import type { Graph } from '../network/graph.js';
import type { Layer } from '../network/layer.js';
import { Tensor } from '../tensor/tensor.js';
import { type Dialect, dialects, type Part } from './dialects.js';
import { permuted } from './permute.js';
import { checkRecord } from './record.js';
import { rowsOf } from './rows.js';

/** A module of another library. */
interface Module {
  readonly name: string;
  /** Its weights by their words. */
  readonly tensors: Map<string, Tensor>;
}

/** A layer, and what it needs of a module. */
interface Wanted {
  readonly layer: Layer;
  /** By the layer's own names of its weights. */
  readonly parts: ReadonlyMap<string, Part>;
}

/** A layer and the module whose weights it gets. */
type Pairing = readonly [Wanted, Module];

/** Sets weights from a record that another library wrote. @throws {ValueError} {@link NumericError} */
export const assignFrom: Assign = ({ weights, network: { graph } }, record, from) => {
  const dialect = dialects[from];
  const modules = modulesOf(record, dialect);
  const wanted = graph.layers
    .filter(({ parameters }) => parameters.length > 0)
    .map((layer): Wanted => {
      const parts = layer.parameters.map((one) => [one.name, dialect.part(layer, one)] as const);
      return { layer, parts: new Map(parts) };
    });
  const pairings = pair(wanted, modules, dialect);
  const made: Tensor[] = [];
  try {
    const own = pairings.flatMap(([{ layer, parts }, { tensors }]) => {
      const rows = dialect.channelsFirst ? inputRows(graph, layer) : undefined;
      return [...parts].map(([name, part]) => {
        const tensor = tensors.get(part.word) as Tensor;
        const { shape } = layer.parameters.find((one) => one.name === name) as { shape: Shape };
        // A bias belongs to what comes out.
        const order = name === 'bias' ? undefined : rows;
        const numbers = reordered(arranged(tensor, part), order, shape);
        made.push(Tensor.from(numbers, shape));
        return [`${layer.name}/${name}`, made[made.length - 1]] as const;
      });
    });
    assign(weights, Object.fromEntries(own));
  } finally {
    for (const tensor of made) tensor.dispose();
  }
};

/** The record's modules, in its order. @throws {ValueError} for anything but a record of tensors */
function modulesOf(record: Readonly<Record<string, Tensor>>, dialect: Dialect): Module[] {
  const entries = checkRecord(record);
  const names = new Set(entries.map(([name]) => name));
  const modules = new Map<string, Module>();
  for (const [full, tensor] of entries) {
    const { module: name, word } = dialect.place(full, names);
    if (dialect.ignored.includes(word)) continue;
    const module = modules.get(name) ?? { name, tensors: new Map() };
    if (module.tensors.has(word)) throw new ValueError(`the record has ${shown(full)} twice`);
    module.tensors.set(word, tensor);
    modules.set(name, module);
  }
  return [...modules.values()];
}

/** Its weights as text, in an order that depends on them alone: equal for what fits. */
const described = (parts: readonly (readonly [word: string, shape: Shape, dtype?: string])[]) =>
  parts
    .map(([word, shape, dtype]) => `${dtype === 'int32' ? 'int32 ' : ''}${word} ${show(shape)}`)
    .sort()
    .reverse()
    .join(', ');

const describedModule = ({ tensors }: Module): string =>
  described([...tensors].map(([word, { shape, dtype }]) => [word, shape, dtype]));

const describedLayer = ({ parts }: Wanted): string =>
  described([...parts.values()].map(({ word, shape }) => [word, shape]));

/**
 * Finds each layer's module: by its name, or the same place among all that have weights of the same shapes.
 *
 * @throws {ValueError} that lists layers and modules which fit no other, and those whose order is not known
 */
function pair(
  wanted: readonly Wanted[],
  modules: readonly Module[],
  { separator }: Dialect,
): Pairing[] {
  const byName = namedAlike(wanted, modules, separator);
  const taken = new Set(byName.values());
  const free = modules.filter((module) => !taken.has(module));
  const isSorted = modules.every(({ tensors }) => inOrder([...tensors.keys()]));
  const lonely: string[] = [];
  const pairings: Pairing[] = [];
  const waiting = new Map<string, Module[]>();
  for (const module of free) {
    const what = describedModule(module);
    waiting.set(what, [...(waiting.get(what) ?? []), module]);
  }
  for (const [what, group] of waiting) if (isSorted) waiting.set(what, inNumbers(group, what));
  for (const one of wanted) {
    const what = describedLayer(one);
    const named = byName.get(one);
    const module = named ?? waiting.get(what)?.shift();
    if (module && describedModule(module) === what) pairings.push([one, module]);
    else
      lonely.push(
        `${shown(one.layer.name)} (${what}${named ? `, where the record has ${describedModule(named)}` : ''})`,
      );
  }
  const left = [...waiting.values()]
    .flat()
    .map((module) => `${shown(module.name)} (${describedModule(module)})`);
  if (lonely.length + left.length === 0) return pairings;
  const lists = [...listed('layers without a partner', lonely), ...listed('in the record', left)];
  throw new ValueError(
    `nothing was set: ${lists.join('; ')}. A layer gets the weights of its name, as the option name sets it; others go by their order among the same shapes`,
  );
}

/**
 * Whether a module's words are sorted, as safetensors sorts all names. Both libraries have the weight before the bias, so
 * that they are not where the record has the order of the modules.
 */
const inOrder = (words: readonly string[]): boolean =>
  words.every((word, i) => i === 0 || words[i - 1] < word);

/** Whether the model gave the layer its name: then it says nothing. */
const isNumbered = ({ name, type }: Layer): boolean =>
  name.startsWith(type) && /^(_\d+)?$/.test(name.slice(type.length));

/** The modules with a layer's name, all of them behind the same words, such as 'module.'. */
function namedAlike(
  wanted: readonly Wanted[],
  modules: readonly Module[],
  separator: string,
): Map<Wanted, Module> {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const named = wanted.filter(({ layer }) => !isNumbered(layer));
  const under = (prefix: string) =>
    new Map(
      named.flatMap((one) => {
        const module = byName.get(prefix + one.layer.name);
        return module ? [[one, module] as const] : [];
      }),
    );
  // Wrappers such as DataParallel put a word or two before all names.
  const [first = ''] = byName.keys();
  const words = first.split(separator);
  const prefixes = words.map((_, i) =>
    words
      .slice(0, i)
      .map((word) => word + separator)
      .join(''),
  );
  return prefixes.map(under).reduce((most, one) => (one.size > most.size ? one : most), new Map());
}

/**
 * Modules in the order of the numbers in their names: safetensors sorts names as text, 10 before 2.
 *
 * @throws {ValueError} if the names differ in more than their numbers: nobody knows then which one comes first
 */
function inNumbers(group: Module[], what: string): Module[] {
  const letters = ({ name }: Module) => name.replace(/[._]?\d+/g, '');
  const other = group.find((one) => letters(one) !== letters(group[0]));
  if (other)
    throw new ValueError(
      `nothing was set: ${shown(group[0].name)} and ${shown(other.name)} have the same shapes (${what}), and the record is sorted by names, so that nobody knows which one comes first: give the layers the names of the modules, { name: ${shown(other.name)} }`,
    );
  const numbers = ({ name }: Module) => name.match(/\d+/g)?.map(Number) ?? [];
  return [...group].sort((one, two) => {
    const [a, b] = [numbers(one), numbers(two)];
    const i = a.findIndex((number, at) => number !== b[at]);
    return i < 0 ? a.length - b.length : a[i] - (b[i] ?? -1);
  });
}

/** The numbers in the order of our dimensions. */
const arranged = ({ numbers }: Tensor, { shape, axes }: Part): Float32Array =>
  axes ? permuted(numbers, shape, axes) : numbers;

/** The order of the numbers that a layer gets, if channels came first where they were made flat. */
function inputRows(graph: Graph, layer: Layer): readonly number[] | undefined {
  const node = graph.nodes.find((one) => one.layer === layer);
  return node?.inputs.length === 1 ? rowsOf(node.inputs[0]) : undefined;
}

/** Rows of a weight, or numbers of a norm, in another order. */
function reordered(
  numbers: Float32Array,
  rows: readonly number[] | undefined,
  [count, ...row]: Shape,
): Float32Array {
  if (!rows || rows.length !== count) return numbers;
  const width = sizeOf(row);
  const to = new Float32Array(numbers.length);
  rows.forEach((from, i) => {
    to.set(numbers.subarray(from * width, (from + 1) * width), i * width);
  });
  return to;
}
