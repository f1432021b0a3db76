// The operators of TensorFlow that can be read: their translations by name.

import { isBatch } from '../../importing/builder.js';
import { scalar } from '../../importing/constants.js';
import {
  Activation,
  type BatchSide,
  Constant,
  type Side,
  type Value,
} from '../../importing/value.js';
import { DataType } from '../../onnx/proto.js';
import { asScalar, channelsFirst, channelsLast, permuted, row, type TfNode } from './node.js';
import * as windows from './windows.js';

/** Makes layers of a node; several outputs are a list. */
type Operator = (node: TfNode) => Value | readonly Value[];

/** Beyond every side: ONNX's word for the end of an axis. */
const END = 2 ** 31 - 1;

/** Operators that ONNX has too, with the same inputs: their names there. */
const alike: Readonly<Record<string, string>> = {
  ...{ Add: 'Add', AddV2: 'Add', AddN: 'Sum', Sub: 'Sub', Mul: 'Mul', RealDiv: 'Div', Div: 'Div' },
  ...{ Maximum: 'Max', Minimum: 'Min', Pow: 'Pow', Prelu: 'PRelu' },
  ...{ Exp: 'Exp', Log: 'Log', Sqrt: 'Sqrt', Neg: 'Neg', Abs: 'Abs', Reciprocal: 'Reciprocal' },
  ...{ Inv: 'Reciprocal', Floor: 'Floor', Ceil: 'Ceil', Sign: 'Sign', Sin: 'Sin', Cos: 'Cos' },
  ...{ Erf: 'Erf', Selu: 'Selu', Softplus: 'Softplus', Softsign: 'Softsign', Softmax: 'Softmax' },
  ...{ LogSoftmax: 'LogSoftmax', ClipByValue: 'Clip', Shape: 'Shape', Size: 'Size', Tile: 'Tile' },
  ...{ Range: 'Range', BroadcastTo: 'Expand', Select: 'Where', SelectV2: 'Where', Equal: 'Equal' },
  ...{ Less: 'Less', Greater: 'Greater', LessEqual: 'LessOrEqual', LogicalNot: 'Not' },
  ...{ GreaterEqual: 'GreaterOrEqual', LogicalAnd: 'And', LogicalOr: 'Or', NotEqual: 'Xor' },
  ...{ Tan: 'Tan', Asin: 'Asin', Acos: 'Acos', Atan: 'Atan', Sinh: 'Sinh', Cosh: 'Cosh' },
  ...{ Asinh: 'Asinh', Acosh: 'Acosh', Atanh: 'Atanh', IsNan: 'IsNaN', IsInf: 'IsInf' },
};

/** Sums and the like along axes, which are the second input. */
const reductions: Readonly<Record<string, string>> = {
  ...{ Sum: 'ReduceSum', Mean: 'ReduceMean', Max: 'ReduceMax', Min: 'ReduceMin' },
  Prod: 'ReduceProd',
};

/** An axis counted from 0. */
const axisOf = (value: number, rank: number): number => (value < 0 ? value + rank : value);

function reduced(node: TfNode, op: string): Value {
  const x = node.input(0);
  const rank = x.shape.length;
  const axes = node.integers(1).map((axis) => axisOf(axis, rank));
  if (axes.length === 0) return x;
  const keepdims = Number(node.attributes.flag('keep_dims'));
  // The mean or maximum of all pixels has a layer of its own.
  const isImage = x instanceof Activation && rank === 4 && axes.length === 2;
  if (!isImage || !axes.every((axis) => axis === 1 || axis === 2))
    return node.onnx(op, [x, row(axes)], { keepdims });
  const y = node.onnx(op, [channelsFirst(x), row([2, 3])], { keepdims });
  return keepdims ? channelsLast(y) : y;
}

/** The parts of a value along an axis. */
function parts(node: TfNode, x: Value, axis: number, sizes: readonly number[]): readonly Value[] {
  return node.onnxAll('Split', [x, row(sizes)], { axis }, sizes.length);
}

