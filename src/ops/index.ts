// Ops that run at once, each forward with its backward.
//
// Every op throws ShapeError where shapes do not fit, ValueError for options that make no sense and
// StateError for disposed tensors; its results are new tensors, the caller's to dispose.

export * from './activation.js';
export * from './batchnorm.js';
export * from './blurpool.js';
export * from './channelpool.js';
export * from './concat.js';
export * from './conv.js';
export * from './convolve.js';
export * from './convtranspose.js';
export * from './filters.js';
export * from './lrn.js';
export * from './matrix.js';
export * from './multiply.js';
export * from './pad.js';
export * from './pool.js';
export * from './upsample.js';
