// Image files: which ones are meant, and their pixels.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { buffer } from 'node:stream/consumers';
import { FormatError, ValueError } from '../core.js';
import type { DecodedImage } from '../data/index.js';
import { isImage } from '../data/listing.js';
import { decodeImage } from '../image/decode.js';

/** What stands for standard input. */
const STDIN = '-';

/**
 * The image files that some paths mean: files as they are, of folders all images in them and below, by their names.
 *
 * @throws {ValueError} for a path that does not exist, and a folder without images
 */
export async function imagesAt(paths: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const path of paths) {
    if (path === STDIN) {
      all.push(path);
      continue;
    }
    const found = await stat(path).catch(() => undefined);
    if (!found) throw new ValueError(`there is no file or folder '${path}'`);
    if (!found.isDirectory()) {
      all.push(path);
      continue;
    }
    const names = (await readdir(path, { recursive: true })).filter(isImage).sort();
    if (names.length === 0) throw new ValueError(`there are no images in '${path}'`);
    all.push(...names.map((name) => join(path, name)));
  }
  return all;
}

/** A decoder of image files. */
export type ReadImage = (path: string) => Promise<DecodedImage>;

/** The decoder of image files. @throws {FormatError} with the path, for what is no image */
export function imageReader(): ReadImage {
  return async (path) => {
    const bytes = path === STDIN ? await buffer(process.stdin) : await readFile(path);
    try {
      return await decodeImage(bytes);
    } catch (cause) {
      throw new FormatError(`'${path}' cannot be decoded (${(cause as Error).message})`, { cause });
    }
  };
}
