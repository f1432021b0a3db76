// Whether an epoch was better than all before: what callbacks that watch a log share.

import { ValueError } from '../base/errors.js';
import { oneOf } from '../base/options.js';
import type { Logs } from './means.js';

/** What is better of a log: 'auto' says less for losses and errors, more for all else. Keras's words. */
export type Mode = 'auto' | 'min' | 'max';

/** Which there are. */
export const logMode = oneOf('auto', 'min', 'max');

/** What a callback watches. */
export interface Watched {
  monitor: string;
  mode: Mode;
  minDelta: number;
  /** What was reached before: nothing by default. */
  initial?: number;
}

/** Remembers the best value of a log. */
export function improvement(who: string, { monitor, mode, minDelta, initial }: Watched) {
  const falls = mode === 'auto' ? /(loss|Error)$/.test(monitor) : mode === 'min';
  const sign = falls ? -1 : 1;
  let best = initial;
  return {
    /** undefined where there was none yet. */
    get best(): number | undefined {
      return best;
    },
    reset(value?: number): void {
      best = value;
    },
    check(logs: Logs): boolean {
      if (!(monitor in logs)) {
        const hint = monitor.startsWith('val_')
          ? '; give fit validationData or a validationSplit'
          : '';
        throw new ValueError(
          `callbacks.${who}: there is no '${monitor}' to monitor; there are ${Object.keys(logs).join(', ')}${hint}`,
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
