// ONNX models, written as the protocol buffers they are (onnx.proto3 of opset 17): a few fields of a few
// messages, which need no library.

type Field = Uint8Array;

const utf8 = new TextEncoder();

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** A field that holds an integer. */
function int(number: number, value: number): Field {
  return Uint8Array.from([...varint(number * 8), ...varint(value)]);
}

/** A field that holds text, bytes or a message made of fields. */
function bytes(number: number, content: string | Uint8Array | Field[]): Field {
  const body =
    typeof content === 'string'
      ? utf8.encode(content)
      : Array.isArray(content)
        ? joined(content)
        : content;
  return joined([Uint8Array.from([...varint(number * 8 + 2), ...varint(body.length)]), body]);
}

function joined(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** TensorProto.DataType and AttributeProto.AttributeType, as far as they occur here. */
const FLOAT = 1;
const INT64 = 7;
const INT = 2;
const INTS = 7;

/** AttributeProto: an integer or a list of them. */
function attribute(name: string, value: number | readonly number[]): Field {
  const fields =
    typeof value === 'number'
      ? [int(3, value), int(20, INT)]
      : [...value.map((each) => int(8, each)), int(20, INTS)];
  return bytes(5, [bytes(1, name), ...fields]);
}

/** ValueInfoProto: a float tensor's name and shape. */
function tensorInfo(field: number, name: string, shape: readonly number[]): Field {
  const dimensions = shape.map((side) => bytes(1, [int(1, side)]));
  const type = bytes(2, [bytes(1, [int(1, FLOAT), bytes(2, dimensions)])]);
  return bytes(field, [bytes(1, name), type]);
}

/** NodeProto. */
export interface Node {
  op: string;
  inputs: readonly string[];
  output: string;
  attributes?: Record<string, number | readonly number[]>;
}

/** TensorProto: a constant, as weights are in every network that was trained before. */
export interface Constant {
  shape: readonly number[];
  data: Float32Array | BigInt64Array;
}

/** A model that makes y of x. */
export interface Graph {
  x: readonly number[];
  y: readonly number[];
  /** Each after those whose outputs it takes; they begin at 'x' and end at 'y'. */
  nodes: readonly Node[];
  /** By their names. */
  constants: Readonly<Record<string, Constant>>;
}

/** The model's file. */
export function onnxModel({ x, y, nodes, constants }: Graph): Uint8Array {
  const graph = [
    ...nodes.map(({ op, inputs, output, attributes = {} }) =>
      bytes(1, [
        ...inputs.map((input) => bytes(1, input)),
        bytes(2, output),
        bytes(4, op),
        ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      ]),
    ),
    bytes(2, 'graph'),
    ...Object.entries(constants).map(([name, { shape, data }]) =>
      bytes(5, [
        ...shape.map((side) => int(1, side)),
        int(2, data instanceof Float32Array ? FLOAT : INT64),
        bytes(8, name),
        bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
      ]),
    ),
    tensorInfo(11, 'x', x),
    tensorInfo(12, 'y', y),
  ];
  return joined([int(1, 8), bytes(8, [bytes(1, ''), int(2, 17)]), bytes(7, graph)]);
}
