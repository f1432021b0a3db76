// The entry 'wasmgrad/io': files of other formats.

export { type ReadOnnxOptions, readOnnx } from './onnx/read.js';
export { type ReadTfjsOptions, readTfjs } from './tfjs/read.js';
export type { TfjsArtifacts, TfjsFiles, TfjsSource } from './tfjs/source.js';
export { writeTfjs } from './tfjs/write/write.js';
