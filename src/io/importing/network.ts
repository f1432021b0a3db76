// The model at an import's end: outputs in their order, and weights with the file's numbers.

import { about } from '../../base/naming.js';
import { layers, Model } from '../../core.js';
import type { SymbolicTensor } from '../../network/layer.js';
import { arranged, inFileOrder } from './arrange.js';
import type { Builder } from './builder.js';
import { ofFile } from './fault.js';
import { ImportedModel, type Intake } from './imported.js';
import { type Activation, leaveRoom } from './value.js';

/** An output of the file. */
export interface Output {
  readonly name: string;
  readonly value: Activation;
  /** Whether it is an image, whose channels come last in the model. */
  readonly isImage: boolean;
}

/**
 * Makes the model, and fills those weights that it does not share with another one.
 *
 * @throws {FormatError} for a network that cannot be, such as one with an input that no output depends on
 */
export function finished(
  builder: Builder,
  inputs: readonly Activation[],
  outputs: readonly Output[],
  { name, whole, ...intake }: Omit<Intake, 'whole'> & { name: string; whole: boolean },
): Model {
  const taken = new Set<SymbolicTensor>(inputs.map(({ tensor }) => tensor));
  const ends = outputs.map(({ name: own, value, isImage }) => {
    const [batch, channels, ...sides] = value.axes;
    const axes = isImage ? [...sides, channels] : undefined;
    builder.call(own);
    const end = axes
      ? arranged(value, value.hasBatch ? axes : [batch, ...axes], () => builder.name())
      : inFileOrder(value, () => builder.name());
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
  const model = ofFile(() =>
    whole || intake.resized || intake.keepsOrder
      ? new ImportedModel(options, { ...intake, ...(whole ? { whole: shapes } : {}) })
      : new Model(options),
  );
  try {
    fillWeights(model, builder);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}

/** Writes the file's numbers into the weights' own memory. */
function fillWeights(model: Model, { fillings }: Builder): void {
  // A model for other sides has the weights of the first one.
  if (fillings.length === 0) return;
  const { resources } = model;
  const sources = new Map(fillings.map(({ layer, name, fill }) => [`${layer.name}/${name}`, fill]));
  const { layers: used } = model;
  // A layer that no output depends on is not in the model; where all weights have a source, none is made up first.
  const isWhole = used.every(({ name, parameters }) =>
    parameters.every((parameter) => sources.has(`${name}/${parameter.name}`)),
  );
  for (const store of resources.network.stores) store.awaitsNumbers = isWhole;
  const { weights } = resources.engine('import');
  try {
    for (const { name, tensor } of weights.list)
      about(name, () => sources.get(name)?.(tensor.numbers as Float32Array));
  } finally {
    leaveRoom();
  }
  weights.changed();
}
