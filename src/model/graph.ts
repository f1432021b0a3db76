// A network as a graph: which layers, in which order, from which inputs to which outputs.

import { ShapeError, ValueError } from '../errors.js';
import type { Layer } from '../layers/layer.js';
import { SymbolicTensor } from '../layers/symbolic.js';
import { sizeOf } from '../shape.js';

/** What a model computes. */
export interface Graph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** What layers make, each behind all that it is made of. */
  readonly nodes: readonly SymbolicTensor[];
  /** In the order of their first node. */
  readonly layers: readonly Layer[];
}

/**
 * The graph between inputs and outputs.
 *
 * @throws {ValueError} for what is no symbolic tensor, a cycle, an output that depends on something else
 *   than the inputs, and an input that no output depends on
 * @throws {ShapeError} for an output without numbers
 */
export function graphOf(
  where: string,
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): Graph {
  checkTensors(where, 'inputs', inputs);
  checkTensors(where, 'outputs', outputs);
  for (const { shape, name } of outputs) {
    if (shape.length === 0 || sizeOf(shape) === 0)
      throw new ShapeError(`${where}: the output '${name}' must hold numbers`);
  }
  const nodes = sorted(where, inputs, outputs);
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...outputs]);
  for (const one of inputs) {
    if (!used.has(one))
      throw new ValueError(`${where}: no output depends on the input '${one.name}'`);
  }
  const layers = [...new Set(nodes.map(({ layer }) => layer))];
  if (layers.length === 0) throw new ValueError(`${where}: a model needs at least one layer`);
  return { inputs, outputs, nodes, layers };
}

function checkTensors(where: string, what: string, tensors: readonly SymbolicTensor[]): void {
  if (tensors.length === 0) throw new ValueError(`${where}: ${what} must not be empty`);
  for (const one of tensors) {
    if (one instanceof SymbolicTensor) continue;
    throw new ValueError(
      `${where}: ${what} must be what input() and layer.apply() return, not ${one === null ? 'null' : typeof one}`,
    );
  }
  if (new Set(tensors).size < tensors.length)
    throw new ValueError(`${where}: one of the ${what} stands there twice`);
}

/** Depth first, inputs in their order, without recursion: networks may be thousands of layers deep. */
function sorted(
  where: string,
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
        `${where}: the outputs depend on the input '${node.name}', which is not among the inputs`,
      );
    }
    const missing = node.inputs.filter((one) => !done.has(one));
    if (missing.length === 0) {
      stack.pop();
      done.add(node);
      nodes.push(node);
      continue;
    }
    // Those that are open are on the way from an output to here.
    open.add(node);
    const closing = missing.find((one) => open.has(one));
    if (closing) throw new ValueError(`${where}: the graph has a cycle through '${closing.name}'`);
    stack.push(...missing.reverse());
  }
  return nodes;
}

/**
 * Numbers the layers that nobody named, in order, from the second of a type on.
 *
 * @param isFresh whether a layer is of no other model yet: else it keeps its name
 * @throws {ValueError} for two layers of one name
 */
export function nameLayers(
  where: string,
  layers: readonly Layer[],
  isFresh: (layer: Layer) => boolean,
): void {
  const isFree = (layer: Layer): boolean => isFresh(layer) && layer.options.name === undefined;
  const taken = new Set<string>();
  for (const layer of layers) {
    if (isFree(layer)) continue;
    if (taken.has(layer.name)) {
      throw new ValueError(
        `${where}: two layers are called '${layer.name}': names must be unique in a model`,
      );
    }
    taken.add(layer.name);
  }
  for (const layer of layers) {
    if (!isFree(layer)) continue;
    let name = layer.type;
    for (let number = 1; taken.has(name); number++) name = `${layer.type}_${number}`;
    layer.name = name;
    taken.add(name);
  }
}
