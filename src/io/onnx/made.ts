// What a node makes: layers; or, of constants alone, what these layers compute.

import { input, Tensor } from '../../core.js';
import { Builder, NeedsWhole } from '../importing/builder.js';
import { fromOrder } from '../importing/moves.js';
import { finished } from '../importing/network.js';
import { type Activation, Constant, type Value } from '../importing/value.js';
import { type Node, OfConstant } from './node.js';
import { translations } from './operators/index.js';

/**
 * @param whole whether inputs have no batch
 * @throws {NeedsWhole} where they must have none
 */
export function made(node: Node, whole: boolean): readonly Value[] {
  try {
    return [translations[node.op](node)].flat();
  } catch (error) {
    const [x] = node.inputs;
    if (error instanceof OfConstant && x instanceof Constant && x.kind === 'float')
      return computed(node, x);
    if (error instanceof NeedsWhole && whole)
      return node.fail('layers compute this of the samples of a batch only');
    throw error;
  }
}

/** Of a constant: its layers as a model of their own, which runs once. */
function computed(node: Node, { shape, data }: Constant): readonly Value[] {
  const builder = new Builder(undefined);
  builder.call(node.op);
  const x = fromOrder(input(shape.length > 0 ? shape : [1]), [...shape.keys()], false);
  const values = made(node.with([x, ...node.inputs.slice(1)], builder), true);
  const outputs = values.map((value, i) => {
    return { name: `y${i}`, value: value as Activation, isImage: false };
  });
  const model = finished(builder, [x], outputs, { name: node.op, whole: true, keepsOrder: true });
  const from = Tensor.from(data as Float32Array, shape);
  try {
    return ([model.predict(from)].flat() as Tensor[]).map((y, i) => {
      const numbers = Float32Array.from(y.numbers);
      y.dispose();
      return new Constant(values[i].shape, 'float', numbers);
    });
  } finally {
    from.dispose();
    model.dispose();
  }
}
