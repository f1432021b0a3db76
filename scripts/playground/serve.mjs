// A server of static files: for the playground, and for all checks that run in pages.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const types = {
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

/** Where the file of a path is, for a directory that is served. */
export const within = (directory) => (path) => {
  const file = join(directory, path);
  return file.startsWith(join(directory, '/')) ? file : undefined;
};

/**
 * Serves files.
 *
 * @param fileOf where the file of a path is, undefined for none
 * @param headers those of each answer, given its path
 * @param made texts that are no files, by their paths
 * @param port any free one by default
 * @returns its origin, and what ends it
 */
export async function serve({ fileOf, headers = () => isolation, made = {}, port = 0 }) {
  const server = createServer(({ url }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const name = path.endsWith('/') ? `${path}index.html` : path;
    const file = made[name] === undefined ? fileOf(name) : undefined;
    const found = file && existsSync(file) && statSync(file).isFile();
    if (!found && made[name] === undefined)
      return response.writeHead(404, { 'Content-Length': 0, ...headers(path) }).end();
    const type = types[extname(name)] ?? 'application/octet-stream';
    const body = Buffer.from(made[name] ?? readFileSync(file));
    const length = { 'Content-Type': type, 'Content-Length': body.length };
    response.writeHead(200, { ...length, ...headers(path) });
    return response.end(body);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://localhost:${server.address().port}`, close };
}
