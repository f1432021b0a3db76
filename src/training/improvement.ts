// Decides whether an epoch is better than all before. Callbacks that watch a log share it.

import { ValueError } from '../base/errors.js';
import { nearest, oneOf } from '../base/options.js';
import type { Logs } from './means.js';

/** Whether a smaller ('min') or larger ('max') log is better; 'auto' is 'min' for losses and errors. Keras's words. */
export type Mode = 'auto' | 'min' | 'max';

/** The check of `Mode`. */
export const logMode = oneOf('auto', 'min', 'max');

/** What a callback watches. */
export interface Watched {
  monitor: string;
  mode: Mode;
  minDelta: number;
  /** The best value so far: none by default. */
  initial?: number;
}

/** Remembers the best value of a log. */
export function improvement(who: string, { monitor, mode, minDelta, initial }: Watched) {
  const falls = mode === 'auto' ? /(loss|Error)$/.test(monitor) : mode === 'min';
  const sign = falls ? -1 : 1;
  let best = initial;
  return {
    /** undefined before the first value. */
    get best(): number | undefined {
      return best;
    },
    reset(value?: number): void {
      best = value;
    },
    check(logs: Logs): boolean {
      if (!(monitor in logs)) {
        const names = Object.keys(logs);
        const isUnmeasured =
          monitor.startsWith('val_') && !names.some((name) => name.startsWith('val_'));
        const hint = isUnmeasured
          ? '; give fit validationData or a validationSplit'
          : nearest(monitor, names);
        throw new ValueError(
          `callbacks.${who}: there is no '${monitor}' to monitor; there are ${names.join(', ')}${hint}`,
        );
      }
      const value = logs[monitor];
      // NaN is never better.
      const before = best === undefined ? Number.NEGATIVE_INFINITY : sign * best;
      if (!(sign * value > before + minDelta)) return false;
      best = value;
      return true;
    },
  };
}
