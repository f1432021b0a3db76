// A callback that collects the norms of gradients and prints them as bars.

import { callableOrNull, checkOptions, oneOf, whole } from '../base/options.js';
import type { Callback, TrainedModel, Training } from './callback.js';

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

/**
 * Collects the L2 norm of each layer's gradients, and prints a line of bars for each layer at the end. The lines show
 * gradients that vanish from layer to layer, or explode during the training.
 */
export function gradientNorms(options: GradientNormsOptions = {}): GradientNorms {
  const {
    every = 1,
    unit = 'epochs',
    print = console.log,
  } = checkOptions('callbacks.gradientNorms', options, {
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
    onTrainEnd() {
      print?.(sparklines(norms));
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

const BARS = '▁▂▃▄▅▆▇█';
/** The most bars of a line: of more norms some are left out. */
const SPARKLINE = 60;

/** 'conv2d    ▅▄▃▂▁  0.21 … 0.034': a line per layer, all on one logarithmic scale. 0 has no bar. */
function sparklines(norms: Readonly<Record<string, readonly number[]>>): string {
  const logs = Object.values(norms)
    .flat()
    .filter((norm) => norm > 0)
    .map(Math.log);
  const least = logs.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const range = logs.reduce((a, b) => Math.max(a, b), least) - least;
  const bar = (norm: number): string => {
    if (!(norm > 0)) return ' ';
    const share = range > 0 ? (Math.log(norm) - least) / range : 0.5;
    return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))];
  };
  const width = Math.max(0, ...Object.keys(norms).map((name) => name.length));
  const lines = Object.entries(norms).map(([layer, all]) => {
    const count = Math.min(all.length, SPARKLINE);
    const shown = Array.from(
      { length: count },
      (_, i) => all[Math.floor((i * all.length) / count)],
    );
    const ends = [all[0], all[all.length - 1]].map((norm) => norm.toPrecision(2));
    return `${layer.padEnd(width)}  ${shown.map(bar).join('')}  ${ends.join(' … ')}`;
  });
  return ['gradient norms', ...lines].join('\n');
}
