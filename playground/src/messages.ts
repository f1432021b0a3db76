// What the page and its workers say to each other: calls with their answers, and events while a network trains.

import type { BackendInfo, InitOptions } from 'wasmgrad/core';
import type { DatasetName } from './datasets.js';
import type { Changes, ExplainRequest, Explanation, Stage } from './inside.js';
import type { LayerSpec } from './networks.js';

/** A layer as it came out of the library. */
export interface Row {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly parameters: number;
}

/** What the library says of a list of layers: their rows, or its error and the layer that does not fit. */
export type Description =
  | { readonly rows: readonly Row[] }
  | { readonly error: string; readonly at: number };

/** A network from a file: its layers, where the editor knows them all. */
export interface LoadedNetwork {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly layers: readonly LayerSpec[] | undefined;
}

export interface TrainingOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimizer: 'sgd' | 'adam';
}

/** A test image that was taken for another class. */
export interface Mistake {
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly label: number;
  readonly predicted: number;
  readonly probability: number;
}

export interface TestResult {
  readonly matrix: readonly (readonly number[])[];
  readonly accuracy: number;
  readonly wrong: number;
  /** The surest ones. */
  readonly mistakes: readonly Mistake[];
}

/** A filter of the library; none for what is not laid on the image as it is. */
export interface NamedFilter {
  readonly name: string;
  readonly rows: readonly (readonly number[])[] | undefined;
}

export interface ImageRequest {
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  /** The filter, or none for the magnitude of Sobel's slopes. */
  readonly rows: readonly (readonly number[])[] | undefined;
  /** Whether the result is divided by the filter's sum, or shown as magnitudes where that is 0. */
  readonly normalize: boolean;
}

export interface SpeedRequest {
  readonly layers: readonly LayerSpec[];
  readonly dataset: DatasetName;
  readonly batchSize: number;
  readonly algorithm: 'auto' | 'direct';
}

/** Some of the test images. */
interface Part {
  readonly first: number;
  readonly count: number;
}

export interface Samples {
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly labels: readonly number[];
}

/** Which reasons are wanted: of the class that the network says, if no other one is given. */
export interface ReasonsRequest {
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly method: 'gradient' | 'smoothGrad' | 'guided' | 'integratedGradients' | 'occlusion';
  readonly target: number | undefined;
}

/** Where an image speaks for a class: each as large as the image. No heat of a network without maps. */
export interface Reasons {
  readonly saliency: Float32Array<ArrayBuffer>;
  readonly heat: Float32Array<ArrayBuffer> | undefined;
}

export interface PatchRequest {
  readonly layer: string;
  readonly unit: number;
}

/** Parts of images that a map answers to, the strongest first, as RGBA pixels. */
export type Patches = readonly {
  readonly label: number;
  readonly value: number;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}[];

/** The network that is taught on: the page's own, or files of another one by their names. */
export type TeachBase =
  | { readonly bytes: ArrayBuffer; readonly dataset: DatasetName }
  | { readonly files: Files };

/** What a network that is taught on reads, and how many numbers describe an image to it. */
export interface Taught {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly numbers: number;
}

/** The examples of each class, by their ids. */
export type TaughtClasses = readonly (readonly number[])[];

/** What is saved: with the names of the classes. */
export interface TaughtFile {
  readonly classes: readonly string[];
  readonly format: 'safetensors' | 'onnx';
}

