// A callback that collects the norms of gradients and prints them as bars.

import { callableOrNull, checkOptions, oneOf, whole } from '../base/options.js';
import type { Callback, TrainedModel, Training } from './callback.js';
import { drawing } from './later.js';

/** Options of `gradientNorms`. */
export interface GradientNormsOptions {
  /** Norms are taken after so many epochs or steps: 1 by default. */
  every?: number;
  /** What `every` counts: 'epochs' by default, for the gradients of an epoch's last step; or 'steps'. */
  unit?: 'epochs' | 'steps';
  /** Receives the lines at the end of the training, console.log by default; null prints nothing. */
  print?: ((text: string) => void) | null;
}

/** A callback that collects norms. */
export interface GradientNorms extends Callback {
  /** For each layer, the L2 norms of its gradients in the order in which they were taken. */
  readonly norms: Readonly<Record<string, readonly number[]>>;
}

const where = 'callbacks.gradientNorms';

/**
 * Collects the L2 norm of each layer's gradients, and prints a line of bars for each layer at the end. The lines show
 * gradients that vanish from layer to layer, or explode during the training.
 */
export function gradientNorms(options: GradientNormsOptions = {}): GradientNorms {
  const {
    every = 1,
    unit = 'epochs',
    print = console.log,
  } = checkOptions(where, options, {
    every: whole(1),
    unit: oneOf('epochs', 'steps'),
    print: callableOrNull,
  });
  const norms: Record<string, number[]> = {};
  let training: Training | undefined;
  let done = 0;
  const look = (): void => {
    if (++done % every > 0) return;
    for (const [layer, norm] of layerNorms((training as Training).model)) {
      norms[layer] ??= [];
      norms[layer].push(norm);
    }
  };
  return {
    norms,
    onTrainBegin(begun) {
      training = begun;
      done = 0;
      for (const layer of Object.keys(norms)) delete norms[layer];
    },
    [unit === 'epochs' ? 'onEpochEnd' : 'onBatchEnd']: look,
    async onTrainEnd() {
      if (!print) return;
      const { sparklines } = await drawing.get(where);
      print(sparklines(norms));
    },
  };
}

/** The norm of each layer's gradients, in layer order. */
function layerNorms({ weights }: TrainedModel): Map<string, number> {
  const squares = new Map<string, number>();
  for (const { name, gradient } of weights) {
    if (!gradient) continue;
    const [layer] = name.split('/');
    const sum = gradient.data.reduce((total, v) => total + v * v, 0);
    squares.set(layer, (squares.get(layer) ?? 0) + sum);
  }
  return new Map([...squares].map(([layer, sum]) => [layer, Math.sqrt(sum)]));
}
