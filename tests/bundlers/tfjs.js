// The page's own TF.js, which the import of wasmgrad/tfjs alone gives a backend.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import 'wasmgrad/tfjs';
import { train } from './tfjs-train.js';

export const trainTfjs = () => train(tf, tfl);
