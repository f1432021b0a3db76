// The entry 'wasmgrad/io': files of other formats.

export { type ReadOnnxOptions, readOnnx } from './onnx/read.js';
export { type WriteOnnxOptions, writeOnnx } from './onnx/write.js';
