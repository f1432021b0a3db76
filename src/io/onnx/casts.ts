// Casts before readers that make whole numbers or conditions of what they read: rows of an array, and what is chosen by.

import { DataType, type NodeProto } from './proto.js';

/** The nodes, of which such readers read what is cast itself. Layers compute floats: a cast to whole numbers is none. */
export function withoutCasts(nodes: readonly NodeProto[]): NodeProto[] {
  /** What casts read, by what they make: chains of them are one. */
  const [whole, conditions] = [new Map<string, string>(), new Map<string, string>()];
  return nodes.map((node) => {
    const { op, attributes, inputs, outputs } = node;
    if (op === 'Cast') {
      const to = attributes.get('to')?.int;
      const casts = to === DataType.bool ? conditions : whole;
      if (casts === conditions || to === DataType.int32 || to === DataType.int64)
        casts.set(outputs[0], casts.get(inputs[0]) ?? inputs[0]);
    }
    const readers = { Gather: [1, whole], Where: [0, conditions] } as const;
    if (op !== 'Gather' && op !== 'Where') return node;
    const [at, casts] = readers[op];
    return { ...node, inputs: inputs.map((x, i) => (i === at ? (casts.get(x) ?? x) : x)) };
  });
}
