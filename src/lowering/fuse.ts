// Which layers are computed together: a convolution can do the work of the batch norm, the addition and the ReLU
// after it, while its sums are in registers.

import type { Graph } from '../network/graph.js';
import type { Layer, SymbolicTensor } from '../network/layer.js';

/** Nodes that the layer of the first of them computes all at once. */
export interface Group {
  /** In their order; most have one. */
  readonly nodes: readonly SymbolicTensor[];
  readonly head: SymbolicTensor;
  /** Its last node: the one that others read. */
  readonly end: SymbolicTensor;
  /** The batch norm that is folded into the head's weights. */
  readonly norm: Layer | undefined;
  /** What is added to the head's output. */
  readonly addend: SymbolicTensor | undefined;
  /** Whether a ReLU that is a layer of its own comes last. */
  readonly rectify: boolean;
  /** Whether backward goes through the head, and not only to what it makes. */
  readonly hasBackward: boolean;
}

/** The only node that reads another, if there is just one and the other is no output or wanted tensor. */
type Reader = (node: SymbolicTensor) => SymbolicTensor | undefined;

function readerOf({ nodes, outputs }: Graph, apart: readonly SymbolicTensor[]): Reader {
  const readers = new Map<SymbolicTensor, SymbolicTensor[]>();
  for (const node of nodes) {
    for (const x of node.inputs) readers.set(x, [...(readers.get(x) ?? []), node]);
  }
  return (node) => {
    const all = readers.get(node) ?? [];
    const isWanted = outputs.includes(node) || apart.includes(node);
    return all.length === 1 && !isWanted ? all[0] : undefined;
  };
}

/**
 * The graph's groups in the order in which they can be computed.
 *
 * @param hasBackward whether backward goes through a node: the batch norm after it then works by itself
 * @param apart tensors that must be computed as they are, as outputs must
 */
export function fuse(
  graph: Graph,
  hasBackward: (head: SymbolicTensor) => boolean,
  apart: readonly SymbolicTensor[],
): Group[] {
  const reader = readerOf(graph, apart);
  const taken = new Map<SymbolicTensor, Group>();
  for (const head of graph.nodes) {
    if (taken.has(head)) continue;
    const group = groupFrom(head, reader, hasBackward(head), (node) => taken.has(node));
    for (const node of group.nodes) taken.set(node, group);
  }
  // With its last node, everything that a group reads is there.
  return graph.nodes.flatMap((node) => {
    const group = taken.get(node) as Group;
    return group.end === node ? [group] : [];
  });
}

function groupFrom(
  head: SymbolicTensor,
  reader: Reader,
  hasBackward: boolean,
  isTaken: (node: SymbolicTensor) => boolean,
): Group {
  const { absorbsNorm, absorbsAdd, absorbsRelu } = head.layer.fusion;
  const nodes = [head];
  let next = reader(head);
  const step = (): void => {
    nodes.push(next as SymbolicTensor);
    next = reader(next as SymbolicTensor);
  };
  let norm: Layer | undefined;
  if (!hasBackward && absorbsNorm && next?.layer.fold) {
    norm = next.layer;
    step();
  }
  let addend: SymbolicTensor | undefined;
  if (absorbsAdd && next?.layer.fusion.isAdd && next.inputs.length === 2 && !isTaken(next)) {
    const last = nodes[nodes.length - 1];
    addend = next.inputs.find((one) => one !== last);
    step();
  }
  const rectify = Boolean(absorbsRelu && next?.layer.fusion.isRelu);
  if (rectify) step();
  return { nodes, head, end: nodes[nodes.length - 1], norm, addend, rectify, hasBackward };
}

/** Whether a group's result is what ReLU gives. */
export const endsInRelu = ({ end }: Group): boolean => Boolean(end.layer.fusion.endsInRelu);
