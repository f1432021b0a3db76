// A layer's own activation is a node after the layer's in a file. Here both become one node again: only where the names say
// that they were one layer, as 'conv/Conv' and 'conv' do, so that layers that are two stay two.

import type { ActivationName } from '../../network/activation.js';
import type { Node } from './node.js';
import { attributeOf, type GraphProto, type NodeProto } from './proto.js';

/** The attribute of a node that has an activation in itself. No operator of ONNX has it. */
const ACTIVATION = 'wasmgrad.activation';

/** Operators whose layers have an activation. */
const withActivation = new Set(['Conv', 'ConvTranspose', 'Gemm']);

/** The activations by their operators, with the attributes that a layer's own has. */
const activations: Readonly<
  Record<string, readonly [name: ActivationName, attributes?: Readonly<Record<string, number>>]>
> = {
  Relu: ['relu'],
  LeakyRelu: ['leakyRelu', { alpha: 0.01 }],
  Elu: ['elu', { alpha: 1 }],
  Selu: ['selu'],
  Sigmoid: ['sigmoid'],
  Tanh: ['tanh'],
  Softplus: ['softplus'],
  Softmax: ['softmax', { axis: 1 }],
  Silu: ['silu'],
  HardSigmoid: ['hardSigmoid', { alpha: 1 / 6, beta: 0.5 }],
  HardSwish: ['hardSwish'],
  Gelu: ['gelu'],
  Relu6: ['relu6'],
};

/** The activation that a node is, as layers have it; undefined for anything else. */
function activationOf({ op, attributes }: NodeProto): ActivationName | undefined {
  const [name, own = {}] = Object.hasOwn(activations, op) ? activations[op] : [];
  const words = Object.entries(own);
  const isSame = ([word, number]: (typeof words)[0]): boolean => {
    const { float = Number.NaN, int = 0 } = attributes.get(word) ?? {};
    return Math.abs((float || int) - number) < 1e-6;
  };
  return attributes.size === words.length && words.every(isSame) ? name : undefined;
}

/** The option of a layer for an activation that its node has in itself. */
export const ownActivation = (node: Node): { activation?: ActivationName } =>
  node.has(ACTIVATION) ? { activation: node.text(ACTIVATION) as ActivationName } : {};

/** Whether names are those of one layer's nodes, which have a number where the layer is at several places. */
function areOneLayer(maker: NodeProto, { name }: NodeProto): boolean {
  const [own, op = ''] = maker.name.split(/\/(?=[^/]*$)/);
  const number = /^(_\d+)?$/;
  return (
    op.startsWith(maker.op) &&
    number.test(op.slice(maker.op.length)) &&
    name.startsWith(own) &&
    number.test(name.slice(own.length))
  );
}

/** A graph's nodes, with activations in the nodes before them. Those are not needed any more. */
export function folded(
  { outputs, initializers }: GraphProto,
  nodes: readonly NodeProto[],
): NodeProto[] {
  const makers = new Map(nodes.map((node) => [node.outputs[0], node]));
  const readers = new Map<string, number>();
  const read = (name: string) => readers.set(name, (readers.get(name) ?? 0) + 1);
  for (const { inputs } of nodes) for (const name of new Set(inputs)) read(name);
  for (const { name } of outputs) read(name);
  const arrays = new Map(initializers.map((array) => [array.name, array]));
  const hasOwnWeights = ({ inputs: [, weight, bias] }: NodeProto): boolean =>
    arrays.has(weight) && (!bias || arrays.get(bias)?.dims.length === 1);
  return nodes.map((node) => {
    const [x] = node.inputs;
    const maker = makers.get(x);
    const isOne =
      maker &&
      withActivation.has(maker.op) &&
      areOneLayer(maker, node) &&
      readers.get(x) === 1 &&
      hasOwnWeights(maker);
    const name = isOne ? activationOf(node) : undefined;
    if (!maker || !name) return node;
    const own = attributeOf(ACTIVATION, { text: name });
    const attributes = new Map([...maker.attributes, [ACTIVATION, own]]);
    return { ...maker, name: node.name, outputs: node.outputs, attributes };
  });
}
