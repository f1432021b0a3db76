// From the editor's layers to the library's, in a worker.

import { type Algorithm, type Layer, layers, Sequential } from 'wasmgrad/core';
import { SIDE } from './datasets.js';
import type { Description, Row } from './messages.js';
import {
  callOf,
  complaint,
  isCalls,
  isConvolution,
  type LayerCall,
  type LayerSpec,
} from './networks.js';

const factories = layers as unknown as Readonly<Record<string, (options: unknown) => Layer>>;

/** Makes the layer of a call, and of the calls in its options. */
function make({ type, options }: LayerCall, algorithm: Algorithm): Layer {
  const given = Object.entries(options).map(([word, value]) => [
    word,
    isCalls(value) ? value.map((inner) => make(inner, algorithm)) : value,
  ]);
  const made = Object.fromEntries(given);
  if (isConvolution({ type, options })) made.algorithm = algorithm;
  return factories[type](made);
}

/** The network. @throws what the library says of layers that do not fit */
export function build(
  specs: readonly LayerSpec[],
  { name = 'network', algorithm = 'auto' as Algorithm } = {},
): Sequential {
  const made = specs.map((spec) => make(callOf(spec), algorithm));
  return new Sequential(made, { inputShape: [SIDE, SIDE, 1], seed: 1, name });
}

/** The shape that each of the editor's layers makes; what a residual block is made of counts as one. */
export function describe(specs: readonly LayerSpec[]): Description {
  const rows: Row[] = [];
  let parameters = 0;
  const at = specs.findIndex(complaint);
  if (at >= 0) return { error: complaint(specs[at]) as string, at };
  for (let count = 1; count <= specs.length; count++) {
    try {
      const summary = build(specs.slice(0, count)).summary({ print: null });
      const { name, outputShape } = summary[summary.length - 1];
      const sum = summary.reduce((sum, row) => sum + row.parameters, 0);
      rows.push({
        name,
        type: specs[count - 1].type,
        shape: outputShape,
        parameters: sum - parameters,
      });
      parameters = sum;
    } catch (error) {
      return { error: (error as Error).message, at: count - 1 };
    }
  }
  return { rows };
}
