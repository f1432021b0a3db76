// Ops that run at once, each forward with its backward.
//
// Those of arrays of any rank, but for argMax and argMin, need kernels of their own: `await useArrays()` first. Their axes
// are those of the whole shape: ops know no batch.
//
// Every op throws ShapeError where shapes do not fit, ValueError for options that make no sense and
// StateError for disposed tensors; its results are new tensors, the caller's to dispose.

export { useArrays } from '../../bindings/usearrays.js';
export * from './activation/activation.op.js';
export * from './arrays/argument.op.js';
export * from './arrays/combine.op.js';
export * from './arrays/lookup.op.js';
export * from './arrays/map.op.js';
export * from './arrays/rearrange.op.js';
export * from './arrays/reduce.op.js';
export * from './arrays/resize.op.js';
export * from './arrays/select.op.js';
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
