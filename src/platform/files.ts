// Replaces files as a whole, and reads them, in Node, Deno and Bun: a reader finds the old file or the new one, even if the program or
// the machine stops in the middle.

import { fsync } from 'node:fs';
import {
  copyFile,
  link,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EngineError, ValueError } from '../base/errors.js';
import { type FileWriter, type Generation, previousOf } from './filewriter.js';

let writings = 0;

const EMPTY = new Uint8Array(0);

/**
 * A writer of the file at a path.
 *
 * @throws {ValueError} for anything but a path; at `begin`, if its folder does not exist, or the path is no file's: a
 * folder's, or a device's
 * @throws {EngineError} at `write`, if the file cannot be written; the old file is kept
 */
export function fileWriter(where: string, file: string | URL): FileWriter {
  const given = pathOf(where, file);
  /** Whether the file that is there is worse than the one before it. */
  let isBad = false;
  return {
    async begin(isSound = () => true) {
      const folder = dirname(given);
      const isFolder = async (path: string): Promise<boolean> =>
        (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
      if (!(await isFolder(folder)))
        throw new ValueError(
          `${where}: there is no folder '${folder}' for '${given}': make it first`,
        );
      if (await isFolder(given))
        throw new ValueError(
          `${where}: '${given}' is a folder: name a file in it, as '${join(given, 'model.safetensors')}'`,
        );
      const target = await targetOf(given);
      if ((await stat(target).catch(() => undefined))?.isFile() === false)
        throw new ValueError(`${where}: '${given}' is a device, which no file may replace`);
      await removeLeftovers(target);
      const hasPrevious = await stat(previousOf(target)).catch(() => undefined);
      isBad = hasPrevious !== undefined && !isSound(await readFile(target).catch(() => EMPTY));
    },
    async write(bytes) {
      const target = await targetOf(given);
      const beside = `${target}.${process.pid}-${++writings}`;
      const next = `${beside}.tmp`;
      const kept = `${beside}.kept.tmp`;
      try {
        await writeThrough(next, bytes);
        if (!isBad && (await keep(target, kept))) await rename(kept, previousOf(target));
        await rename(next, target);
        isBad = false;
        await syncFolder(dirname(target));
      } catch (cause) {
        throw new EngineError(
          `${where}: '${given}' cannot be written (${(cause as Error).message}); what was there before is still there`,
          { cause },
        );
      } finally {
        // rename does nothing if both names are of the same file: then the temporary name is still there.
        for (const path of [next, kept]) await rm(path, { force: true }).catch(() => {});
      }
    },
  };
}

/**
 * The newest file at a path, and the one before it.
 *
 * @throws {ValueError} for anything but a path
 */
export function generations(where: string, file: string | URL): Generation[] {
  const newest = pathOf(where, file);
  return [newest, previousOf(newest)].map((name) => ({
    name,
    async read() {
      try {
        return await readFile(name);
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException;
        if (code === 'ENOENT') return undefined;
        throw new EngineError(`it cannot be read (${message})`, { cause });
      }
    },
  }));
}

/** @throws {ValueError} for anything but a path */
function pathOf(where: string, file: string | URL): string {
  const path = file instanceof URL ? fileURLToPath(file) : file;
  if (typeof path === 'string' && path !== '') return path;
  throw new ValueError(`${where}: a path must be a text such as 'best.safetensors', or a URL`);
}

/** The path; if it is a link, the path that the link leads to. */
const targetOf = (path: string): Promise<string> => realpath(path).catch(() => path);

/** Writes a new file to the disk, not only to the system's memory. */
async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await promisify(fsync)(file.fd);
  } finally {
    await file.close();
  }
}

/** Gives a file a second name, or copies it if the file system allows one name only. Returns false if there is no file. */
async function keep(path: string, name: string): Promise<boolean> {
  if (!(await stat(path).catch(() => undefined))) return false;
  await link(path, name).catch(() => copyFile(path, name));
  return true;
}

/** Writes the new names to the disk. Does nothing on Windows, which cannot open folders. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  if (!folder) return;
  await promisify(fsync)(folder.fd).catch(() => {});
  await folder.close();
}

/** Removes the temporary files of programs that have ended. */
async function removeLeftovers(path: string): Promise<void> {
  const begin = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const [, id] =
      /^(\d+)-\d+(\.kept)?\.tmp$/.exec(name.startsWith(begin) ? name.slice(begin.length) : '') ??
      [];
    if (id && !runs(Number(id))) await rm(join(dirname(path), name), { force: true });
  }
}

/** Whether there is a process of this number. */
function runs(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
