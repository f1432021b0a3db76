// Whether an epoch was better than all before: what callbacks that watch a log share.

import { ValueError } from '../base/errors.js';
import { shown } from '../base/shown.js';
import type { Logs } from './means.js';

/**
 * Remembers the best value of a log: losses and errors should fall, all else rise.
 *
 * @param initial what was reached before: nothing by default
 */
export function improvement(who: string, monitor: string, minDelta: number, initial?: number) {
  if (typeof monitor !== 'string')
    throw new ValueError(
      `callbacks.${who}: monitor must be the name of a log, not ${shown(monitor)}`,
    );
  const sign = /(loss|Error)$/.test(monitor) ? -1 : 1;
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
