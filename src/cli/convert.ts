// `wasmgrad convert`: reads a model in one format and writes it in another.

import { command } from './command.js';
import { engineOptions, startEngine } from './engine.js';
import { checkWritable, readModel, writeModel } from './formats.js';

export const convert = command({
  usage: 'convert IN OUT',
  about: `Reads a model and writes it in another format. The endings of the names say which: .wasmgrad and
.safetensors are files that this library writes, with weights, labels and the state of the training; .onnx is ONNX;
.json a model.json of TF.js, whose weights lie beside it, or, for reading, a network as a list of layers, which gets
initial weights.`,
  options: engineOptions,
  sections: { Engine: engineOptions },
  words: { least: 2, most: 2 },
  examples: [
    ['convert model.wasmgrad model.safetensors', 'as a file that readers of safetensors open'],
    ['convert network.json model.wasmgrad', 'a network of layers, with its initial weights'],
  ],
  async run([from, to], engine, terminal) {
    checkWritable(to);
    await startEngine(engine, 1);
    const written = await writeModel(await readModel(from), to);
    terminal.note(`written: ${written.join(', ')}`);
    return 0;
  },
});
