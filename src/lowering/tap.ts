// Which activation a loss takes over: that of the model's last layer, seen through layers that only rename its
// numbers. Where a loss would take probabilities for logits instead, nothing right can come of it.

import { ValueError } from '../base/errors.js';
import type { ActivationName } from '../network/activation.js';
import type { Graph } from '../network/graph.js';
import type { Layer, SymbolicTensor } from '../network/layer.js';
import { type Loss, tapOf } from '../operators/loss/loss.emit.js';

/** Layers that give the same numbers another shape. */
const renaming: readonly string[] = ['flatten', 'reshape'];
/** Layers that make numbers from 0 to 1 of such numbers, and none of which has an inverse. */
const mixing: readonly string[] = [
  ...[
    'dropout',
    'spatialDropout2d',
    'maxPool2d',
    'minPool2d',
    'avgPool2d',
    'lpPool2d',
    'maxPool1d',
  ],
  ...['avgPool1d', 'adaptiveMaxPool2d', 'adaptiveAvgPool2d', 'globalMaxPool2d', 'globalAvgPool2d'],
  ...[
    'blurPool2d',
    'channelPool',
    'upsampling2d',
    'zeroPadding2d',
    'reflectionPadding2d',
    'multiply',
  ],
];
/** Activations whose outputs are from 0 to 1. */
const probable: readonly ActivationName[] = ['softmax', 'sigmoid', 'hardSigmoid'];

/** The activation that a layer of this library ends in. */
function activationOf({ type, options }: Layer): ActivationName | undefined {
  const { activation } = options as { activation?: ActivationName };
  return activation ?? probable.find((name) => name === type);
}

/** What an output is another name of, as long as nobody else reads the numbers on their way: itself, else. */
export function sourceOf({ nodes, outputs }: Graph, output: SymbolicTensor): SymbolicTensor {
  let source = output;
  if (nodes.some(({ inputs }) => inputs.includes(output))) return output;
  while (renaming.includes(source.layer.type)) {
    const [before] = source.inputs;
    const readers = nodes.filter(({ inputs }) => inputs.includes(before));
    if (readers.length > 1 || outputs.includes(before)) return output;
    source = before;
  }
  return source;
}

/** @throws {ValueError} where the loss takes logits, and the output has been through an activation that it cannot undo */
export function checkTap(graph: Graph, output: SymbolicTensor, { type }: Loss, name: string): void {
  const tap = tapOf(type);
  if (tap === undefined) return;
  const source = sourceOf(graph, output);
  const rows = source.shape.at(-1) === output.shape.at(-1);
  if (activationOf(source.layer) === tap && (tap === 'sigmoid' || rows)) return;
  let end = output;
  while ([...renaming, ...mixing].includes(end.layer.type) && activationOf(end.layer) === undefined)
    [end] = end.inputs;
  const found = activationOf(end.layer);
  if (!found || !probable.includes(found)) return;
  const other = found === 'softmax' ? 'softmaxCrossEntropy' : 'binaryCrossEntropy';
  const way =
    found === tap
      ? `make '${found}' the last layer, or leave it out`
      : `leave the ${found} out, ${found === 'hardSigmoid' ? 'or take sigmoid' : `or use '${other}'`}`;
  throw new ValueError(
    `compile: the loss '${type}' of '${name}' takes logits, but '${end.layer.name}' has made numbers from 0 to 1 of them by ${found}, which it cannot undo${end === output ? '' : ` through '${output.layer.name}'`}: ${way}`,
  );
}
