// Layers that make one tensor of several, and a residual network's shortcut.

import type { IdentityShortcutOptions } from '../../../operators/merge/shortcut.layer.js';
import type { LayerWriter, Place } from './place.js';

const namesOf = ({ inputs }: Place): string[] => inputs.map(({ name }) => name);

/** A node that reads all inputs. */
export const merged =
  (op: string): LayerWriter =>
  (at) =>
    at.node(op, namesOf(at));

/** Add takes two. */
export const add: LayerWriter = (at) => merged(at.inputs.length === 2 ? 'Add' : 'Sum')(at);

/** Channels come first in the file. */
export const concat: LayerWriter = (at) => at.node('Concat', namesOf(at), { axis: 1 });

/** The second may be a gate, [channels]: for an image it gets sides of 1. */
export function multiply(at: Place): string {
  const [a, b] = at.inputs;
  const missing = a.shape.length - b.shape.length;
  const gate =
    missing > 0 ? at.reshape(b.name, [...b.shape, ...new Array(missing).fill(1)]) : b.name;
  return at.node('Mul', [a.name, gate]);
}

/** The sum of products: [batch, 1]. */
export const dot: LayerWriter = (at) =>
  at.node('ReduceSum', [at.node('Mul', namesOf(at)), at.ints([1])], { keepdims: 1 });

/** Every strides-th pixel, and channels of zeros after its own. */
export function identityShortcut(at: Place): string {
  const { strides = 1 } = at.options<IdentityShortcutOptions>();
  const [height, width, channels] = at.x.shape;
  const kept =
    strides === 1
      ? at.x.name
      : at.node('Slice', [
          at.x.name,
          ...[
            [0, 0],
            [height, width],
            [2, 3],
            [strides, strides],
          ].map((list) => at.ints(list)),
        ]);
  const more = at.shape[2] - channels;
  if (more === 0) return kept;
  return at.node('Pad', [kept, at.ints([0, 0, 0, 0, 0, more, 0, 0])], { mode: 'constant' });
}
