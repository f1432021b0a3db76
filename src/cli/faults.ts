// Errors about files as who types commands reads them.

import { FormatError, ShapeError, ValueError, WasmgradError } from '../core.js';

/** Words in a line, the first ones if they are many. */
export const listed = (words: readonly string[]): string =>
  words.length > 12 ? `${words.slice(0, 12).join(', ')}, … (${words.length})` : words.join(', ');

/** Reads a file or folder. @throws {FormatError} that names it, once, in place of the function that refused it */
export async function readingOf<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const isFault = [FormatError, ShapeError, ValueError].some((kind) => cause instanceof kind);
    if (!isFault) throw cause;
    const why = (cause as Error).message.replace(/^[\w.]+: /, '');
    throw new FormatError(why.includes(`'${path}`) ? why : `'${path}': ${why}`, { cause });
  }
}

/** How the help writes sides of a shape. */
const SIDES: Readonly<Record<string, string>> = {
  batch: 'N',
  height: 'H',
  width: 'W',
  channels: 'C',
};

/** Reads a file by a function of `io`. @throws {FormatError} that asks for the option in place of the function's */
export async function optionsNamed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof WasmgradError)) throw cause;
    const why = cause.message
      .replace(/read\w+\(\w+, \{ inputShape: \[(.*?)\] \}\)/, (_, sides: string) => {
        const typed = sides.split(', ').map((side) => SIDES[side] ?? side);
        return `--input-shape ${typed.join('x')}`;
      })
      .replace(/\binputShape\b/g, '--input-shape');
    throw new FormatError(why, { cause });
  }
}
