// Ops that run at once, each forward with its backward.
//
// Every op throws ShapeError where shapes do not fit, ValueError for options that make no sense and
// StateError for disposed tensors; its results are new tensors, the caller's to dispose.

export * from './operators/activation/activation.op.js';
export * from './operators/conv/conv.op.js';
export * from './operators/conv/convolve.op.js';
export * from './operators/conv/filters.op.js';
export * from './operators/convtranspose/convtranspose.op.js';
export * from './operators/dense/matrix.op.js';
export * from './operators/merge/concat.op.js';
export * from './operators/merge/multiply.op.js';
export * from './operators/norm/batchnorm.op.js';
export * from './operators/norm/lrn.op.js';
export * from './operators/pool/blurpool.op.js';
export * from './operators/pool/channelpool.op.js';
export * from './operators/pool/pool.op.js';
export * from './operators/spatial/pad.op.js';
export * from './operators/spatial/upsample.op.js';
