// Small ONNX files, made for a test.

import {
  type Attributes,
  type FileValueInfo,
  modelBytes,
} from '../../../src/io/onnx/writeproto.js';

/** A node: operator, inputs, output, attributes. */
export type NodeOf = readonly [
  op: string,
  inputs: string[],
  output: string,
  attributes?: Attributes,
];

/** What a file is made of; arrays of whole numbers are shapes and indices. */
export interface FileOf {
  readonly nodes: readonly NodeOf[];
  readonly inputs?: readonly FileValueInfo[];
  readonly outputs?: readonly FileValueInfo[];
  readonly arrays?: Readonly<Record<string, { dims: number[]; numbers: number[]; int?: true }>>;
  readonly opset?: number;
  readonly irVersion?: number;
}

/** The file's bytes: from `x` to `y` where nothing else is said. */
export function fileOf(file: FileOf): Uint8Array<ArrayBuffer> {
  const { nodes, arrays = {}, opset = 17, irVersion = 8 } = file;
  return modelBytes({
    irVersion,
    opset,
    version: '0',
    metadata: {},
    name: 'made',
    nodes: nodes.map(([op, inputs, output, attributes = {}]) => ({
      name: `the_${output}`,
      op,
      inputs,
      output,
      attributes,
    })),
    arrays: Object.entries(arrays).map(([name, { dims, numbers, int }]) => ({
      name,
      dims,
      type: int ? ('int64' as const) : ('float' as const),
      numbers: () => (int ? BigInt64Array.from(numbers, BigInt) : Float32Array.from(numbers)),
    })),
    inputs: file.inputs ?? [{ name: 'x', dims: ['batch', 3, 8, 8] }],
    outputs: file.outputs ?? [{ name: 'y', dims: [] }],
  });
}

/** Whole numbers as an array of the file. */
export const ints = (...numbers: number[]) => ({
  dims: [numbers.length],
  numbers,
  int: true as const,
});
