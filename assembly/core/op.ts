// The op record: what one step of a program is, and the words its fields are declared with.
//
// Every op family declares its record beside its kernel as an @unmanaged class over `Op`.
// scripts/generate/kernels.ts reads those classes and the Opcode list below, and prints
// bindings/kernels.ts, the typed mirror that JavaScript writes records with.

/** A buffer the op reads. */
export type In = usize;
/** A buffer the op overwrites whole: what it held before does not matter. */
export type Out = usize;
/** A buffer the op reads and writes. */
export type InOut = usize;

/** Bytes from one record to the next: room for the header and 28 fields of 4 bytes. */
// @ts-ignore: decorator
@inline export const RECORD_BYTES: usize = 128;

/** What every record begins with. */
@unmanaged
export class Op {
  opcode: u32;
  /** How many independent pieces the work has: threads deal them out. Written by `prepare`. */
  tasks: i32;
  /** How many threads share it: 1 where there is too little to do. Told as 0 or 1, made a number by `prepare`. */
  shared: i32;
  /** Of how many parts of a piece tasks are, where pieces are too few for the threads. Written by `prepare`. */
  parts: i32;
}

/** One name per kernel, in the order of its number. The class of that name is its record. */
export const enum Opcode {
  Pack = 0,
  PackFilter,
  Gemm,
  Conv,
  ConvBackwardInput,
  ConvBackwardFilter,
  WinogradFilter,
  Winograd,
  WinogradBackwardFilter,
  Depthwise,
  DepthwiseBackwardFilter,
  SumPartials,
  ColumnSum,
  Im2col,
  Col2im,
  MaxPool,
  MaxPoolBackward,
  AveragePool,
  AveragePoolBackward,
  LpPool,
  LpPoolBackward,
  IdentityShortcut,
  IdentityShortcutBackward,
  NormStatistics,
  NormMerge,
  NormRunning,
  NormFold,
  NormFoldFilter,
  NormApply,
  NormBackwardSums,
  NormBackwardMerge,
  NormBackward,
  Unary,
  UnaryBackward,
  Add,
  Dropout,
  Softmax,
  SoftmaxBackward,
  SoftmaxCrossEntropy,
  ElementLoss,
  Mean,
  TopK,
  Sgd,
  Adam,
  Rmsprop,
  Adagrad,
  MovingAverage,
  SquareSum,
  ClipFactor,
  Clip,
  Argmax,
  Multiply,
  Gate,
  GateBackward,
  SpatialDropout,
  Rbf,
  RbfBackwardInput,
  RbfBackwardKernel,
  ChannelPool,
  ChannelPoolBackward,
  Binomial,
  Lrn,
  LrnBackward,
  Pad,
  PadBackward,
  Upsample,
  UpsampleBackward,
  Concat,
  Fingerprints,
}
