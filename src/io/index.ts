// The entry 'wasmgrad/io': reads and writes models, files of tensors, and images.

import { foreign } from '../model/foreign.js';
import { assignFrom } from './weights.js';

foreign.assign = assignFrom;

export type { Framing } from '../image/frame.js';
export type { Drawable, ImageSource, PixelData } from '../image/imagesource.js';
export { type ReadImageOptions, readImage, writePng } from './images.js';
export { readNpy, writeNpy } from './npy.js';
export { readNpz, writeNpz } from './npz.js';
export type { ReadOptions } from './numbers.js';
export { type ReadOnnxOptions, readOnnx } from './onnx/read.js';
export { type WriteOnnxOptions, writeOnnx } from './onnx/write.js';
export { readSafetensors, safetensorsMetadata, writeSafetensors } from './safetensors.js';
export { type ReadTfjsOptions, readTfjs } from './tfjs/read.js';
export type { TfjsArtifacts, TfjsFiles, TfjsSource } from './tfjs/source.js';
export { writeTfjs } from './tfjs/write/write.js';