function split(node: TfNode): readonly Value[] {
  const x = node.input(1);
  const [given] = node.integers(0);
  const axis = axisOf(given, x.shape.length);
  const count = node.attributes.int('num_split', 1);
  const size = x.shape[axis] / count;
  if (!Number.isInteger(size)) node.fail(`it splits an axis of ${x.shape[axis]} in ${count}`);
  return parts(node, x, axis, new Array(count).fill(size));
}

function splitV(node: TfNode): readonly Value[] {
  const x = node.input(0);
  const axis = axisOf(node.integers(2)[0], x.shape.length);
  const sizes = node.integers(1);
  const known = sizes.reduce((sum, size) => sum + Math.max(0, size), 0);
  const all = sizes.map((size) => (size < 0 ? x.shape[axis] - known : size));
  return parts(node, x, axis, all);
}

function unpack(node: TfNode): readonly Value[] {
  const x = node.input(0);
  const axis = axisOf(node.attributes.int('axis'), x.shape.length);
  const sizes = new Array(x.shape[axis]).fill(1);
  return parts(node, x, axis, sizes).map((part) => node.onnx('Squeeze', [part], { axes: [axis] }));
}

function pack(node: TfNode): Value {
  const axis = axisOf(node.attributes.int('axis'), node.input(0).shape.length + 1);
  const rows = node.inputs.map((value) => node.onnx('Unsqueeze', [value], { axes: [axis] }));
  return node.onnx('Concat', rows, { axis });
}

function concat(node: TfNode, at: number): Value {
  const [given] = node.integers(at);
  const values = at === 0 ? node.inputs.slice(1) : node.inputs.slice(0, -1);
  return node.onnx('Concat', values, { axis: axisOf(given, values[0]?.shape.length ?? 0) });
}

function slice(node: TfNode): Value {
  const x = node.input(0);
  const begin = node.constant(1).data as readonly Side[];
  const size = node.constant(2).data as readonly Side[];
  const starts = Array.from(begin, (side) => (typeof side === 'number' ? side : 0));
  // All of the batch, or what is left of an axis.
  const ends = Array.from(size, (side, i) =>
    typeof side === 'number' && side >= 0 && !coversBatch(node, x, i, starts[i], side)
      ? starts[i] + side
      : END,
  );
  return node.onnx('Slice', [x, row(starts), row(ends)]);
}

/** Whether a slice takes all of the batch, by the size that the file has. */
const coversBatch = (node: TfNode, x: Value, axis: number, start: number, end: number): boolean =>
  x instanceof Activation && isBatch(x.axes[axis]) && start === 0 && end === node.builder.fileBatch;

/** Slices with steps, whose bits say which numbers do not count, and which axes go or come. */
function stridedSlice(node: TfNode): Value {
  const x = node.input(0);
  const [begin, end, steps] = [1, 2, 3].map((i) => node.integers(i));
  const bit = (name: string, i: number): boolean =>
    ((node.attributes.int(`${name}_mask`) >> i) & 1) === 1;
  const isGap = (i: number): boolean => bit('ellipsis', i);
  const isNew = (i: number): boolean => bit('new_axis', i);
  const count = [...begin.keys()].filter((i) => !isGap(i) && !isNew(i)).length;
  const own: { i: number; axis: number }[] = [];
  const added: number[] = [];
  let [axis, place] = [0, 0];
  for (const i of begin.keys()) {
    // An ellipsis stands for all axes that nothing is said of.
    const step = isGap(i) ? x.shape.length - count : Number(!isNew(i));
    if (!isGap(i) && isNew(i)) added.push(place++);
    else if (!isGap(i)) own.push({ i, axis });
    axis += step;
    if (isGap(i) || !bit('shrink_axis', i)) place += step;
  }
  const shrinks = own.filter(({ i }) => bit('shrink_axis', i));
  const starts = own.map(({ i }) =>
    bit('begin', i) && !bit('shrink_axis', i) ? (steps[i] > 0 ? 0 : END) : begin[i],
  );
  const ends = own.map((one, k) => {
    const { i } = one;
    if (bit('shrink_axis', i)) return begin[i] === -1 ? END : begin[i] + 1;
    const covers = coversBatch(node, x, one.axis, starts[k], end[i]);
    if (bit('end', i) || covers) return steps[i] > 0 ? END : -END;
    return end[i];
  });
  const axes = own.map((one) => one.axis);
  const strides = own.map(({ i }) => (bit('shrink_axis', i) ? 1 : steps[i]));
  let y = node.onnx('Slice', [x, row(starts), row(ends), row(axes), row(strides)]);
  if (shrinks.length > 0) y = node.onnx('Squeeze', [y], { axes: shrinks.map((one) => one.axis) });
  return added.length > 0 ? node.onnx('Unsqueeze', [y], { axes: added }) : y;
}

