// The entry 'wasmgrad': the whole library.

import { onnxReader } from './io/onnx/load.js';
import * as readingOnnx from './io/onnx/read.js';
import { tfjsReader } from './io/tfjs/load.js';
import * as readingTfjs from './io/tfjs/read.js';
import { assignFrom } from './io/weights.js';
import * as classify from './model/classify.js';
import { foreign } from './model/foreign.js';
import * as gradients from './model/gradients.js';
import { classifying, differentiating, tuning } from './model/later.js';
import { restoring } from './model/load.js';
import * as restore from './model/restore.js';
import * as tune from './model/tune.js';
import * as arrays from './operators/arrays/index.js';
import { arraysLayers } from './operators/arrays/later.js';
import * as augmentedFeed from './training/augmentedfeed.js';
import * as datasetFeed from './training/datasetfeed.js';
import { augmenting, comparing, drawing, iterating } from './training/later.js';
import * as sparklines from './training/sparklines.js';
import * as unseen from './training/unseen.js';

// Provides all modules that the core would load later: a service worker cannot import anything while it runs.
classifying.provide(classify);
differentiating.provide(gradients);
restoring.provide(restore);
tuning.provide(tune);
augmenting.provide(augmentedFeed);
iterating.provide(datasetFeed);
drawing.provide(sparklines);
comparing.provide(unseen);
arraysLayers.provide(arrays);
onnxReader.provide(readingOnnx);
tfjsReader.provide(readingTfjs);
foreign.assign = assignFrom;

export * from './core.js';
export * as data from './data/index.js';
export * as io from './io/index.js';
export * as emit from './operators/emit.js';
export * as ops from './operators/ops.js';
export * as vis from './vis/index.js';
export * as zoo from './zoo/index.js';
export { ResNet, type ResNetOptions } from './zoo/resnet.js';
