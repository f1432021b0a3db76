// The entry 'wasmgrad/io': reads and writes models, files of tensors, and images.

export type { Framing } from '../image/frame.js';
export type { Drawable, ImageSource, PixelData } from '../image/imagesource.js';
export { type ReadImageOptions, readImage } from './images.js';
export { readNpy, writeNpy } from './npy.js';
export { readNpz, writeNpz } from './npz.js';
export { type ReadOnnxOptions, readOnnx } from './onnx/load.js';
export { type WriteOnnxOptions, writeOnnx } from './onnx/write.js';
export { writePng } from './png.js';
export type { ReadOptions } from './reading.js';
export { readSafetensors, safetensorsMetadata, writeSafetensors } from './safetensors.js';
export { type ReadTfjsOptions, readTfjs } from './tfjs/load.js';
export type { TfjsArtifacts, TfjsFiles, TfjsSource } from './tfjs/source.js';
export { writeTfjs } from './tfjs/write/write.js';