/** An image as RGBA pixels of the size that the network reads. */
export interface Example {
  readonly id: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** Files by their names. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** A model's bytes, and how long the network has been trained. */
interface SavedModel {
  readonly bytes: ArrayBuffer;
  readonly steps: number;
  readonly epochs: number;
}

/** What a worker can be asked: what it is given, and what it answers. */
export interface Calls {
  init: { given: InitOptions; got: BackendInfo };
  loadData: { given: DatasetName; got: { train: number; test: number } };
  describe: { given: readonly LayerSpec[]; got: Description };
  /** A new network, untrained. */
  make: { given: { layers: readonly LayerSpec[]; name: string }; got: readonly Row[] };
  /** Answers when the training has ended. */
  train: { given: TrainingOptions; got: 'done' | 'stopped' };
  /** Answers a pause when the training rests, or has ended. */
  pause: { given: boolean; got: undefined };
  /** The learning rate of the training that is under way, from the next step on. */
  setLearningRate: { given: number; got: undefined };
  /** What training has done to the weights so far. */
  changes: { given: undefined; got: Changes };
  /** What each layer makes of an image. */
  activations: { given: Uint8Array<ArrayBuffer>; got: readonly Stage[] };
  /** How a pixel of a map came about. */
  explain: { given: ExplainRequest; got: Explanation };
  reasons: { given: ReasonsRequest; got: Reasons };
  patches: { given: PatchRequest; got: Patches };
  /** Lays the first test images out in the plane, by the last layer before the scores; the event tells how they lie. */
  plane: { given: { readonly count: number }; got: undefined };
  predict: { given: Uint8Array<ArrayBuffer>; got: Float32Array<ArrayBuffer> };
  /** Test images, one after the other, and their classes. */
  samples: { given: Part; got: Samples };
  /** Probabilities of the classes for each of these test images. */
  judge: { given: Part; got: Float32Array<ArrayBuffer> };
  /** The pixels of a test image, and its class. */
  testImage: { given: number; got: { pixels: Uint8Array<ArrayBuffer>; label: number } };
  test: { given: undefined; got: TestResult };
  save: { given: undefined; got: Uint8Array<ArrayBuffer> };
  saveOnnx: { given: undefined; got: Uint8Array<ArrayBuffer> };
  load: { given: SavedModel; got: LoadedNetwork };
  /** A model of any kind that the library reads. */
  loadFiles: { given: Files; got: LoadedNetwork };
  imageFilters: { given: undefined; got: readonly NamedFilter[] };
  filterImage: { given: ImageRequest; got: Uint8ClampedArray<ArrayBuffer> };
  teachBase: { given: TeachBase; got: Taught };
  teachAdd: { given: Example; got: undefined };
  teachDrop: { given: number; got: undefined };
  /** Learns the classes. Answers the share of their examples that it has right. */
  teach: { given: TaughtClasses; got: number };
  /** Probabilities of the taught classes. */
  teachSay: { given: Uint8ClampedArray<ArrayBuffer>; got: readonly number[] };
  /** Base and head as one model. */
  teachSave: { given: TaughtFile; got: Uint8Array<ArrayBuffer> };
  teachLoad: { given: ArrayBuffer; got: Taught & { readonly classes: readonly string[] } };
  /** Images per second of training. */
  speed: { given: SpeedRequest; got: number };
}

/** L2 norms of the gradients of a step. */
export interface GradientNorms {
  /** Of all weights together. */
  readonly all: number;
  /** Of the kernel of each convolution and dense layer, from the input on. */
  readonly layers: readonly number[];
}

/** Where a training stands; sent about twenty times a second. */
export interface Progress {
  readonly step: number;
  readonly epoch: number;
  readonly epochs: number;
  /** The part of this epoch that is done. */
  readonly share: number;
  readonly imagesPerSecond: number;
  readonly eta: number;
  /** Of the last five hundred images or so. */
  readonly loss: number;
  readonly accuracy: number;
  readonly learningRate: number;
  /** Not in each: they take time. */
  readonly gradients: GradientNorms | undefined;
  readonly memory: number;
}

export interface EpochEnd {
  readonly step: number;
  readonly epoch: number;
  readonly valLoss: number;
  readonly valAccuracy: number;
}

/** What a worker tells by itself. */
export interface WorkerEvents {
  firstStep: undefined;
  progress: Progress;
  epoch: EpochEnd;
  plane: { readonly done: number; readonly places: Float32Array<ArrayBuffer> };
}

export interface Request {
  readonly id: number;
  readonly call: keyof Calls;
  readonly given: unknown;
}

export type Reply =
  | { readonly id: number; readonly got: unknown }
  | { readonly id: number; readonly error: { name: string; message: string } }
  | { readonly event: keyof WorkerEvents; readonly detail: unknown };
