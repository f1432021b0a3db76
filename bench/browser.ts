// Chromium, where the libraries compete in a page: bundled as a user's bundler does it, ours from dist/browser.

import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { Page } from 'playwright-core';
import { launchChromium } from '../scripts/check/browsers/chromium.js';
import { isolation, type Server, serve, within } from '../scripts/serve.js';
import { Arena, type Arenas } from './compete.js';
import {
  onnxruntimeTwo,
  type Peer,
  tfjsWasmThreads,
  tfjsWebGl,
  tfjsWebGlSoftware,
  tfjsWebGpu,
  tfjsWebGpuSoftware,
  wasmgradTwo,
} from './peers/index.js';
import { PATIENCE, type PeerHost, type Reply, type Request } from './protocol.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The page. Each peer has a frame in it, because TF.js keeps its one backend in a global of its window. */
const html = `<!doctype html><link rel="icon" href="data:,"><body><script>
  const peers = {};
  const load = (flags) => {
    const { contentWindow } = document.body.appendChild(document.createElement('iframe'));
    contentWindow.flags = flags;
    return contentWindow.eval("import('/peers/page-host.js')");
  };
  globalThis.ask = async (flags, request) =>
    (await (peers[flags] ??= load(flags))).answer(request);
</script>`;

/** What the benchmark imports of our sources that a page gets from the package. */
const sources = ['index', 'tensor/tensor'].map((name) => `${root}src/${name}.js`);

/** The package's files in place of its sources, and of onnxruntime-web what infers by wasm alone. */
const asInstalled: Plugin = {
  name: 'as-installed',
  setup({ onResolve }) {
    onResolve({ filter: /\/src\// }, ({ resolveDir, path }) =>
      sources.includes(resolve(resolveDir, path))
        ? { path: `${root}dist/browser/index.js`, sideEffects: false }
        : undefined,
    );
    onResolve({ filter: /^onnxruntime-web$/ }, () => ({
      path: `${root}bench/node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs`,
    }));
  },
};

/** What the page's frames load, by its paths. */
async function bundled(): Promise<Record<string, string>> {
  const { outputFiles } = await build({
    entryPoints: [`${root}bench/page-host.ts`],
    outdir: root,
    write: false,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    // Imports of JSON are younger than what the library asks for.
    target: 'esnext',
    external: ['node:*'],
    plugins: [asInstalled],
  });
  return Object.fromEntries(
    outputFiles.map(({ path, text }) => [`/peers/${basename(path)}`, text]),
  );
}

/** Serves the page, with the two headers that threads need and without, and the files of packages. */
async function serveAll(): Promise<Server> {
  return serve({
    made: { '/plain/index.html': html, '/isolated/index.html': html, ...(await bundled()) },
    headers: (path) => (path === '/plain/' ? {} : isolation),
    fileOf: within(`${root}bench`),
  });
}

/** A page and the peers in it; one that has ended is opened again. */
class PeersPage {
  readonly #open: () => Promise<Page>;
  #tab: Promise<Page> | undefined;

  constructor(open: () => Promise<Page>) {
    this.#open = open;
  }

  #page(): Promise<Page> {
    this.#tab ??= this.#open().then((tab) => {
      tab.once('crash', () => tab.close());
      tab.once('close', () => {
        this.#tab = undefined;
      });
      return tab;
    });
    return this.#tab;
  }

  /** Starts a peer in the page. */
  async start({ inPage }: Peer): Promise<PeerHost> {
    if (!inPage) throw new Error('no page runs it');
    const tab = await this.#page();
    const ask = (request: Request) =>
      inTime(tab, `ask(${JSON.stringify(inPage)}, ${JSON.stringify(request)})`);
    const about = await ask({ do: 'about' });
    return {
      about,
      ask,
      get alive() {
        return !tab.isClosed();
      },
      stop: () => void tab.close(),
    };
  }
}

/** What a call in a page replies. A page that takes too long is closed, because it does nothing else meanwhile. */
async function inTime(tab: Page, call: string): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer for ${PATIENCE} s`));
      void tab.close();
    }, PATIENCE * 1000);
  });
  try {
    return await Promise.race([tab.evaluate<Reply>(call), late]);
  } catch (error) {
    // Playwright says who was called, and where.
    const [reason] = (error as Error).message.split('\n');
    throw new Error(reason.replace(/^page\.evaluate: (Error: )?/, ''));
  } finally {
    clearTimeout(timer);
  }
}

/** What draws without a graphics card, in the words of browsers. */
const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;

/** TF.js on the page's graphics, by what draws; where there are none, a peer that says so when it is started. */
function graphics(page: PeersPage): Promise<Peer[]> {
  const kinds = [
    [tfjsWebGl, tfjsWebGlSoftware],
    [tfjsWebGpu, tfjsWebGpuSoftware],
  ];
  return Promise.all(
    kinds.map(async ([onCard, onProcessor]) => {
      const about = await page.start(onCard).then(
        (host) => host.about,
        (): Reply => ({}),
      );
      return SOFTWARE.test(about.version ?? '') ? onProcessor : onCard;
    }),
  );
}

/** Starts Chromium, with a page that has no threads, beside TF.js on graphics, and one that has them, beside others. */
export async function browserArenas(): Promise<Arenas> {
  const server = await serveAll();
  const browser = await launchChromium(['--enable-unsafe-webgpu'], { graphics: true });
  const pageAt = (path: string) =>
    new PeersPage(async () => {
      const tab = await browser.newPage();
      await tab.goto(server.origin + path);
      return tab;
    });
  const [plainPage, isolatedPage] = [pageAt('/plain/'), pageAt('/isolated/')];
  const plain = new Arena((peer) => plainPage.start(peer), await graphics(plainPage));
  const others = [onnxruntimeTwo, tfjsWasmThreads];
  const isolated = new Arena((peer) => isolatedPage.start(peer), others);
  return {
    name: `Chromium ${browser.version()}`,
    ...{ plain, isolated },
    backend: async () => (await plain.backend()) ?? (await isolated.backend(wasmgradTwo)) ?? {},
    async close() {
      await browser.close();
      server.close();
    },
  };
}
