// ONNX files as their messages say it: protocol buffers into plain objects, checked against the file's end. The schema is
// onnx/onnx.proto of the ONNX project; field numbers are from there. Bytes of tensors are not copied.

import { PbfReader } from 'pbf';
import { FormatError } from '../../base/errors.js';
import { shown } from '../../base/shown.js';

/** TensorProto: an array of the file. */
export interface TensorProto {
  readonly name: string;
  readonly dims: number[];
  /** A number of `DataType`. */
  dataType: number;
  readonly floats: number[];
  readonly ints: number[];
  readonly doubles: number[];
  readonly texts: string[];
  raw: Uint8Array | undefined;
  /** Where the numbers are if they are not in this file: 'location', 'offset', 'length'. */
  readonly external: Map<string, string>;
  isExternal: boolean;
}

/** AttributeProto, whose value is in the field of its type. */
export interface AttributeProto {
  name: string;
  type: number;
  float: number;
  int: number;
  text: string;
  tensor: TensorProto | undefined;
  graph: GraphProto | undefined;
  floats: number[];
  ints: number[];
  texts: string[];
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
  producer: string;
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

/** Graphs inside graphs: what no exporter needs. */
const DEEPEST = 8;

/** Where reading is, for messages. */
interface Place {
  /** Where the message ends, in bytes of the file. */
  readonly end: number;
  readonly depth: number;
}

function fail(what: string, at: number): never {
  throw new FormatError(`not a sound ONNX file: ${what} at byte ${at}: is it cut off or damaged?`);
}

/** Reads the fields of a message that ends at `end`. Nothing may reach beyond. */
function fields<T>(
  pbf: PbfReader,
  place: Place,
  message: T,
  read: (tag: number, message: T, place: Place) => void,
): T {
  const { end } = place;
  let from = pbf.pos;
  try {
    // A field that nobody has read is skipped when the next one is looked for.
    for (let tag = pbf.nextField(end); tag !== 0; tag = pbf.nextField(end)) {
      if (pbf.pos > end) break;
      from = pbf.pos;
      read(tag, message, place);
      if (pbf.pos > end) break;
    }
  } catch (error) {
    if (error instanceof FormatError) throw error;
    // Reading beyond the buffer is a RangeError of its DataView; a number of more than ten bytes an Error.
    return fail('a field cannot be read', from);
  }
  return pbf.pos > end ? fail('a field reaches beyond its message', from) : message;
}

/** The place of the message that begins here. */
function inner(pbf: PbfReader, { end, depth }: Place): Place {
  const from = pbf.pos;
  if (pbf.type !== 2) fail('a message is expected', from);
  const length = pbf.readVarint();
  const own = { end: pbf.pos + length, depth };
  if (!(own.end <= end)) fail(`a message of ${length} bytes reaches beyond what holds it`, from);
  return own;
}

/** Bytes and texts, which must end where their message does. */
function bytes(pbf: PbfReader, place: Place): Uint8Array {
  const { end } = inner(pbf, place);
  const from = pbf.pos;
  pbf.pos = end;
  return pbf.buf.subarray(from, end) as Uint8Array;
}

const decoder = new TextDecoder('utf-8');
// A copy: browsers do not decode shared memory.
const text = (pbf: PbfReader, place: Place): string =>
  decoder.decode(new Uint8Array(bytes(pbf, place)));

/** Numbers, one or packed; checked beforehand against the message's end. */
function numbers(pbf: PbfReader, place: Place, read: () => void): void {
  if (pbf.type === 2) {
    const { end } = inner(pbf, place);
    while (pbf.pos < end) read();
  } else {
    read();
  }
}

function tensorOf(pbf: PbfReader, at: Place): TensorProto {
  const made = {
    name: '',
    dims: [] as number[],
    dataType: 0,
    floats: [] as number[],
    ints: [] as number[],
    doubles: [] as number[],
    texts: [] as string[],
    raw: undefined as Uint8Array | undefined,
    external: new Map<string, string>(),
    isExternal: false,
  };
  return fields(pbf, at, made, (tag, t, place) => {
    if (tag === 1) numbers(pbf, place, () => t.dims.push(pbf.readVarint(true)));
    else if (tag === 2) t.dataType = pbf.readVarint();
    else if (tag === 4) numbers(pbf, place, () => t.floats.push(pbf.readFloat()));
    else if (tag === 5 || tag === 7 || tag === 11)
      numbers(pbf, place, () => t.ints.push(pbf.readVarint(tag !== 11)));
    else if (tag === 6) t.texts.push(text(pbf, place));
    else if (tag === 8) t.name = text(pbf, place);
    else if (tag === 9) t.raw = bytes(pbf, place);
    else if (tag === 10) numbers(pbf, place, () => t.doubles.push(pbf.readDouble()));
    else if (tag === 13) {
      const [key, value] = entryOf(pbf, inner(pbf, place));
      t.external.set(key, value);
    } else if (tag === 14) t.isExternal = pbf.readVarint() === 1;
  });
}

function entryOf(pbf: PbfReader, at: Place): [key: string, value: string] {
  return fields(pbf, at, ['', ''] as [string, string], (tag, entry, place) => {
    if (tag === 1 || tag === 2) entry[tag - 1] = text(pbf, place);
  });
}

function attributeOf(pbf: PbfReader, at: Place): AttributeProto {
  const made: AttributeProto = {
    ...{ name: '', type: 0, float: 0, int: 0, text: '', tensor: undefined, graph: undefined },
    ...{ floats: [], ints: [], texts: [] },
  };
  return fields(pbf, at, made, (tag, a, place) => {
    if (tag === 1) a.name = text(pbf, place);
    else if (tag === 2) a.float = pbf.readFloat();
    else if (tag === 3) a.int = pbf.readVarint(true);
    else if (tag === 4) a.text = text(pbf, place);
    else if (tag === 5) a.tensor = tensorOf(pbf, inner(pbf, place));
    else if (tag === 6) a.graph = graphOf(pbf, inner(pbf, place));
    else if (tag === 7) numbers(pbf, place, () => a.floats.push(pbf.readFloat()));
    else if (tag === 8) numbers(pbf, place, () => a.ints.push(pbf.readVarint(true)));
    else if (tag === 9) a.texts.push(text(pbf, place));
    else if (tag === 20) a.type = pbf.readVarint();
  });
}

function nodeOf(pbf: PbfReader, at: Place): NodeProto {
  const made: NodeProto = {
    ...{ name: '', op: '', domain: '', inputs: [], outputs: [], attributes: new Map() },
  };
  return fields(pbf, at, made, (tag, node, place) => {
    if (tag === 1) node.inputs.push(text(pbf, place));
    else if (tag === 2) node.outputs.push(text(pbf, place));
    else if (tag === 3) node.name = text(pbf, place);
    else if (tag === 4) node.op = text(pbf, place);
    else if (tag === 5) {
      const attribute = attributeOf(pbf, inner(pbf, place));
      node.attributes.set(attribute.name, attribute);
    } else if (tag === 7) node.domain = text(pbf, place);
  });
}

/** ValueInfoProto, whose type is of several messages inside each other. */
function valueInfoOf(pbf: PbfReader, at: Place): ValueInfo {
  const made: ValueInfo = { name: '', elemType: 0, shape: undefined };
  return fields(pbf, at, made, (tag, value, place) => {
    if (tag === 1) value.name = text(pbf, place);
    else if (tag === 2)
      fields(pbf, inner(pbf, place), value, (kind, _, type) => {
        if (kind === 1)
          fields(pbf, inner(pbf, type), value, (part, _, tensor) => {
            if (part === 1) value.elemType = pbf.readVarint();
            else if (part === 2) value.shape = shapeOf(pbf, inner(pbf, tensor));
          });
      });
  });
}

function shapeOf(pbf: PbfReader, at: Place): FileDim[] {
  return fields(pbf, at, [] as FileDim[], (tag, shape, place) => {
    if (tag !== 1) return;
    const dim = fields(pbf, inner(pbf, place), { is: '?' as FileDim }, (part, side, own) => {
      if (part === 1) side.is = pbf.readVarint(true);
      else if (part === 2) side.is = text(pbf, own) || '?';
    });
    shape.push(dim.is);
  });
}

function graphOf(pbf: PbfReader, { end, depth }: Place): GraphProto {
  if (depth >= DEEPEST) fail(`graphs lie in each other, more than ${DEEPEST} deep,`, pbf.pos);
  const made: GraphProto = { name: '', nodes: [], initializers: [], inputs: [], outputs: [] };
  return fields(pbf, { end, depth: depth + 1 }, made, (tag, graph, place) => {
    if (tag === 1) graph.nodes.push(nodeOf(pbf, inner(pbf, place)));
    else if (tag === 2) graph.name = text(pbf, place);
    else if (tag === 5) graph.initializers.push(tensorOf(pbf, inner(pbf, place)));
    else if (tag === 11) graph.inputs.push(valueInfoOf(pbf, inner(pbf, place)));
    else if (tag === 12) graph.outputs.push(valueInfoOf(pbf, inner(pbf, place)));
  });
}

function opsetOf(pbf: PbfReader, at: Place): { domain: string; version: number } {
  return fields(pbf, at, { domain: '', version: 0 }, (tag, opset, place) => {
    if (tag === 1) opset.domain = text(pbf, place);
    else if (tag === 2) opset.version = pbf.readVarint(true);
  });
}

/** ONNX's own operators, under either of its names. */
const ownDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

/**
 * Reads a file.
 *
 * @throws {FormatError} for anything but a complete ModelProto with a graph
 */
export function readModelProto(file: Uint8Array): ModelProto {
  const pbf = new PbfReader(file);
  const made: ModelProto = {
    ...{ irVersion: 0, producer: '', opsets: new Map(), graph: undefined, metadata: new Map() },
  };
  const model = fields(pbf, { end: file.length, depth: 0 }, made, (tag, model, place) => {
    if (tag === 1) model.irVersion = pbf.readVarint(true);
    else if (tag === 2) model.producer = text(pbf, place);
    else if (tag === 7) model.graph = graphOf(pbf, inner(pbf, place));
    else if (tag === 8) {
      const { domain, version } = opsetOf(pbf, inner(pbf, place));
      model.opsets.set(ownDomain(domain), version);
    } else if (tag === 14) {
      const [key, value] = entryOf(pbf, inner(pbf, place));
      model.metadata.set(key, value);
    }
  });
  if (!model.graph) {
    throw new FormatError(
      `not an ONNX file, or one without a graph: it begins with ${shown([...file.subarray(0, 8)])}`,
    );
  }
  for (const node of model.graph.nodes) node.domain = ownDomain(node.domain);
  return model;
}

/** Reads a file of one TensorProto, as the ONNX project's tests have them. @throws {FormatError} */
export const readTensorProto = (file: Uint8Array): TensorProto =>
  tensorOf(new PbfReader(file), { end: file.length, depth: 0 });
