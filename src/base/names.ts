// Names that other libraries have for the same things: errors say which of our names is meant.

import { nearest } from './options.js';

/** A name in the form in which names are compared: 'mean_squared_error' and 'MeanSquaredError' become the same. */
const bare = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/**
 * "; here it is 'silu'" for a name that another library has for one of ours, else the nearest name of ours, if one is
 * near.
 *
 * @param known our names
 * @param foreign what others call them, in small letters and digits alone
 */
export function hereItIs(
  given: unknown,
  known: readonly string[],
  foreign: Readonly<Record<string, string>>,
): string {
  if (typeof given !== 'string') return '';
  const name = bare(given);
  const own = known.find((one) => bare(one) === name);
  if (own) return `; here it is '${own}'`;
  return Object.hasOwn(foreign, name) ? `; here it is ${foreign[name]}` : nearest(given, known);
}
