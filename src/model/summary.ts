// What a network is made of, told before anything is allocated.

import type { Layer } from '../layers/layer.js';
import { type Shape, sizeOf } from '../shape.js';
import { layout } from './table.js';

/** A layer in numbers, all for one sample. */
export interface SummaryRow {
  readonly name: string;
  readonly type: string;
  readonly outputShape: Shape;
  readonly parameters: number;
  /** Multiplications with addition. */
  readonly multiplyAdds: number;
  /** Input pixels that one output sees, [height, width]. */
  readonly receptiveField: readonly [number, number];
  /** Bytes of the output. */
  readonly memory: number;
}

/** The rows of a chain of built layers. */
export function summarize(layers: readonly Layer[], inputShape: Shape): SummaryRow[] {
  let shape = inputShape;
  let field: [number, number] = [1, 1];
  let jump: [number, number] = [1, 1];
  return layers.map((layer) => {
    const outputShape = layer.shapeFor(shape);
    const { size, stride } = layer.window(shape);
    field = [field[0] + (size[0] - 1) * jump[0], field[1] + (size[1] - 1) * jump[1]];
    jump = [jump[0] * stride[0], jump[1] * stride[1]];
    // What is dense or flat sees all of what comes in; a signal is one line.
    const whole = shape.length > 1 && outputShape.length === 1;
    if (whole)
      field = inputShape.length === 3 ? [inputShape[0], inputShape[1]] : [1, inputShape[0]];
    const row: SummaryRow = {
      name: layer.name,
      type: layer.type,
      outputShape,
      parameters: layer.parameters.reduce((sum, { shape: own }) => sum + sizeOf(own), 0),
      multiplyAdds: layer.multiplyAdds(shape, outputShape),
      // Whole pixels: a field may end between them, and thirds do not quite add up.
      receptiveField: [Math.ceil(field[0] - 1e-6), Math.ceil(field[1] - 1e-6)],
      memory: sizeOf(outputShape) * 4,
    };
    shape = outputShape;
    return row;
  });
}

/** The rows as a table, with totals. */
export function table(title: string, rows: readonly SummaryRow[]): string {
  const header = ['layer', 'output shape', 'parameters', 'multiply-adds', 'sees', 'KiB'];
  const total = (of: (row: SummaryRow) => number): number =>
    rows.reduce((sum, row) => sum + of(row), 0);
  const number = (value: number): string => value.toLocaleString('en');
  const kib = (bytes: number): string => (bytes / 1024).toFixed(1);
  const lines = rows.map((row) => [
    row.name,
    row.outputShape.join(' × '),
    number(row.parameters),
    number(row.multiplyAdds),
    row.receptiveField.join(' × '),
    kib(row.memory),
  ]);
  const sums = [
    'total',
    '',
    number(total((r) => r.parameters)),
    number(total((r) => r.multiplyAdds)),
    '',
    kib(total((r) => r.memory)),
  ];
  return layout(title, [header, ...lines, sums], 2);
}
