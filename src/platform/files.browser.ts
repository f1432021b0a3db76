// The browser's twin of files.ts: files are in the site's own folder (OPFS), or in a database where a browser cannot
// replace files there. Nobody else sees them.

import { EngineError, ValueError } from '../base/errors.js';
import { type FileWriter, type Generation, previousOf } from './filewriter.js';

/** Where files are. */
interface Store {
  read(name: string): Promise<Uint8Array | undefined>;
  /** Replaces a file as a whole, and keeps the old one under another name, if there is one for it. */
  replace(
    name: string,
    previous: string | undefined,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<void>;
}

/** A page that was closed amid `replace` may have left the new file under this name, and one of the other two missing. */
const nextOf = (name: string): string => `${name}.next`;

/** What TypeScript's library does not know yet. */
type Movable = FileSystemFileHandle & { move(name: string): Promise<void> };

/** Where the browser has a folder of the site, whose files can be written at once and moved. */
async function folder(): Promise<Store | undefined> {
  const { FileSystemFileHandle: handles, navigator } = globalThis;
  const able = handles && 'createWritable' in handles.prototype && 'move' in handles.prototype;
  // Private windows may have the functions, and refuse the folder.
  const root = able ? await navigator.storage?.getDirectory().catch(() => undefined) : undefined;
  if (!root) return undefined;
  const find = async (name: string, create = false): Promise<Movable | undefined> =>
    root.getFileHandle(encodeURIComponent(name), { create }).catch((error: Error) => {
      if (error.name === 'NotFoundError') return undefined;
      throw error;
    }) as Promise<Movable | undefined>;
  const moved = async (from: string, to: string): Promise<void> => {
    const file = await find(from);
    if (!file) return;
    if (await find(to)) await root.removeEntry(encodeURIComponent(to));
    await file.move(encodeURIComponent(to));
  };
  const bytesOf = async (name: string): Promise<Uint8Array | undefined> => {
    const file = await (await find(name))?.getFile();
    return file && new Uint8Array(await file.arrayBuffer());
  };
  return {
    read: bytesOf,
    async replace(name, previous, bytes) {
      // A saving that was broken off after its file was whole is ended first.
      if (!(await find(name)) && (await bytesOf(nextOf(name)))?.length)
        await moved(nextOf(name), name);
      const next = await find(nextOf(name), true);
      const stream = await (next as Movable).createWritable();
      try {
        await stream.write(bytes);
        // The file is replaced here, as a whole.
        await stream.close();
      } catch (error) {
        await stream.abort().catch(() => {});
        throw error;
      }
      if (previous) await moved(name, previous);
      await moved(nextOf(name), name);
    },
  };
}

const TABLE = 'files';

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** A database: a transaction replaces a file and keeps the old one. */
async function database(): Promise<Store> {
  const opening = globalThis.indexedDB.open('wasmgrad', 1);
  opening.onupgradeneeded = () => void opening.result.createObjectStore(TABLE);
  const db = await done(opening);
  return {
    read: (name) => done(db.transaction(TABLE).objectStore(TABLE).get(name)),
    async replace(name, previous, bytes) {
      const transaction = db.transaction(TABLE, 'readwrite', { durability: 'strict' });
      const finished = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      const table = transaction.objectStore(TABLE);
      const old = previous && (await done(table.get(name)));
      if (old) table.put(old, previous);
      table.put(bytes, name);
      await finished;
    },
  };
}

let opened: Promise<Store> | undefined;

/** The store of the site. @throws {EngineError} where the browser has none */
async function store(where: string): Promise<Store> {
  try {
    opened ??= folder().then((found) => found ?? database());
    return await opened;
  } catch (cause) {
    opened = undefined;
    throw new EngineError(
      `${where}: the browser keeps no files for this page (${(cause as Error).message}): private windows and blocked cookies do that; give { save: (bytes) => … } instead`,
      { cause },
    );
  }
}

/** @throws {ValueError} for anything but a name */
function checkName(where: string, name: unknown): asserts name is string {
  if (typeof name === 'string' && name !== '') return;
  throw new ValueError(`${where}: in a browser a path is a name such as 'best.safetensors'`);
}

/**
 * A writer of the file of a name.
 *
 * @throws {ValueError} for anything but a name
 * @throws {EngineError} at `begin`, where the browser keeps no files; at `write`, if there is no room: the old file is kept
 */
export function fileWriter(where: string, name: string | URL): FileWriter {
  checkName(where, name);
  const previous = previousOf(name);
  /** Whether the file that is there is worse than the one before it. */
  let isBad = false;
  return {
    async begin(isSound = () => true) {
      const { read } = await store(where);
      const newest = (await read(name)) ?? (await read(nextOf(name)));
      isBad = (await read(previous)) !== undefined && newest !== undefined && !isSound(newest);
    },
    async write(bytes) {
      const { replace } = await store(where);
      await replace(name, isBad ? undefined : previous, bytes).catch((cause: Error) => {
        throw new EngineError(
          `${where}: '${name}' cannot be written (${cause.message || cause.name}); what was there before is still there`,
          { cause },
        );
      });
      isBad = false;
    },
  };
}

/** The newest file of a name, and the one before it. @throws {ValueError} for anything but a name */
export function generations(where: string, name: string | URL): Generation[] {
  checkName(where, name);
  return [name, previousOf(name)].map((one) => ({
    name: one,
    async read() {
      const { read } = await store(where);
      try {
        return (await read(one)) ?? (await read(nextOf(name)));
      } catch (cause) {
        const { message } = cause as Error;
        throw new EngineError(`it cannot be read (${message})`, { cause });
      }
    },
  }));
}
