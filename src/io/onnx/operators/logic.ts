// Comparisons and conditions, which are 1 and 0, and what is chosen by them.

import type { CombineFn } from '../../../operators/arrays/index.js';
import { arrays } from '../../importing/arrays.js';
import { NeedsWhole } from '../../importing/builder.js';
import { broadcastShape, combined } from '../../importing/constants.js';
import { fromOrder, held, inOrder, orderOf, ranked } from '../../importing/moves.js';
import { Activation, BatchSide, Constant, type Side, type Value } from '../../importing/value.js';
import type { Node } from '../node.js';
import { applyBinary, clipping } from './elementwise.js';

/** How constants are compared, and the layer's function. */
interface Comparison {
  readonly of: (a: Side, b: Side) => boolean;
  readonly fn: CombineFn;
}

const equals = (a: Side, b: Side): boolean =>
  a instanceof BatchSide && b instanceof BatchSide ? a.times === b.times : a === b;

/** Those of conditions too. */
export const comparisons: Readonly<Record<string, Comparison>> = {
  Equal: { fn: 'equal', of: equals },
  Less: { fn: 'less', of: (a, b) => a < b },
  Greater: { fn: 'greater', of: (a, b) => a > b },
  LessOrEqual: { fn: 'lessEqual', of: (a, b) => a <= b },
  GreaterOrEqual: { fn: 'greaterEqual', of: (a, b) => a >= b },
  And: { fn: 'multiply', of: (a, b) => Boolean(a) && Boolean(b) },
  Or: { fn: 'maximum', of: (a, b) => Boolean(a) || Boolean(b) },
  Xor: { fn: 'notEqual', of: (a, b) => !equals(a, b) },
};

/** Compares. */
export function compare(node: Node, { fn, of }: Comparison): Value {
  const [a, b] = [0, 1].map((i) => node.input(i));
  if (a instanceof Constant && b instanceof Constant)
    return combined([a, b], 'bool', (x, y) => Number(of(x, y)));
  return applyBinary(node, { fn, of: (x, y) => Number(of(x, y)) });
}

export function not(node: Node): Value {
  const x = node.input(0);
  if (x instanceof Constant) return combined([x], 'bool', (a) => Number(a === 0));
  return node.builder.anywhere(x, (name) =>
    arrays().map({ name, fn: 'affine', alpha: -1, beta: 1 }),
  );
}

/** IsInf: of either sign, or of one. */
export function isInf(node: Node): Value {
  const { builder } = node;
  const [low, high] = ['negative', 'positive'].map((word) => node.int(`detect_${word}`, 1) === 1);
  const x = node.activation();
  const cut = clipping(low ? undefined : 0, high ? undefined : 0);
  return builder.anywhere(low && high ? x : builder.anywhere(x, cut), (name) =>
    arrays().map({ name, fn: 'isInfinite' }),
  );
}

/** Where: the second where the first is not 0, else the third. */
export function where(node: Node): Value {
  const values = [0, 1, 2].map((i) => node.input(i));
  const known = values.filter((value) => value instanceof Constant);
  if (known.length === 3) return combined(known, known[1].kind, (c, x, y) => (c !== 0 ? x : y));
  const computed = values.filter((value) => value instanceof Activation);
  const like = computed.reduce((a, b) => (b.rank > a.rank ? b : a));
  const all = values.map((value) => held(node.builder, value, like));
  const rank = Math.max(...all.map((x) => x.rank));
  const inputs = all.map((x) => ranked(x, rank));
  if (inputs.some((x) => x.hasBatch !== like.hasBatch)) throw new NeedsWhole();
  broadcastShape(...inputs.map(({ shape }) => shape));
  const order = orderOf(inputs[values.indexOf(like)]);
  const y = node.builder.apply(
    (name) => arrays().select({ name }),
    inputs.map((x) => inOrder(x, order)),
  );
  return fromOrder(y, order, like.hasBatch);
}
