// ONNX files as their messages say it: protocol buffers into plain objects, checked against the file's end. The schema is
// onnx/onnx.proto of the ONNX project; field numbers are from there. Bytes of tensors are not copied.

import { FormatError } from '../../base/errors.js';
import { shown } from '../../base/shown.js';
import { type Fields, Wire } from './wire.js';

/** TensorProto: an array of the file. */
export interface TensorProto {
  name: string;
  readonly dims: number[];
  /** A number of `DataType`. */
  dataType: number;
  readonly floats: number[];
  readonly ints: number[];
  readonly doubles: number[];
  raw: Uint8Array | undefined;
  /** Where the numbers are if they are not in this file: 'location', 'offset', 'length'. */
  readonly external: Map<string, string>;
  isExternal: boolean;
}

/** AttributeProto, whose value is in the field of its type. */
export interface AttributeProto {
  name: string;
  float: number;
  int: number;
  text: string;
  tensor: TensorProto | undefined;
  readonly floats: number[];
  readonly ints: number[];
  readonly texts: string[];
}

/** NodeProto: an operator and the names of what it reads and makes; '' for what is left out. */
export interface NodeProto {
  name: string;
  op: string;
  domain: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly attributes: Map<string, AttributeProto>;
}

/** A dimension: a number, or a name for one that is left open. */
export type FileDim = number | string;

/** ValueInfoProto: an input or output. */
export interface ValueInfo {
  name: string;
  /** A number of `DataType`; 0 for what is no tensor. */
  elemType: number;
  shape: FileDim[] | undefined;
}

/** GraphProto. */
export interface GraphProto {
  name: string;
  readonly nodes: NodeProto[];
  readonly initializers: TensorProto[];
  readonly inputs: ValueInfo[];
  readonly outputs: ValueInfo[];
}

/** ModelProto. */
export interface ModelProto {
  irVersion: number;
  /** Versions of operator sets, by domain; '' is ONNX's own. */
  readonly opsets: Map<string, number>;
  graph: GraphProto | undefined;
  readonly metadata: Map<string, string>;
}

/** TensorProto.DataType. */
export const DataType = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

/** The name of a data type, for messages. */
export const typeName = (type: number): string =>
  Object.entries(DataType).find(([, number]) => number === type)?.[0] ?? `type ${type}`;

/** StringStringEntryProto, and OperatorSetIdProto: a key with a value, put into a map. */
function entry<V>(wire: Wire, to: Map<string, V>, none: V, value: (wire: Wire) => V): void {
  const made = wire.message(
    { key: '', value: none },
    {
      1: (own, w) => {
        own.key = w.text();
      },
      2: (own, w) => {
        own.value = value(w);
      },
    },
  );
  to.set(made.key, made.value);
}

const textOf = (wire: Wire): string => wire.text();

const emptyTensor = (): TensorProto => ({
  ...{ name: '', dims: [], dataType: 0, floats: [], ints: [], doubles: [] },
  ...{ raw: undefined, external: new Map(), isExternal: false },
});

const tensor: Fields<TensorProto> = {
  1: ({ dims }, w) => w.ints(dims),
  2: (t, w) => {
    t.dataType = w.int();
  },
  4: ({ floats }, w) => w.floats(floats),
  5: ({ ints }, w) => w.ints(ints),
  7: ({ ints }, w) => w.ints(ints),
  8: (t, w) => {
    t.name = w.text();
  },
  9: (t, w) => {
    t.raw = w.bytes();
  },
  10: ({ doubles }, w) => w.doubles(doubles),
  11: ({ ints }, w) => w.ints(ints, false),
  13: ({ external }, w) => entry(w, external, '', textOf),
  14: (t, w) => {
    t.isExternal = w.int() === 1;
  },
};

const attribute: Fields<AttributeProto> = {
  1: (a, w) => {
    a.name = w.text();
  },
  2: (a, w) => {
    a.float = w.float();
  },
  3: (a, w) => {
    a.int = w.int();
  },
  4: (a, w) => {
    a.text = w.text();
  },
  5: (a, w) => {
    a.tensor = w.message(emptyTensor(), tensor);
  },
  // Graphs are for operators that there are not: messages name them.
  6: (a, w) => {
    w.bytes();
    a.text = 'a graph';
  },
  7: ({ floats }, w) => w.floats(floats),
  8: ({ ints }, w) => w.ints(ints),
  9: ({ texts }, w) => texts.push(w.text()),
};

