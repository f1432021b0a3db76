// ONNX models of one node, written as the protocol buffers they are (onnx.proto3 of opset 17): a few
// fields of a few messages, which need no library.

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

/** A model y = op(x, w) whose weight w is a constant, as in every network that was trained before. */
export interface OneNode {
  op: 'Conv' | 'MatMul';
  attributes: Record<string, number | readonly number[]>;
  x: readonly number[];
  y: readonly number[];
  w: { shape: readonly number[]; data: Float32Array };
}

/** The model's file. */
export function onnxModel({ op, attributes, x, y, w }: OneNode): Uint8Array {
  const node = bytes(1, [
    bytes(1, 'x'),
    bytes(1, 'w'),
    bytes(2, 'y'),
    bytes(4, op),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  ]);
  const { buffer, byteOffset, byteLength } = w.data;
  const weight = bytes(5, [
    ...w.shape.map((side) => int(1, side)),
    int(2, FLOAT),
    bytes(8, 'w'),
    bytes(9, new Uint8Array(buffer, byteOffset, byteLength)),
  ]);
  const graph = [node, bytes(2, 'graph'), weight, tensorInfo(11, 'x', x), tensorInfo(12, 'y', y)];
  return joined([int(1, 8), bytes(8, [bytes(1, ''), int(2, 17)]), bytes(7, graph)]);
}
