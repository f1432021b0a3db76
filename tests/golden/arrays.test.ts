// The layers for arrays of any rank against PyTorch, forward and backward: replays arrays.json, which arrays.py makes.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, type Layer, Tensor } from '../../src/index.js';
import * as arrays from '../../src/operators/arrays/index.js';
import { type Outputs, type Replay, replayAll, type Tensors } from '../helpers/golden.js';
import { runLayer } from '../helpers/layers.js';
import '../helpers/start.js';

await arrays.useArrays();

const makers = {
  conv3d: arrays.conv3d,
  conv3dTranspose: arrays.conv3dTranspose,
  groupedConv2dTranspose: arrays.groupedConv2dTranspose,
  conv1dTranspose: arrays.conv1dTranspose,
  maxPool3d: arrays.maxPool3d,
  dilatedMaxPool1d: arrays.dilatedMaxPool1d,
  dilatedMaxPool2d: arrays.dilatedMaxPool2d,
  avgPool3d: arrays.avgPool3d,
  paddedAvgPool1d: arrays.paddedAvgPool1d,
  paddedAvgPool2d: arrays.paddedAvgPool2d,
  lpPool1d: arrays.lpPool1d,
  dilatedLpPool2d: arrays.dilatedLpPool2d,
  resize: arrays.resize,
  pad: arrays.pad,
  layerNorm: arrays.layerNorm,
  groupNorm: arrays.groupNorm,
  instanceNorm: arrays.instanceNorm,
  reduce: arrays.reduce,
  combine: arrays.combine,
  combineWeight: arrays.combineWeight,
  matMul: arrays.matMul,
  map: arrays.map,
  transpose: arrays.transpose,
  slice: arrays.slice,
  expand: arrays.expand,
  depthToSpace: arrays.depthToSpace,
} as unknown as Readonly<Record<string, (options: object) => Layer>>;

/** All that a layer makes: inputs that have names of its weights are these. */
function outputsOf(make: (options: object) => Layer, given: Tensors, options: object): Outputs {
  const { dy, ...all } = given;
  const layer = make(options);
  const samples = ['x', 'z'].filter((name) => name in all);
  const xs = samples.map((name) => input(all[name].shape.slice(1)));
  layer.apply(xs.length === 1 ? xs[0] : xs);
  const data = (name: string) => all[name].data as Float32Array;
  const inputs = samples.map((name) => ({ shape: all[name].shape, data: data(name) }));
  const names = layer.parameters.map(({ name }) => name);
  assert.equal([...samples, ...names].sort(), Object.keys(all).sort());
  const weights = Object.fromEntries(names.map((name) => [name, data(name)]));
  const made = runLayer(layer, inputs, weights, () => dy.data as Float32Array, layer.type);
  const tensor = (name: string, numbers: Float32Array | undefined) =>
    Tensor.from(numbers ?? new Float32Array(all[name].size), all[name].shape);
  return {
    y: Tensor.from(made.y, made.shape),
    ...Object.fromEntries(samples.map((name, i) => [`d${name}`, tensor(name, made.dxs[i])])),
    ...Object.fromEntries(names.map((name) => [`d${name}`, tensor(name, made.dweights[name])])),
  };
}

const replay: Replay = Object.fromEntries(
  Object.entries(makers).map(([name, make]) => [
    name,
    (tensors: Tensors, options: never) => outputsOf(make, tensors, options),
  ]),
);

replayAll('arrays.json', import.meta.url, replay, 2 ** -18);

test.run();
