// A network as a graph: which layers, in which order, from which inputs to which outputs.

import { ShapeError, ValueError } from '../base/errors.js';
import { sizeOf } from '../base/shape.js';
import type { Layer } from './layer.js';
import { SymbolicTensor } from './layer.js';

/** What a model computes. */
export interface Graph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** The inputs' names in data, losses and logs: all different. */
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** The outputs of layers, each after all tensors that it is computed from. */
  readonly nodes: readonly SymbolicTensor[];
  /** The layers, in the order of their first nodes. */
  readonly layers: readonly Layer[];
}

/**
 * The graph from inputs to outputs. Names the layers that have no name.
 *
 * @param isFresh whether a layer is in no other model yet; otherwise it keeps its name
 * @throws {ValueError} for anything but symbolic tensors, a cycle, an output that depends on other inputs, an input
 *   that no output depends on, and two layers or inputs with the same name
 * @throws {ShapeError} for an output without numbers
 */
export function graphOf(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
  isFresh: (layer: Layer) => boolean,
): Graph {
  checkTensors('inputs', inputs);
  checkTensors('outputs', outputs);
  for (const { shape, name } of outputs) {
    if (shape.length === 0 || sizeOf(shape) === 0)
      throw new ShapeError(`the output '${name}' must hold numbers`);
  }
  const nodes = sorted(inputs, outputs);
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...outputs]);
  for (const one of inputs) {
    if (!used.has(one)) throw new ValueError(`no output depends on the input '${one.name}'`);
  }
  const layers = [...new Set(nodes.map(({ layer }) => layer))];
  nameLayers(layers, isFresh);
  const inputNames = namesOf('inputs', inputs, layers);
  const outputNames = namesOf('outputs', outputs, layers);
  const graph = { inputs, outputs, inputNames, outputNames, nodes, layers };
  // Frozen, as the user can read these lists: a layer that is removed from one would still be in the programs, but not
  // in the file.
  for (const list of Object.values(graph)) Object.freeze(list);
  return graph;
}

/**
 * Applies a graph's layers, with the same weights, to other inputs, one for each of the graph's. Returns the outputs.
 */
export function applyGraph(
  { inputs, nodes, outputs }: Graph,
  xs: readonly SymbolicTensor[],
): SymbolicTensor[] {
  const made = new Map(inputs.map((x, i) => [x, xs[i]]));
  const of = (x: SymbolicTensor): SymbolicTensor => made.get(x) as SymbolicTensor;
  for (const node of nodes) made.set(node, node.layer.apply(node.inputs.map(of)));
  return outputs.map(of);
}

/** The part of a graph that computes some of its tensors. It keeps all inputs. */
export function partOf(graph: Graph, outputs: readonly SymbolicTensor[]): Graph {
  const reached = new Set(outputs);
  // Readers come first in this order.
  const nodes = [...graph.nodes].reverse().filter((node) => {
    if (reached.has(node)) for (const x of node.inputs) reached.add(x);
    return reached.has(node);
  });
  nodes.reverse();
  const layers = [...new Set(nodes.map(({ layer }) => layer))];
  return { ...graph, outputs, outputNames: outputs.map(({ name }) => name), nodes, layers };
}

function checkTensors(what: string, tensors: readonly SymbolicTensor[]): void {
  if (tensors.length === 0) throw new ValueError(`${what} must not be empty`);
  for (const one of tensors) {
    if (one instanceof SymbolicTensor) continue;
    throw new ValueError(
      `${what} must be what input() and layer.apply() return, not ${one === null ? 'null' : typeof one}`,
    );
  }
  if (new Set(tensors).size < tensors.length)
    throw new ValueError(`one of the ${what} is given twice`);
}

/** Depth first, inputs in their order, without recursion: networks may be thousands of layers deep. */
function sorted(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): SymbolicTensor[] {
  const nodes: SymbolicTensor[] = [];
  const done = new Set(inputs);
  const open = new Set<SymbolicTensor>();
  const stack = [...outputs].reverse();
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (done.has(node)) {
      stack.pop();
      continue;
    }
    if (node.inputs.length === 0) {
      throw new ValueError(
        `the outputs depend on the input '${node.name}', which is not among the inputs`,
      );
    }
    const missing = node.inputs.filter((one) => !done.has(one));
    if (missing.length === 0) {
      stack.pop();
      done.add(node);
      nodes.push(node);
      continue;
    }
    // Open tensors are on the path from an output to this one: to meet one again is a cycle.
    open.add(node);
    const closing = missing.find((one) => open.has(one));
    if (closing) throw new ValueError(`the graph has a cycle through '${closing.name}'`);
    stack.push(...missing.reverse());
  }
  return nodes;
}

/** A wanted name, and whether a number may be added to it. */
interface Wish {
  readonly name: string;
  readonly isFree: boolean;
}

/** Makes names different: free ones get a number, from the second of a name on. @throws {ValueError} */
function distinct(what: string, wishes: readonly Wish[]): string[] {
  const taken = new Set<string>();
  for (const { name, isFree } of wishes) {
    if (isFree) continue;
    if (taken.has(name)) {
      throw new ValueError(
        `two ${what} are called '${name}': names must be unique in a model, and the option name sets them`,
      );
    }
    taken.add(name);
  }
  /** The last number of each name: with it, naming a thousand layers of one type takes no search. */
  const numbers = new Map<string, number>();
  return wishes.map(({ name, isFree }) => {
    let own = name;
    let number = numbers.get(name) ?? 0;
    while (isFree && taken.has(own)) own = `${name}_${++number}`;
    numbers.set(name, number);
    taken.add(own);
    return own;
  });
}

/**
 * Names the layers without a name by their types, with a number from the second of a type on.
 *
 * @param isFresh whether a layer is in no other model yet; otherwise it keeps its name
 * @throws {ValueError} for two layers with the same name
 */
export function nameLayers(layers: readonly Layer[], isFresh: (layer: Layer) => boolean): void {
  const wishes = layers.map((layer): Wish => {
    const isFree = isFresh(layer) && layer.options.name === undefined;
    return { name: isFree ? layer.type : layer.name, isFree };
  });
  distinct('layers', wishes).forEach((name, i) => {
    // Weights are named after their layer, and found by it in files: nobody may change it now.
    Object.defineProperty(layers[i], 'name', { value: name, writable: false });
  });
}

/** Names tensors by their layers; with a number if a layer has several outputs, or if an input has no name. */
function namesOf(
  what: string,
  tensors: readonly SymbolicTensor[],
  layers: readonly Layer[],
): string[] {
  const owners = tensors.map(({ layer }) => layer);
  const wishes = owners.map((layer, i): Wish => {
    const isNamed = layers.includes(layer) || layer.options.name !== undefined;
    return { name: layer.name, isFree: !isNamed || owners.indexOf(layer) < i };
  });
  return distinct(what, wishes);
}
