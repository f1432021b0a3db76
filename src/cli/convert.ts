// `wasmgrad convert`: reads a model in one format and writes it in another.

import { choice, command, text } from './command.js';
import { readLabels } from './datasets.js';
import { engineOptions, startEngine } from './engine.js';
import { checkWritable, inputOptions, readModel, writeModel } from './formats.js';
import { IMAGENET } from './prepare.js';

const aboutOptions = {
  labels: text('FILE', 'class names, a line for each; else those that the file has'),
  normalize: choice(
    ['imagenet', 'none'],
    "how pixels become the input: by ImageNet's mean and deviation, as torchvision's models take them; or none, from 0 to 1",
  ),
};
const options = { ...inputOptions, ...aboutOptions, ...engineOptions };

export const convert = command({
  usage: 'convert IN OUT',
  about: `Reads a model and writes it in another format. The endings of the names say which: .wasmgrad and
.safetensors are files that this library writes, with weights, labels and the state of the training; .onnx is ONNX;
.json a model.json of TF.js, whose weights lie beside it, or, for reading, a network as a list of layers, which gets
initial weights.`,
  options,
  sections: {
    Model: inputOptions,
    'What the new file says of images': aboutOptions,
    Engine: engineOptions,
  },
  words: { least: 2, most: 2 },
  examples: [
    ['convert model.wasmgrad model.safetensors', 'as a file that readers of safetensors open'],
    ['convert network.json model.wasmgrad', 'a network of layers, with its initial weights'],
    [
      'convert resnet18.onnx resnet18.wasmgrad --labels names.txt --normalize imagenet',
      "a model of torchvision's, with all that predict needs",
    ],
  ],
  async run([from, to], { inputShape, labels, normalize, ...engine }, terminal) {
    checkWritable(to);
    await startEngine(engine, 1);
    const names = labels === undefined ? undefined : await readLabels(labels);
    const model = await readModel(from, { inputShape });
    if (names) model.labels = names;
    if (normalize) model.preprocessing = normalize === 'imagenet' ? IMAGENET : {};
    const written = await writeModel(model, to);
    terminal.note(`written: ${written.join(', ')}`);
    return 0;
  },
});
