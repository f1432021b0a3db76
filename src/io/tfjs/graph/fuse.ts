// Puts together what TensorFlow has apart and one layer does: a bias after a convolution, padding before it, and what
// stands around a dilated one.

import type { Constant } from '../../importing/value.js';
import { type GraphNode, makerOf } from './proto.js';

/** Operators that a bias after them belongs to. */
const linear = /^(Conv2D|Conv3D|DepthwiseConv2dNative|Conv2DBackpropInput|MatMul)$/;
/** Operators that padding before them belongs to. */
const windowed = /^_?(Fused)?(Conv2D|DepthwiseConv2dNative)$/;

/** The nodes, in their order, with fewer of them. */
export function fused(
  nodes: readonly GraphNode[],
  outputs: readonly string[],
  constants: ReadonlyMap<string, Constant>,
): GraphNode[] {
  const readers = new Map<string, number>();
  const count = (ref: string) => readers.set(ref, (readers.get(ref) ?? 0) + 1);
  for (const ref of [...outputs, ...nodes.flatMap(({ inputs }) => inputs)]) count(ref);
  const made = new Map<string, GraphNode>();
  /** A node's maker that nobody else reads. */
  const only = (ref: string | undefined): GraphNode | undefined =>
    ref !== undefined && readers.get(ref) === 1 ? made.get(makerOf(ref)) : undefined;
  const take = (node: GraphNode, ...gone: readonly GraphNode[]): void => {
    for (const { name } of gone) made.delete(name);
    made.set(node.name, node);
  };
  for (const node of nodes) {
    take(node);
    const [first, second] = node.inputs;
    if (/^(BiasAdd|Add|AddV2)$/.test(node.op)) {
      const before = only(first);
      const isBias = constants.get(second)?.shape.length === 1;
      const isFused = before?.attributes.has('fused_ops');
      if (before && isBias && !isFused && linear.test(before.op))
        take(withBias(before, node, second), before);
    } else if (windowed.test(node.op)) {
      const before = only(first);
      const padding = before && zerosAround(before, constants);
      if (before && padding && node.attributes.text('padding') === 'VALID')
        take(padded(node, before, padding), before);
    } else if (node.op === 'BatchToSpaceND') {
      const conv = only(first);
      const before = conv && only(conv.inputs[0]);
      const whole = before && conv && dilated(before, conv, node, constants);
      if (whole) take(whole, before, conv);
    }
  }
  return [...made.values()];
}

const strings = (...texts: readonly string[]) => ({ list: { s: texts.map((text) => btoa(text)) } });
const text = (value: string) => ({ s: btoa(value) });
const ints = (values: readonly number[]) => ({ list: { i: values } });

const withBias = (node: GraphNode, { name }: GraphNode, bias: string): GraphNode => ({
  ...node,
  name,
  inputs: [...node.inputs, bias],
  attributes: node.attributes.with({ fused_ops: strings('BiasAdd') }),
});

/** What a node puts around an image, [before, after] for each axis; undefined for any other node. */
function zerosAround(
  { op, inputs }: GraphNode,
  constants: ReadonlyMap<string, Constant>,
): number[] | undefined {
  const around = constants.get(inputs[1])?.data as number[] | undefined;
  const value = op === 'Pad' ? 0 : constants.get(inputs[2])?.data[0];
  const fits = around?.length === 8 && [0, 1].every((i) => around[i] === 0);
  return fits && value === 0 && /^Pad(V2)?$/.test(op) && around.every((side) => side >= 0)
    ? Array.from(around)
    : undefined;
}

function padded(node: GraphNode, { inputs }: GraphNode, padding: number[]): GraphNode {
  return {
    ...node,
    inputs: [inputs[0], ...node.inputs.slice(1)],
    attributes: node.attributes.with({
      padding: text('EXPLICIT'),
      explicit_paddings: ints(padding),
    }),
  };
}

/** A convolution of every few pixels, which TensorFlow brings together before and takes apart afterwards. */
function dilated(
  before: GraphNode,
  conv: GraphNode,
  after: GraphNode,
  constants: ReadonlyMap<string, Constant>,
): GraphNode | undefined {
  const known = (node: GraphNode, index: number): number[] =>
    Array.from((constants.get(node.inputs[index])?.data ?? []) as ArrayLike<number>);
  const [block, own] = [known(before, 1), known(after, 1)];
  const [pads, crops] = [known(before, 2), known(after, 2)];
  const fits =
    before.op === 'SpaceToBatchND' &&
    windowed.test(conv.op) &&
    conv.attributes.text('padding') === 'VALID' &&
    conv.attributes.text('data_format', 'NHWC') === 'NHWC' &&
    [block, own].every(({ length }) => length === 2) &&
    [pads, crops].every(({ length }) => length === 4) &&
    block.every((side, i) => side === own[i]);
  const padding = pads.map((side, i) => side - crops[i]);
  if (!fits || padding.some((side) => side < 0)) return undefined;
  const whole = {
    ...conv,
    name: after.name,
    inputs: [before.inputs[0], ...conv.inputs.slice(1)],
    attributes: conv.attributes.with({ dilations: ints([1, ...block, 1]) }),
  };
  return padded(whole, before, [0, 0, ...padding, 0, 0]);
}
