// Every layer and every network of the zoo becomes a layers model of TF.js, which computes the same; or it is named as what
// TF.js cannot say. A new layer stands in neither list. What is written can be read, and learns in the same weights, there
// and here.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layers, type Model } from '../../../src/index.js';
import { readTfjs, writeTfjs } from '../../../src/io/index.js';
import * as arrays from '../../../src/operators/arrays/index.js';
import { close } from '../../helpers/close.js';
import { freeze, learnsAlike, outputsOf, samplesFor } from '../../helpers/onnxagree.js';
import { arraySingles } from '../../helpers/onnxarrays.js';
import { singles } from '../../helpers/onnxlayers.js';
import { type Net, zooNetworks } from '../../helpers/onnxmodels.js';
import '../../helpers/start.js';
import { memoryOf, predicted, tfl } from '../../helpers/tfjs.js';

await arrays.useArrays();

async function agree(model: Net, name: string): Promise<void> {
  freeze(model);
  const files = writeTfjs(model as Model);
  const again: Net = await readTfjs(files);
  learnsAlike(again, model);
  // Axes that are brought to the end and back are so here by layers of their own.
  if (name !== 'layerNorm 2') assert.equal(again.outputNames, model.outputNames);
  again.dispose();
  const theirs = await tfl.loadLayersModel(memoryOf(files));
  for (const { name: own, trainable, parameters } of model.layers)
    if (parameters.length > 0) assert.is(theirs.getLayer(own).trainable, trainable, own);
  const samples = samplesFor(model, 1);
  const expected = outputsOf(model, samples);
  const made = predicted(theirs, Object.values(samples));
  theirs.dispose();
  assert.is(made.length, expected.length);
  expected.forEach(({ data, shape }, i) => {
    assert.equal(made[i].shape, shape);
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    close(made[i].data, data, { rtol: 1e-4, atol: 1e-5 * largest });
  });
}

/** What TF.js cannot say, by the type of a layer: all its cases, or those of these numbers. */
const refused: Readonly<Record<string, 'all' | readonly number[]>> = {
  // Groups, reflection, rounding up, numbers of padding.
  ...{ conv2d: [3, 5, 6], conv1d: [2, 3], conv2dTranspose: [4, 5], conv3d: [2] },
  ...{ maxPool2d: [3], minPool2d: [1], avgPool2d: [3], maxPool1d: [2], avgPool1d: [2] },
  ...{ maxPool3d: [2], avgPool3d: [2] },
  // Windows of several sizes, volumes, lines between other points, an alpha.
  ...{ adaptiveMaxPool2d: [1, 3], adaptiveAvgPool2d: [1, 3], batchNorm: [4], upsampling2d: [2] },
  elu: [2],
  // Functions, axes and shapes beyond those of its layers.
  map: [
    ...[1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 17, 20, 24, 25, 26, 27],
    ...[28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38],
  ],
  combineWeight: [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13],
  combine: [2, 4, 7, 8, 9, 10],
  reduce: [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13],
  embedding: [2],
  ...{ slice: [2, 3], pad: [2, 3, 4], expand: [1, 3], resize: [1, 2, 4, 5], matMul: [2] },
  // It has no such layer.
  ...{ rbf: 'all', lpPool2d: 'all', channelPool: 'all', blurPool2d: 'all', lrn: 'all' },
  ...{ spatialDropout2d: 'all', reflectionPadding2d: 'all', argMax: 'all', argMin: 'all' },
  ...{ depthToSpace: 'all', spaceToDepth: 'all', groupNorm: 'all', instanceNorm: 'all' },
  ...{ groupedConv2dTranspose: 'all', conv1dTranspose: 'all', dilatedMaxPool1d: 'all' },
  ...{ dilatedMaxPool2d: 'all', paddedAvgPool1d: 'all', paddedAvgPool2d: 'all' },
  ...{ lpPool1d: 'all', lpPool3d: 'all', dilatedLpPool2d: 'all', cumSum: 'all', select: 'all' },
  // Of the zoo: rbf, lrn and groups, windows of several sizes on small images.
  ...{ lenet5Classic: 'all', alexnet: 'all', 'googlenet with its auxiliary outputs': 'all' },
};

function isRefused(name: string): boolean {
  const [, type, number] = name.match(/^(.+?)(?: (\d+))?$/) as RegExpMatchArray;
  const cases = Object.hasOwn(refused, type) ? refused[type] : [];
  return cases === 'all' || cases.includes(Number(number));
}

// VGG is a chain of layers that others have; its weights alone are 515 MB.
const { vgg11, ...zoo } = zooNetworks;
const networks = { ...singles, ...arraySingles, ...zoo };

test('each layer is here', () => {
  const types = [...Object.keys(layers), ...Object.keys(arrays)];
  const elsewhere = ['residual', 'useArrays', 'constant', 'wrapped'];
  for (const type of types)
    assert.ok(elsewhere.includes(type) || Object.hasOwn(networks, `${type} 1`), type);
});

for (const [name, make] of Object.entries(networks))
  test(name, async () => {
    const model = make();
    try {
      if (isRefused(name))
        assert.throws(() => writeTfjs(model as Model), /there are layers that TF\.js has not/);
      else await agree(model, name);
    } finally {
      model.dispose();
    }
  });

test.run();
