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

/** What a finished layer has of itself. */
interface Finished {
  readonly name: string;
  readonly options: object;
}

/** By the word: the same for all layers, so that engines can share what they know of one layer. */
const accessors = new Map<string, PropertyDescriptor>();

function accessorOf(word: string): PropertyDescriptor {
  const made = {
    get(this: Finished) {
      return (this.options as Readonly<Record<string, unknown>>)[word];
    },
    set(this: Finished) {
      refuse(this, word);
    },
  };
  accessors.set(word, made);
  return made;
}

function refuse({ name, options }: Finished, word: string): never {
  const why =
    word in elsewhere && !Object.hasOwn(options, word)
      ? `nothing reads '${word}' of a layer; there is ${elsewhere[word]}`
      : `its ${word} was fixed when the layer was made: make another layer`;
  throw new ValueError(`${name}: ${why}`);
}

/**
 * Makes it an error to set one of Keras's properties or an option of the layer. Options can be read as they were given.
 * Names that the layer's class itself defines are not changed.
 *
 * @param words the words of the layer's options
 * @throws {ValueError} if one of Keras's properties is set already
 */
export function fixWords(layer: Finished, words: readonly string[]): void {
  for (const word of new Set([...Object.keys(elsewhere), ...words])) {
    if (Object.hasOwn(layer, word) && !words.includes(word)) refuse(layer, word);
    if (word in layer) continue;
    Object.defineProperty(layer, word, accessors.get(word) ?? accessorOf(word));
  }
}
