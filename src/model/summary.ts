// `summary`: a table of a network's layers, their sizes and costs. Allocates nothing.

import { callableOrNull, checkOptions, whole } from '../base/options.js';
import { type Shape, sizeOf } from '../base/shape.js';
import { layout } from '../base/table.js';
import type { Graph } from '../network/graph.js';
import type { Layer, SymbolicTensor } from '../network/layer.js';
import { type MemoryNeed, memoryNeed } from './outline.js';
import type { Resources } from './resources.js';

/** A layer's sizes and costs, for one sample. */
export interface SummaryRow {
  readonly name: string;
  readonly type: string;
  readonly outputShape: Shape;
  /** How many numbers can be learned; 0 if the layer occurs again, with the same weights. */
  readonly parameters: number;
  /** How many numbers are kept but not learned, such as running statistics. */
  readonly statistics: number;
  /** Whether its parameters are learned: false for a frozen layer. */
  readonly trainable: boolean;
  /** Multiplications, each with an addition. */
  readonly multiplyAdds: number;
  /** The input pixels that one number of the output depends on, [height, width]. */
  readonly receptiveField: readonly [number, number];
  /** The output's bytes. */
  readonly memory: number;
}

type Two = readonly [number, number];

/**
 * In pixels of an input: what one number of a tensor sees, the distance of two neighbours' views, and the whole input.
 */
interface View {
  readonly field: Two;
  readonly jump: Two;
  readonly whole: Two;
}

/** The widest view, for branches that come together. */
const widest = (a: Two, b: Two): Two => [Math.max(a[0], b[0]), Math.max(a[1], b[1])];

function viewOf(node: SymbolicTensor, views: ReadonlyMap<SymbolicTensor, View>): View {
  const { layer, inputs, shape } = node;
  const below = inputs.map((x) => views.get(x) as View);
  const [field, jump, whole] = (['field', 'jump', 'whole'] as const).map((what) =>
    below.map((view) => view[what]).reduce(widest),
  );
  const { size, stride } = layer.window(inputs[0].shape);
  // Dense and flatten see the whole input.
  if (inputs[0].shape.length > 1 && shape.length === 1) return { field: whole, jump, whole };
  return {
    field: [field[0] + (size[0] - 1) * jump[0], field[1] + (size[1] - 1) * jump[1]],
    jump: [jump[0] * stride[0], jump[1] * stride[1]],
    whole,
  };
}

/** A row for each place of a layer in the graph. */
function rowsOf({ inputs, nodes }: Graph): SummaryRow[] {
  const views = new Map(
    inputs.map((x): [SymbolicTensor, View] => {
      // A signal is an image of one line.
      const [height, width] = x.shape.length === 3 ? x.shape : [1, x.shape[0]];
      return [x, { field: [1, 1], jump: [1, 1], whole: [height, width] }];
    }),
  );
  const seen = new Set<Layer>();
  return nodes.map((node): SummaryRow => {
    const { layer, shape } = node;
    const view = viewOf(node, views);
    views.set(node, view);
    const own = seen.has(layer) ? [] : layer.parameters;
    const numbers = (learned: boolean): number =>
      own
        .filter(({ trainable }) => trainable === learned)
        .reduce((sum, spec) => sum + sizeOf(spec.shape), 0);
    seen.add(layer);
    return {
      name: layer.name,
      type: layer.type,
      outputShape: shape,
      parameters: numbers(true),
      statistics: numbers(false),
      trainable: layer.trainable,
      multiplyAdds: layer.multiplyAdds(node.inputs[0].shape, shape),
      // Rounded up to whole pixels; 1e-6 allows for rounding errors of strides such as ⅓.
      receptiveField: [Math.ceil(view.field[0] - 1e-6), Math.ceil(view.field[1] - 1e-6)],
      memory: sizeOf(shape) * 4,
    };
  });
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** The rows as a table, with totals, and the memory for a batch. */
function table(title: string, rows: readonly SummaryRow[], need: MemoryNeed): string {
  const header = ['layer', 'output shape', 'parameters', 'multiply-adds', 'sees', 'KiB'];
  const total = (of: (row: SummaryRow) => number): number =>
    rows.reduce((sum, row) => sum + of(row), 0);
  const number = (value: number): string => value.toLocaleString('en');
  const kib = (bytes: number): string => (bytes / 1024).toFixed(1);
  const lines = rows.map((row) => [
    row.name,
    row.outputShape.join(' × '),
    `${row.trainable || row.parameters === 0 ? '' : 'frozen '}${number(row.parameters)}`,
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
  const { batchSize, parameters, training, inference } = need;
  const frozen = total((r) => (r.trainable ? 0 : r.parameters));
  const statistics = total((r) => r.statistics);
  return [
    layout(title, [header, ...lines, sums], 2),
    `parameters: ${number(total((r) => r.parameters) - frozen)} trainable, ${number(frozen)} frozen; ${number(statistics)} running statistics`,
    `memory for batches of ${batchSize}, parameters ${mib(parameters)} included:`,
    `  training ${mib(training.total)}: activations ${mib(training.activations)}, gradients ${mib(training.gradients)}, optimizer ${mib(training.optimizer)}`,
    `  inference ${mib(inference.total)}: activations ${mib(inference.activations)}, prepared weights ${mib(inference.prepared)}`,
  ].join('\n');
}

/** See `Model.summary`. */
export function summary(
  resources: Resources,
  options: { batchSize?: number; print?: ((text: string) => void) | null },
): SummaryRow[] {
  const words = { batchSize: whole(1), print: callableOrNull };
  const { print = console.log, batchSize = 32 } = checkOptions('summary', options, words);
  const { name, graph } = resources.network;
  const rows = rowsOf(graph);
  const inputs = graph.inputs.map(({ shape }) => shape.join(' × ')).join(', ');
  print?.(table(`${name}: input ${inputs}`, rows, memoryNeed(graph, batchSize, resources)));
  return rows;
}
