// Makes it an error to set certain properties of a finished layer: those of Keras's layers, and the layer's own
// options. JavaScript would allow it, but nothing would read them: the assignment would be ignored in silence.

import { ValueError } from '../base/errors.js';

const flag = "the layer's trainable, true or false";
const option = 'the option of that name, when the layer is made';
const limits = "the optimizer's clipValue, clipNorm and weightDecay";

/** Properties of Keras's layers, and what to use here instead. */
const elsewhere: Readonly<Record<string, string>> = {
  trainableWeights: flag,
  nonTrainableWeights: flag,
  trainableVariables: flag,
  kernelRegularizer: option,
  biasRegularizer: option,
  activityRegularizer: 'kernelRegularizer, when the layer is made',
  kernelConstraint: limits,
  biasConstraint: limits,
};

/**
 * Makes it an error to set one of Keras's properties or an option of the layer. Options can be read as they were given.
 * Names that the layer's class itself defines are not changed.
 *
 * @param words the words of the layer's options
 * @throws {ValueError} if one of Keras's properties is set already
 */
export function fixWords(
  layer: { readonly name: string; readonly options: object },
  words: readonly string[],
): void {
  const { name, options } = layer;
  const refuse = (word: string): never => {
    const why = words.includes(word)
      ? `its ${word} was fixed when the layer was made: make another layer`
      : `nothing reads '${word}' of a layer; there is ${elsewhere[word]}`;
    throw new ValueError(`${name}: ${why}`);
  };
  for (const word of new Set([...Object.keys(elsewhere), ...words])) {
    if (Object.hasOwn(layer, word) && !words.includes(word)) refuse(word);
    if (word in layer) continue;
    Object.defineProperty(layer, word, {
      get: () => (options as Readonly<Record<string, unknown>>)[word],
      set: () => refuse(word),
    });
  }
}
