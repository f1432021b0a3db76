// The model at an import's end: outputs in their order, and weights with the file's numbers.

import { layers, Model } from '../../core.js';
import type { SymbolicTensor } from '../../network/layer.js';
import { arranged, inFileOrder } from './arrange.js';
import type { Builder } from './builder.js';
import type { Activation } from './value.js';
import { WholeModel } from './whole.js';

/** An output of the file. */
export interface Output {
  readonly name: string;
  readonly value: Activation;
  /** Whether it is an image, whose channels come last in the model. */
  readonly isImage: boolean;
}

/** Makes the model, and fills its weights. */
export function finished(
  builder: Builder,
  inputs: readonly Activation[],
  outputs: readonly Output[],
  { name, whole }: { name: string; whole: boolean },
): Model {
  const taken = new Set<SymbolicTensor>(inputs.map(({ tensor }) => tensor));
  const ends = outputs.map(({ name: own, value, isImage }) => {
    const [batch, channels, ...sides] = value.axes;
    const axes = isImage ? [...sides, channels] : undefined;
    builder.call(own);
    const end = axes
      ? arranged(value, value.hasBatch ? axes : [batch, ...axes])
      : inFileOrder(value);
    // An input that is an output, or one that is there twice, gets a layer of its own.
    const y = taken.has(end) ? builder.apply((title) => layers.linear({ name: title }), end) : end;
    taken.add(y);
    return y;
  });
  const options = {
    inputs: inputs.map(({ tensor }) => tensor),
    // The type cannot say whether the outputs are a list; at run time `predict` knows.
    outputs: (ends.length === 1 ? ends[0] : ends) as SymbolicTensor,
    name: name || 'model',
  };
  const shapes = outputs.map(({ value, isImage }) => {
    const [batch, channels, ...sides] = value.shape;
    return isImage ? [batch, ...sides, channels] : value.shape;
  });
  const model = whole ? new WholeModel(options, shapes) : new Model(options);
  try {
    fill(model, builder);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}

/** Writes the file's numbers into the weights' own memory. */
function fill(model: Model, { fillings }: Builder): void {
  const { weights } = model.engine('import');
  const byName = new Map(weights.list.map(({ name, tensor }) => [name, tensor]));
  for (const { layer, name, fill: write } of fillings) {
    const tensor = byName.get(`${layer.name}/${name}`);
    // A layer that no output depends on is not in the model.
    if (tensor) write(tensor.numbers as Float32Array);
  }
  weights.changed();
}
