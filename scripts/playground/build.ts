// Builds the playground to playground/dist, which any static host can serve, and serves it with the two headers that
// threads need: `npm run playground`.

import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type BuildOptions, build } from 'esbuild';
import { isolation, serve, within } from '../serve.js';
import { writeData } from './data.js';

const source = fileURLToPath(new URL('../../playground/', import.meta.url));
/** The folder to serve. */
export const folder = `${source}dist/`;

const common: BuildOptions = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  // Only Node has them, and a page never asks for them.
  external: ['sharp', 'node:*'],
};

/** The paths of all files in a folder below `folder`, in the same order always. */
const filesIn = (name: string): string[] =>
  readdirSync(folder + name)
    .sort()
    .map((file) => `${name}/${file}`);

/** Bundles the page and its worker with the browser's library, and writes the images beside them. */
export async function buildPlayground(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // Making the images takes seconds, so they are kept.
  for (const name of readdirSync(folder))
    if (name !== 'data') rmSync(folder + name, { recursive: true });
  writeData(`${folder}data`);
  // Page and worker share no files: small modules that both use would be answers of their own.
  const entries = [['src/main.ts', 'src/theme.ts', 'style.css'], ['src/worker.ts']];
  for (const names of entries)
    await build({
      ...common,
      entryPoints: names.map((name) => source + name),
      entryNames: '[name]',
      outdir: `${folder}code`,
      splitting: true,
    });
  // Where the library looks for it first.
  cpSync(`${source}../dist/browser/kernel-thread.js`, `${folder}code/kernel-thread.js`);
  const page = readFileSync(`${source}index.html`, 'utf8');
  const hash = createHash('sha256').update(page);
  for (const file of [...filesIn('code'), ...filesIn('data')])
    hash.update(file).update(readFileSync(folder + file));
  const version = hash.digest('hex').slice(0, 12);
  renameSync(`${folder}code`, folder + version);
  writeFileSync(`${folder}index.html`, page.replaceAll('="code/', `="${version}/`));
  // The page is kept last: where it is, all is.
  const files = [...filesIn(version), ...filesIn('data'), './'];
  await build({
    ...common,
    entryPoints: [`${source}src/offline.ts`],
    outdir: folder,
    define: { BUILD: JSON.stringify({ version, files }) },
  });
}

/** Serves the folder with some headers: see `serve`. */
export const servePlayground = (headers: OutgoingHttpHeaders = isolation, port = 0) =>
  serve({
    fileOf: within(folder),
    headers: () => ({ 'Cache-Control': 'no-cache', ...headers }),
    port,
  });

const help = `Builds the playground to playground/dist and serves it.

  npm run playground -- [--port 8080] [--build]

  --port   where it is served
  --build  builds and serves nothing: any static host can serve the folder; with the headers
           Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp
           all cores work, without them one`;

async function main(): Promise<void> {
  const options = {
    port: { type: 'string' },
    build: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help) return console.log(help);
  await buildPlayground();
  if (values.build) return console.log(`built: ${folder}`);
  const { origin } = await servePlayground(isolation, Number(values.port ?? 8080));
  return console.log(`${origin}/  (Ctrl-C ends it)`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