/** An attribute of this name. */
export const attributeOf = (name: string, value: Partial<AttributeProto> = {}): AttributeProto => ({
  ...{ name, float: 0, int: 0, text: '', tensor: undefined, floats: [], ints: [], texts: [] },
  ...value,
});

const node: Fields<NodeProto> = {
  1: ({ inputs }, w) => inputs.push(w.text()),
  2: ({ outputs }, w) => outputs.push(w.text()),
  3: (n, w) => {
    n.name = w.text();
  },
  4: (n, w) => {
    n.op = w.text();
  },
  5: ({ attributes }, w) => {
    const made = w.message(attributeOf(''), attribute);
    attributes.set(made.name, made);
  },
  7: (n, w) => {
    n.domain = ownDomain(w.text());
  },
};

/** Dimension: '?' where neither number nor name is given. */
const dimension: Fields<{ is: FileDim }> = {
  1: (side, w) => {
    side.is = w.int();
  },
  2: (side, w) => {
    side.is = w.text() || '?';
  },
};

/** ValueInfoProto, TypeProto, its Tensor and TensorShapeProto, which lie in each other. */
const valueInfo: Fields<ValueInfo> = {
  1: (value, w) => {
    value.name = w.text();
  },
  2: (value, w) => w.message(value, { 1: (own, type) => type.message(own, tensorType) }),
};
const tensorType: Fields<ValueInfo> = {
  1: (value, w) => {
    value.elemType = w.int();
  },
  2: (value, w) => {
    value.shape = w.message<FileDim[]>([], {
      1: (shape, own) => shape.push(own.message({ is: '?' }, dimension).is),
    });
  },
};
const emptyValue = (): ValueInfo => ({ name: '', elemType: 0, shape: undefined });

const graph: Fields<GraphProto> = {
  1: ({ nodes }, w) => {
    const made = { name: '', op: '', domain: '', inputs: [], outputs: [], attributes: new Map() };
    nodes.push(w.message<NodeProto>(made, node));
  },
  2: (g, w) => {
    g.name = w.text();
  },
  5: ({ initializers }, w) => initializers.push(w.message(emptyTensor(), tensor)),
  11: ({ inputs }, w) => inputs.push(w.message(emptyValue(), valueInfo)),
  12: ({ outputs }, w) => outputs.push(w.message(emptyValue(), valueInfo)),
};

const model: Fields<ModelProto> = {
  1: (m, w) => {
    m.irVersion = w.int();
  },
  7: (m, w) => {
    const made = { name: '', nodes: [], initializers: [], inputs: [], outputs: [] };
    m.graph = w.message<GraphProto>(made, graph);
  },
  8: ({ opsets }, w) => entry(w, opsets, 0, (own) => own.int()),
  14: ({ metadata }, w) => entry(w, metadata, '', textOf),
};

/** ONNX's own operators, under either of its names. */
const ownDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

/**
 * Reads a file.
 *
 * @throws {FormatError} for anything but a complete ModelProto with a graph
 */
export function readModelProto(file: Uint8Array): ModelProto {
  const made = { irVersion: 0, opsets: new Map(), graph: undefined, metadata: new Map() };
  const read = new Wire(file).read<ModelProto>(made, model);
  // ONNX's own operators, under the other of its names.
  const own = read.opsets.get('ai.onnx');
  if (own !== undefined) read.opsets.set('', own);
  if (read.graph) return read;
  throw new FormatError(
    `not an ONNX file, or one without a graph: it begins with ${shown([...file.subarray(0, 8)])}`,
  );
}

/** Reads a file of one TensorProto, as the ONNX project's tests have them. @throws {FormatError} */
export const readTensorProto = (file: Uint8Array): TensorProto =>
  new Wire(file).read(emptyTensor(), tensor);