function pad(node: TfNode, mode: string): Value {
  const flat = node.integers(1);
  const pads = [0, 1].flatMap((side) => flat.filter((_, i) => i % 2 === side));
  const value = node.op === 'PadV2' ? node.input(2) : undefined;
  return node.onnx('Pad', [node.input(0), undefined, value], { pads, mode });
}

/** MirrorPad. SYMMETRIC repeats the outermost pixels, which ONNX has not: rows are joined from both ends. */
function mirrorPad(node: TfNode): Value {
  if (node.attributes.text('mode', 'REFLECT') === 'REFLECT') return pad(node, 'reflect');
  const sides = node.integers(1);
  let y = node.input(0);
  for (let axis = 0; 2 * axis < sides.length; axis++) {
    const [before, after] = [sides[2 * axis], sides[2 * axis + 1]];
    const turned = (from: number, to: number): Value =>
      node.onnx('Slice', [y, row([from]), row([to]), row([axis]), row([-1])]);
    const parts = [
      ...(before > 0 ? [turned(before - 1, -END)] : []),
      y,
      ...(after > 0 ? [turned(-1, -1 - after)] : []),
    ];
    if (parts.length > 1) y = node.onnx('Concat', parts, { axis });
  }
  return y;
}

/** Rounded down: of whole numbers, ONNX's quotients are. */
function floorDiv(node: TfNode): Value {
  const y = node.onnx('Div', node.inputs);
  return y instanceof Constant && y.kind === 'int' ? y : node.onnx('Floor', [y]);
}

function batchMatMul(node: TfNode): Value {
  const { attributes } = node;
  const [a, b] = [0, 1].map((i) => {
    const x = node.input(i);
    const rank = x.shape.length;
    const isTurned = attributes.flag(i === 0 ? 'adj_x' : 'adj_y');
    if (!isTurned || rank < 2) return x;
    return permuted(x, [...[...x.shape.keys()].slice(0, -2), rank - 1, rank - 2]);
  });
  return node.onnx('MatMul', [a, b]);
}

/** Numbers of any type are floats once layers compute with them. */
function cast(node: TfNode): Value {
  const type = String(node.attributes.type('DstT') ?? 'DT_FLOAT');
  const types: Readonly<Record<string, number>> = {
    ...{ DT_FLOAT: DataType.float, 1: DataType.float, DT_HALF: DataType.float },
    ...{ DT_INT32: DataType.int32, 3: DataType.int32, DT_INT64: DataType.int64 },
    ...{ 9: DataType.int64, DT_BOOL: DataType.bool, 10: DataType.bool },
  };
  return node.onnx('Cast', [node.input(0)], {
    to: types[type] ?? node.fail(`it makes ${type}`),
  });
}

function cumSum(node: TfNode): Value {
  const words = ['exclusive', 'reverse'];
  const flags = words.map((word) => [word, Number(node.attributes.flag(word))] as const);
  return node.onnx('CumSum', node.inputs, Object.fromEntries(flags));
}

/** Numbers in axes of one number less: those that are named, or all. */
function squeeze(node: TfNode): Value {
  const axes = node.attributes.ints('squeeze_dims') ?? node.attributes.ints('axis') ?? [];
  return node.onnx('Squeeze', [node.input(0)], axes.length > 0 ? { axes } : {});
}

const argExtreme = (op: string) => (node: TfNode) =>
  node.onnx(op, [node.input(0)], { axis: node.integers(1)[0], keepdims: 0 });

/** A power of what the node reads. */
const power = (exponent: number) => (node: TfNode) =>
  node.onnx('Pow', [node.input(0), scalar(exponent, 'float')]);

