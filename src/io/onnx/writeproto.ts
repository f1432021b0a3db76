// Writes ONNX files: the messages that proto.ts reads. Weights go straight to their places in the file, one after another,
// as a model may be as large as memory allows. The schema is onnx/onnx.proto of the ONNX project; field numbers are from
// there.

import { PbfWriter } from 'pbf';
import { DataType, type FileDim } from './proto.js';

/** The value of an attribute: whole numbers, text, a number that is no whole one, or an array of such. */
type Attribute =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | { readonly dims: readonly number[]; readonly floats: readonly number[] };

/** Attributes by their names. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** A NodeProto: '' is an input that is left out. */
export interface FileNode {
  name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  output: string;
  readonly attributes: Attributes;
}

/** A TensorProto. Its numbers are asked for when they are written. */
export interface FileArray {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: 'float' | 'int64';
  readonly numbers: () => Float32Array | BigInt64Array;
}

/** A ValueInfoProto: an input or output of floats. */
export interface FileValueInfo {
  readonly name: string;
  readonly dims: readonly FileDim[];
}

/** A ModelProto and its GraphProto. */
export interface FileModel {
  readonly irVersion: number;
  readonly opset: number;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly name: string;
  readonly nodes: readonly FileNode[];
  readonly arrays: readonly FileArray[];
  readonly inputs: readonly FileValueInfo[];
  readonly outputs: readonly FileValueInfo[];
}

/** AttributeProto.AttributeType. */
const AttributeType = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 } as const;

/** The wire type of what says its length. */
const WITH_LENGTH = 2;

const utf8 = new TextEncoder();

/** The bytes that `write` writes. */
function written(write: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter();
  write(pbf);
  return pbf.finish();
}

/** A message in a field. */
function message(pbf: PbfWriter, tag: number, write: () => void): void {
  pbf.writeMessage(tag, write, undefined);
}

/** Writes the tag and length of a field whose content comes from elsewhere. */
function beginning(pbf: PbfWriter, tag: number, length: number): void {
  pbf.writeTag(tag, WITH_LENGTH);
  pbf.writeVarint(length);
}

function writeAttribute(pbf: PbfWriter, name: string, value: Attribute): void {
  const type = (is: keyof typeof AttributeType) => pbf.writeVarintField(20, AttributeType[is]);
  pbf.writeStringField(1, name);
  if (typeof value === 'number') {
    pbf.writeVarintField(3, value);
    type('int');
  } else if (typeof value === 'string') {
    pbf.writeBytesField(4, utf8.encode(value));
    type('string');
  } else if ('float' in value) {
    pbf.writeFloatField(2, value.float);
    type('float');
  } else if ('floats' in value) {
    message(pbf, 5, () => {
      for (const side of value.dims) pbf.writeVarintField(1, side);
      pbf.writeVarintField(2, DataType.float);
      pbf.writePackedFloat(4, [...value.floats]);
    });
    type('tensor');
  } else {
    for (const each of value) pbf.writeVarintField(8, each);
    type('ints');
  }
}

function writeNode(pbf: PbfWriter, { name, op, inputs, output, attributes }: FileNode): void {
  for (const input of inputs) pbf.writeStringField(1, input);
  pbf.writeStringField(2, output);
  pbf.writeStringField(3, name);
  pbf.writeStringField(4, op);
  for (const [word, value] of Object.entries(attributes))
    message(pbf, 5, () => writeAttribute(pbf, word, value));
}

function writeValueInfo(pbf: PbfWriter, { name, dims }: FileValueInfo): void {
  const writeDim = (dim: FileDim): void => {
    if (typeof dim === 'number') pbf.writeVarintField(1, dim);
    else pbf.writeStringField(2, dim);
  };
  const writeShape = (): void => {
    for (const dim of dims) message(pbf, 1, () => writeDim(dim));
  };
  pbf.writeStringField(1, name);
  message(pbf, 2, () =>
    message(pbf, 1, () => {
      pbf.writeVarintField(1, DataType.float);
      message(pbf, 2, writeShape);
    }),
  );
}

/** How many bytes an array's numbers take. */
const bytesOf = ({ dims, type }: FileArray): number =>
  dims.reduce((product, side) => product * side, type === 'float' ? 4 : 8);

/** All of an array but its numbers, whose bytes come right after it, aligned where the head begins so. */
function headOf(array: FileArray): Uint8Array {
  const bytes = bytesOf(array);
  return aligned((filling) => {
    const tensor = written((pbf) => {
      for (const side of array.dims) pbf.writeVarintField(1, side);
      pbf.writeVarintField(2, DataType[array.type]);
      pbf.writeStringField(8, array.name);
      pbf.writeStringField(12, filling);
      beginning(pbf, 9, bytes);
    });
    return Uint8Array.of(...written((pbf) => beginning(pbf, 5, tensor.length + bytes)), ...tensor);
  });
}

/**
 * Bytes whose length is a multiple of four, by spaces in a text that says nothing (`doc_string`): so numbers lie aligned
 * in the file, and who reads them need not copy them first.
 */
function aligned(write: (filling: string) => Uint8Array): Uint8Array {
  let filling = '';
  let bytes = write(filling);
  while (bytes.length % 4 !== 0) {
    filling += ' ';
    bytes = write(filling);
  }
  return bytes;
}

/** The file. */
export function modelBytes(model: FileModel): Uint8Array<ArrayBuffer> {
  const heads = model.arrays.map(headOf);
  const graph = aligned((filling) =>
    written((pbf) => {
      for (const node of model.nodes) message(pbf, 1, () => writeNode(pbf, node));
      pbf.writeStringField(2, model.name);
      pbf.writeStringField(10, filling);
      for (const value of model.inputs) message(pbf, 11, () => writeValueInfo(pbf, value));
      for (const value of model.outputs) message(pbf, 12, () => writeValueInfo(pbf, value));
    }),
  );
  const length = model.arrays.reduce(
    (sum, array, i) => sum + heads[i].length + bytesOf(array),
    graph.length,
  );
  const head = aligned((filling) =>
    written((pbf) => {
      pbf.writeVarintField(1, model.irVersion);
      pbf.writeStringField(2, 'wasmgrad');
      pbf.writeStringField(3, model.version);
      pbf.writeStringField(6, filling);
      message(pbf, 8, () => pbf.writeVarintField(2, model.opset));
      for (const [key, value] of Object.entries(model.metadata))
        message(pbf, 14, () => {
          pbf.writeStringField(1, key);
          pbf.writeStringField(2, value);
        });
      beginning(pbf, 7, length);
    }),
  );
  const file = new Uint8Array(head.length + length);
  let at = 0;
  const add = (bytes: Uint8Array): void => {
    file.set(bytes, at);
    at += bytes.length;
  };
  add(head);
  add(graph);
  model.arrays.forEach((array, i) => {
    add(heads[i]);
    const { buffer, byteOffset, byteLength } = array.numbers();
    add(new Uint8Array(buffer, byteOffset, byteLength));
  });
  return file;
}
