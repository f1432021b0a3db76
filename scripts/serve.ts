// A server of static files: for the playground, and for all checks that run in pages.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
  '.gz': 'application/gzip',
};

/** The two headers that threads need. */
export const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Where the file of a path is, undefined for none. */
export type FileOf = (path: string) => string | undefined;

/** Where the file of a path is, for a directory that is served. */
export const within =
  (directory: string): FileOf =>
  (path) => {
    const file = join(directory, path);
    return file.startsWith(join(directory, '/')) ? file : undefined;
  };

/** What is served, and how. */
export interface Served {
  fileOf: FileOf;
  /** Those of each answer, given its path: the two that threads need, by default. */
  headers?: (path: string) => OutgoingHttpHeaders;
  /** Texts that are no files, by their paths. */
  made?: Readonly<Record<string, string>>;
  /** Any free one by default. */
  port?: number;
}

/** A server that runs. */
export interface Server {
  origin: string;
  /** Ends it. */
  close(): void;
}

/** Serves files. */
export async function serve(served: Served): Promise<Server> {
  const { fileOf, headers = () => isolation, made = {}, port = 0 } = served;
  /** What a path leads to. */
  const bodyOf = (name: string): Buffer | undefined => {
    if (made[name] !== undefined) return Buffer.from(made[name]);
    const file = fileOf(name);
    return file && existsSync(file) && statSync(file).isFile() ? readFileSync(file) : undefined;
  };
  const server = createServer(({ url = '/' }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const name = path.endsWith('/') ? `${path}index.html` : path;
    const body = bodyOf(name);
    const length = { 'Content-Length': body?.length ?? 0 };
    if (!body) return response.writeHead(404, { ...length, ...headers(path) }).end();
    const type = { 'Content-Type': types[extname(name)] ?? 'application/octet-stream' };
    return response.writeHead(200, { ...type, ...length, ...headers(path) }).end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, close };
}
