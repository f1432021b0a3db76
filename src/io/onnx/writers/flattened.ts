// Flattened images that only dense layers read: their numbers lie in the file's order, channels first, and the kernels'
// rows follow. That costs nothing when the file runs, and is what other libraries write.

import type { Shape } from '../../../base/shape.js';
import type { SymbolicTensor } from '../../../core.js';
import type { Graph } from '../../../network/graph.js';
import type { ActivationOptions } from '../../../operators/activation/activation.layer.js';
import { activationWriters } from './activation.js';
import { moves } from './place.js';

/** Layers whose kernel has a row for each number. */
const byRows = new Set(['dense', 'rbf']);

/** Whether a layer does the same to every number, wherever it lies. */
function isAnywhere({ layer }: SymbolicTensor): boolean {
  const { type, options } = layer;
  if (type === 'dropout' || type === 'map') return true;
  const name = type === 'activation' ? (options as ActivationOptions).activation : type;
  return Object.hasOwn(activationWriters, name) && name !== 'softmax';
}

/** The images whose numbers lie in the file's order in a tensor [features], by these tensors. */
export function flattenedImages({ nodes, outputs }: Graph): Map<SymbolicTensor, Shape> {
  const readers = new Map<SymbolicTensor, SymbolicTensor[]>();
  for (const node of nodes)
    for (const x of node.inputs) readers.set(x, [...(readers.get(x) ?? []), node]);
  /** Tensors that may lie in any order. */
  const free = new Set<SymbolicTensor>();
  // Readers come first in this order.
  for (const node of [...nodes].reverse()) {
    const all = readers.get(node) ?? [];
    const isFree = all.every((by) => byRows.has(by.layer.type) || (isAnywhere(by) && free.has(by)));
    if (isFree && !outputs.includes(node)) free.add(node);
  }
  const images = new Map<SymbolicTensor, Shape>();
  for (const node of nodes) {
    const [x] = node.inputs;
    if (!free.has(node) || node.shape.length !== 1) continue;
    const isFlattened = ['flatten', 'reshape'].includes(node.layer.type) && moves(x.shape);
    const image = isFlattened ? x.shape : isAnywhere(node) ? images.get(x) : undefined;
    if (image) images.set(node, image);
  }
  return images;
}
