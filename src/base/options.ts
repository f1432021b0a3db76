// Options objects: a misspelt word must not be ignored in silence.

import { ValueError } from './errors.js';

/**
 * The options, once they are known to be some.
 *
 * @param known all words that there are
 * @throws {ValueError} for anything but an object, and for a word that there is not
 */
export function checkOptions<O extends object>(
  where: string,
  options: O,
  known: readonly string[],
): O {
  for (const word of Object.keys(checkObject(where, options, known[0]))) {
    if (known.includes(word)) continue;
    throw new ValueError(`${where}: there is no option '${word}'; there are ${known.join(', ')}`);
  }
  return options;
}

/** The options, whatever they are called. @throws {ValueError} for anything but an object */
export function checkObject<O extends object>(where: string, options: O, example: string): O {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return options;
  const what = Array.isArray(options) ? 'an array' : options === null ? 'null' : typeof options;
  throw new ValueError(
    `${where}: expected an options object, such as { ${example}: … }, not ${what}`,
  );
}

/** @throws {ValueError} unless the option is true or false */
export function checkFlag(where: string, name: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value;
  throw new ValueError(`${where}: ${name} must be true or false, not ${JSON.stringify(value)}`);
}
