// ConvNetJS: scalar JavaScript in f64, its only precision. It trains image by image and updates the
// weights after each batch's last: a step is one update.

import convnetjs from 'convnetjs';
import type { NetworkLayer } from '../layers.js';
import { Seed, type TrainingWork } from '../work.js';
import { type Adapter, beginning, Cannot, filled, type Task, versionOf } from './adapter.js';

function definition(layer: NetworkLayer, isLast: boolean): Record<string, string | number> {
  const rectified = {
    bias_pref: 0,
    ...('relu' in layer && layer.relu ? { activation: 'relu' } : {}),
  };
  switch (layer.type) {
    case 'conv': {
      if (layer.batchNorm) throw new Cannot('it has no batch normalisation');
      const { kernel: sx, filters, stride, pad } = layer;
      if (typeof sx !== 'number' || typeof pad !== 'number')
        throw new Cannot('it has square filters alone');
      return { type: 'conv', sx, filters, stride, pad, ...rectified };
    }
    case 'maxPool':
      return { type: 'pool', sx: layer.size, stride: layer.stride, pad: layer.pad };
    case 'globalAvgPool':
      throw new Cannot('it has no average pooling');
    case 'dense':
      if (isLast) return { type: 'softmax', num_classes: layer.units };
      return { type: 'fc', num_neurons: layer.units, ...rectified };
    default:
      throw new Cannot('it has no shortcuts or branches');
  }
}

function network(work: TrainingWork): Task {
  const { batch, side, channels, classes, learningRate, momentum } = work;
  const net = new convnetjs.Net();
  net.makeLayers([
    { type: 'input', out_sx: side, out_sy: side, out_depth: channels },
    ...work.layers.map((layer, i) => definition(layer, i === work.layers.length - 1)),
  ]);
  const weighted = net.layers.filter(({ filters }) => filters);
  const kernels = work.layers.flatMap((layer) => ('weights' in layer ? layer.weights.kernel : []));
  kernels.forEach((kernel, i) => {
    const values = beginning(kernel);
    const filters = weighted[i].filters ?? [];
    // In ours the filter's number comes last; theirs are volumes, each in our order.
    filters.forEach(({ w }, f) => {
      for (let at = 0; at < w.length; at++) w[at] = values[at * filters.length + f];
    });
  });
  const trainer = new convnetjs.Trainer(net, {
    method: 'sgd',
    learning_rate: learningRate,
    momentum,
    batch_size: batch,
  });
  const images = filled([batch, side, side, channels], Seed.images);
  const size = side * side * channels;
  const volumes = Array.from({ length: batch }, (_, i) => {
    const volume = new convnetjs.Vol(side, side, channels, 0);
    volume.w.set(images.subarray(i * size, (i + 1) * size));
    return volume;
  });
  const step = () => {
    let total = 0;
    for (let i = 0; i < batch; i++) total += trainer.train(volumes[i], i % classes).loss;
    return total / batch;
  };
  return { run: () => void step(), results: () => [[step()]], release: () => undefined };
}

/** See the top of this file. */
export const adapter: Adapter = {
  start: () => versionOf('convnetjs'),
  prepare(work) {
    if (work.kind !== 'training') throw new Cannot('only its training is measured');
    return network(work);
  },
};
