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

/** The file for a path; undefined if there is none. */
export type FileOf = (path: string) => string | undefined;

/** The file for a path in a directory. */
export const within =
  (directory: string): FileOf =>
  (path) => {
    const file = join(directory, path);
    return file.startsWith(join(directory, '/')) ? file : undefined;
  };

/** What to serve, and how. */
export interface Served {
  fileOf: FileOf;
  /** The headers of each answer, by its path; by default the two that threads need. */
  headers?: (path: string) => OutgoingHttpHeaders;
  /** Texts to serve that are not in files, by their paths. */
  made?: Readonly<Record<string, string>>;
  /** By default any free port. */
  port?: number;
}

/** A running server. */
export interface Server {
  origin: string;
  /** Ends the server. */
  close(): void;
}

/** Serves files. */
export async function serve(served: Served): Promise<Server> {
  const { fileOf, headers = () => isolation, made = {}, port = 0 } = served;
  /** The body of the answer for a path. */
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
