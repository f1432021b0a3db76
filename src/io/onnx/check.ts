// Whether an ONNX file can be read at all: its versions, and its operators, of which all that there are not are named at once.

import { FormatError } from '../../base/errors.js';
import { FOR_CONVOLUTIONS } from '../importing/fault.js';
import { attributesText, titleOf } from './node.js';
import { operators } from './operators/index.js';
import type { GraphProto, ModelProto, NodeProto } from './proto.js';

/** The operator sets that are read. */
const OPSETS = { from: 1, to: 21 } as const;

/** @throws {FormatError} for versions of the format or of its operators that are not read */
export function checkVersions({ irVersion, opsets }: ModelProto): void {
  const opset = opsets.get('');
  if (!(irVersion >= 3 && irVersion <= 12))
    throw new FormatError(`the file is of IR version ${irVersion}; 3 to 12 are read`);
  if (opset !== undefined && opset >= OPSETS.from && opset <= OPSETS.to) return;
  throw new FormatError(
    `the file uses operators of ${opset === undefined ? 'no version' : `version ${opset}`} (opset); ${OPSETS.from} to ${OPSETS.to} are read: export it again with opset_version=17`,
  );
}

/** What networks of other kinds consist of. */
const otherKinds =
  /^(LSTM|GRU|RNN|Attention|MultiHeadAttention|RotaryEmbedding|Einsum|Loop|Scan|Sequence.*|String.*|Tfidf.*)$/i;

/** @throws {FormatError} with all operators that there are not, each with its first node */
export function checkOperators(graph: GraphProto): void {
  const missing = new Map<string, { first: NodeProto; count: number }>();
  for (const node of graph.nodes) {
    if (node.domain === '' && Object.hasOwn(operators, node.op)) continue;
    const name = node.domain ? `${node.domain}.${node.op}` : node.op;
    const { first = node, count = 0 } = missing.get(name) ?? {};
    missing.set(name, { first, count: count + 1 });
  }
  if (missing.size === 0) return;
  const listed = [...missing.values()].map(({ first, count }) => {
    const reads = first.inputs.map((name) => name || 'none').join(', ');
    const more = count > 1 ? `, and ${count - 1} more` : '';
    return `${titleOf(first)} (it reads ${reads}${attributesText(first)})${more}`;
  });
  const kind = [...missing.keys()].some((name) => otherKinds.test(name))
    ? ` ${FOR_CONVOLUTIONS}`
    : '';
  throw new FormatError(
    `there are operators that it has not: ${listed.join('; ')}.${kind} It has ${Object.keys(operators).join(', ')}`,
  );
}
