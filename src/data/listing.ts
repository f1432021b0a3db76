// Finds the files of a folder that are samples: each sub-folder is a class. In Node, Deno and Bun only: only folder.ts
// and the command line import it.

import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { FormatError, ValueError } from '../base/errors.js';

/** Images of a folder. */
export interface Listing {
  readonly classes: readonly string[];
  /** Paths below the directory, class by class, in the order of their names. */
  readonly files: readonly string[];
  /** Each file's class. */
  readonly labels: Int32Array;
}

/** Files with these endings are images; a folder may have other files too. */
const EXTENSIONS = [
  'png',
  'jpg',
  'jpeg',
  'webp',
  'gif',
  'tif',
  'tiff',
  'avif',
  'bmp',
  'ppm',
  'pgm',
];
/** Whether a file is an image, by its ending. */
export const isImage = (name: string): boolean =>
  EXTENSIONS.includes(name.slice(name.lastIndexOf('.') + 1).toLowerCase());

/** Whether a file is hidden (by Jupyter, Git, Finder), or put there by a program of macOS or Synology: not a sample. */
const isIgnored = (name: string): boolean =>
  name.startsWith('.') || name === '__MACOSX' || name === '@eaDir';

/**
 * Lists a folder. Hidden files and folders are left out at any depth. Links are followed, but a class takes each folder
 * once: links in circles add nothing.
 *
 * @throws {FormatError} for a folder without classes, a class without images, a link that leads nowhere or to a
 *   folder that holds the classes, and files that cannot be read
 * @throws {ValueError} for a directory that does not exist
 */
export async function listImages(directory: string): Promise<Listing> {
  let root: string;
  let names: string[];
  try {
    root = await realpath(directory);
    names = await visibleNames(root);
  } catch (cause) {
    throw new ValueError(`'${directory}' is no directory that can be read`, { cause });
  }
  const classes: string[] = [];
  const files: string[] = [];
  const labels: number[] = [];
  for (const name of names) {
    const below = await new Walk(root, name).list();
    if (!below) continue;
    if (below.length === 0) {
      throw new FormatError(
        `there are no images in '${join(directory, name)}': expected files such as 1.png (${EXTENSIONS.join(', ')})`,
      );
    }
    for (const file of below) {
      files.push(file);
      labels.push(classes.length);
    }
    classes.push(name);
  }
  if (classes.length === 0) {
    throw new FormatError(
      `there are no folders in '${directory}': expected one for each class, as in ${join(directory, 'cats', '1.png')}`,
    );
  }
  return { classes, files, labels: Int32Array.from(labels) };
}

const visibleNames = async (path: string): Promise<string[]> =>
  (await readdir(path)).filter((name) => !isIgnored(name)).sort();

/** Walks through the folder of one class. */
class Walk {
  /** The path of the directory of all classes, with its links resolved. */
  readonly #root: string;
  readonly #name: string;
  /** The paths of folders that were visited, with their links resolved. */
  readonly #seen = new Set<string>();
  readonly #images: string[] = [];

  constructor(root: string, name: string) {
    this.#root = root;
    this.#name = name;
  }

  /** The images in the order of their paths; undefined if the name is not a folder's. */
  async list(): Promise<string[] | undefined> {
    // Folders come before links to folders: if both lead to the same one, its files get the path without the link.
    const folders = [this.#name];
    const links: string[] = [];
    if (!(await this.#look(this.#name)).isDirectory()) return undefined;
    for (let at = folders.pop(); at !== undefined; at = folders.pop() ?? links.shift())
      await this.#enter(at, folders, links);
    return this.#images.sort();
  }

  async #enter(folder: string, folders: string[], links: string[]): Promise<void> {
    const real = await this.#read(folder, realpath(join(this.#root, folder)));
    if (`${this.#root}${sep}`.startsWith(real.endsWith(sep) ? real : `${real}${sep}`))
      this.#fail(folder, 'is a link to a folder that holds all classes: remove it');
    if (this.#seen.has(real)) return;
    this.#seen.add(real);
    const entries = await this.#read(folder, readdir(real, { withFileTypes: true }));
    for (const entry of entries) {
      if (isIgnored(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isSymbolicLink()) {
        const to = await this.#look(path);
        if (to.isDirectory()) links.push(path);
        else if (to.isFile() && isImage(entry.name)) this.#images.push(path);
      } else if (entry.isFile() && isImage(entry.name)) this.#images.push(path);
    }
  }

  #look(path: string) {
    return this.#read(path, stat(join(this.#root, path)));
  }

  /** Awaits reading a path. @throws {FormatError} if that fails */
  async #read<T>(path: string, reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT')
        return this.#fail(path, 'is a link that leads nowhere: remove it, or mend it', cause);
      if (code === 'ELOOP')
        return this.#fail(path, 'is a link that leads back to itself: remove it', cause);
      return this.#fail(path, `cannot be read (${message})`, cause);
    }
  }

  #fail(path: string, what: string, cause?: unknown): never {
    throw new FormatError(`'${path}' ${what}`, { cause });
  }
}
