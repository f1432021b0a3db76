// Reads files by paths and addresses, in Node, Deno and Bun.

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError, ValueError } from '../base/errors.js';
import { besideUrl, fetched } from './fetched.js';

/**
 * The bytes of a file.
 *
 * @param source a path, or the address of something that `fetch` gets
 * @throws {ValueError} if there is no such file
 * @throws {EngineError} if it cannot be read
 */
export async function readBytes(source: string | URL): Promise<Uint8Array> {
  const isUrl = source instanceof URL || /^(https?|data|blob|file):/i.test(source);
  if (isUrl && !/^file:/i.test(String(source))) return fetched(source);
  const path = isUrl ? fileURLToPath(source) : source;
  try {
    return await readFile(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new ValueError(`there is no such file: '${path}'`, { cause });
    if (code === 'EISDIR') throw new ValueError('this is a folder: name a file in it', { cause });
    throw new EngineError(`'${path}' cannot be read (${message})`, { cause });
  }
}

/** Where a file lies that is in the folder of another one. @param name a path below that folder */
export function beside(source: string | URL, name: string): string | URL {
  if (source instanceof URL || /^(https?|file):\/\//i.test(source))
    return besideUrl(new URL(source), name);
  return join(dirname(source), name);
}