const entries = (
  names: Readonly<Record<string, string>>,
  translate: (node: TfNode, op: string) => Value,
): Record<string, Operator> =>
  Object.fromEntries(
    Object.entries(names).map(([name, op]): [string, Operator] => [
      name,
      (node) => translate(node, op),
    ]),
  );

/** Each under its own name, that of TF.js's optimizer and that of TensorFlow's. */
const withFused = (name: string, operator: Operator): Record<string, Operator> => ({
  [name]: operator,
  [`Fused${name}`]: operator,
  [`_Fused${name}`]: operator,
});

/** Translations by the names of TensorFlow's operators. */
export const operators: Readonly<Record<string, Operator>> = {
  ...entries(alike, (node, op) => node.onnx(op, node.inputs)),
  ...entries(reductions, reduced),
  ...Object.fromEntries(
    Object.entries(windows.activations).map(([name, apply]): [string, Operator] => [
      name,
      (node) => apply(node, node.input(0)),
    ]),
  ),
  ...withFused('Conv2D', windows.conv),
  ...withFused('DepthwiseConv2dNative', windows.depthwiseConv),
  ...withFused('MatMul', windows.matMul),
  Conv3D: windows.conv,
  Conv2DBackpropInput: windows.convTranspose,
  BiasAdd: windows.biasAdd,
  FusedBatchNorm: windows.batchNorm,
  FusedBatchNormV2: windows.batchNorm,
  FusedBatchNormV3: windows.batchNorm,
  LRN: windows.lrn,
  MaxPool: (node) => windows.pool(node, 'MaxPool'),
  MaxPool3D: (node) => windows.pool(node, 'MaxPool'),
  AvgPool: (node) => windows.pool(node, 'AveragePool'),
  AvgPool3D: (node) => windows.pool(node, 'AveragePool'),
  ResizeBilinear: (node) => windows.resize(node, 'linear'),
  ResizeNearestNeighbor: (node) => windows.resize(node, 'nearest'),
  Rsqrt: power(-0.5),
  Square: power(2),
  SquaredDifference: (node) =>
    node.onnx('Pow', [node.onnx('Sub', node.inputs), scalar(2, 'float')]),
  FloorDiv: floorDiv,
  BatchMatMul: batchMatMul,
  BatchMatMulV2: batchMatMul,
  ConcatV2: (node) => concat(node, node.inputs.length - 1),
  Concat: (node) => concat(node, 0),
  Split: split,
  SplitV: splitV,
  Pack: pack,
  Unpack: unpack,
  Slice: slice,
  StridedSlice: stridedSlice,
  Reshape: (node) => node.onnx('Reshape', node.inputs.slice(0, 2), { allowzero: 1 }),
  Squeeze: squeeze,
  ExpandDims: (node) => node.onnx('Unsqueeze', [node.input(0)], { axes: node.integers(1) }),
  Transpose: (node) => node.onnx('Transpose', [node.input(0)], { perm: node.integers(1) }),
  Pad: (node) => pad(node, 'constant'),
  PadV2: (node) => pad(node, 'constant'),
  MirrorPad: mirrorPad,
  ArgMax: argExtreme('ArgMax'),
  ArgMin: argExtreme('ArgMin'),
  Cast: cast,
  Cumsum: cumSum,
  Rank: (node) => scalar(node.input(0).shape.length),
  Fill: (node) => node.onnx('Expand', [node.constant(1), node.constant(0)]),
  GatherV2(node) {
    if (node.attributes.int('batch_dims') !== 0) node.fail('its batch_dims are not 0');
    const axis = asScalar(node.constant(2)).data[0] as Exclude<Side, BatchSide>;
    return node.onnx('Gather', node.inputs.slice(0, 2), { axis });
  },
  DepthToSpace: (node) => blocks(node, 'DepthToSpace'),
  SpaceToDepth: (node) => blocks(node, 'SpaceToDepth'),
};

function blocks(node: TfNode, op: string): Value {
  const isFirst = windows.isChannelsFirst(node);
  const x = isFirst ? node.input(0) : channelsFirst(node.input(0));
  const y = node.onnx(op, [x], { blocksize: node.attributes.int('block_size', 2) });
  return isFirst ? y : channelsLast(y);
}
