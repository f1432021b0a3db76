// Ops that run at once, each forward with its backward.
//
// Every op throws ShapeError where shapes do not fit, ValueError for options that make no sense and
// StateError for disposed tensors; its results are new tensors, the caller's to dispose.

export * from './activation/activation.op.js';
export * from './conv/conv.op.js';
export * from './conv/convolve.op.js';
export * from './conv/filters.op.js';
export * from './convtranspose/convtranspose.op.js';
export * from './dense/matrix.op.js';
export * from './loss/rank.op.js';
export * from './merge/concat.op.js';
export * from './merge/multiply.op.js';
export * from './norm/batchnorm.op.js';
export * from './norm/lrn.op.js';
export * from './pool/blurpool.op.js';
export * from './pool/channelpool.op.js';
export * from './pool/pool.op.js';
export * from './spatial/pad.op.js';
export * from './spatial/upsample.op.js';
