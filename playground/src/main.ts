// The page: starts the worker, then the panels. All that computes is in workers.

import { fillRoom, isSame, keepAddress, readAddress } from './address.js';
import { App, notice, sentence } from './app.js';
import { byId, onClick, say } from './dom.js';
import { networkPanel } from './panels/network.js';
import { trainPanel } from './panels/train.js';
import { form } from './settings.js';
import { strip } from './strip.js';
import { later, tabs } from './tabs.js';
import { explainTerms } from './terms.js';
import { keepWork, keptWork, offer } from './work.js';

/** What to do about an engine that did not start. */
function helpWith(message: string): string {
  if (/Content.Security.Policy|unsafe-eval/i.test(message))
    return "This page’s Content-Security-Policy forbids WebAssembly: serve it with script-src 'self' 'wasm-unsafe-eval' and worker-src 'self' blob:.";
  if (/script did not load/.test(message))
    return 'Serve the whole folder that `npm run playground -- --build` made, and reload the page.';
  if (/SIMD/.test(message)) return 'Open the page in a newer browser.';
  return 'Reload the page; if that does not help, open it in a current Chrome, Edge, Firefox or Safari.';
}

async function start(app: App, loadImages: () => Promise<void>): Promise<void> {
  try {
    const { threads, simd, crossOriginIsolated } = await app.worker.ask('init', {});
    app.threads = threads;
    byId('engine', HTMLOutputElement).textContent =
      `${threads} ${threads > 1 ? 'threads' : 'thread'} · ${simd} SIMD`;
    if (!crossOriginIsolated)
      notice(
        'One thread.',
        'All cores work where the page is served with two headers, Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp. Everything else is the same.',
        'hint',
      );
    await loadImages();
  } catch (error) {
    const { message } = error as Error;
    app.status = 'failed';
    byId('engine', HTMLOutputElement).textContent = 'not running';
    say('train-message', 'Nothing can be trained here.', true);
    notice('The engine did not start.', `${sentence(message)} ${helpWith(message)}`, 'problem');
  }
}

function themeButton(app: App): void {
  const root = document.documentElement;
  onClick('theme', () => {
    const theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
    root.dataset.theme = theme;
    try {
      localStorage.setItem('theme', theme);
    } catch {
      // It lasts until the page is left.
    }
  });
  new MutationObserver(() => app.tell('theme', undefined)).observe(root, {
    attributeFilter: ['data-theme'],
  });
}

/** Keeps the page for times without a network, where the browser can: not from http:// on another machine. */
async function keepPage(): Promise<void> {
  const { serviceWorker } = navigator;
  await serviceWorker.register(new URL('../offline.js', import.meta.url));
  await serviceWorker.ready;
  byId('offline', HTMLElement).hidden = false;
}

// It is for pages that get no further than their text.
byId('unserved', HTMLElement).remove();
const app = new App();
const begin = strip(app);
const code = () => import('./rooms.js');
const panels = {
  train: trainPanel(app),
  network: networkPanel(app),
  look: later('look', async () => (await code()).lookPanel(app)),
  mistakes: later('mistakes', async () => (await code()).mistakesPanel(app)),
  convolve: later('convolve', async () => (await code()).convolvePanel(), fillRoom),
  teach: later('teach', async () => (await code()).teachPanel(app)),
  compare: later('compare', async () => (await code()).comparePanel(app), fillRoom),
  speed: later('speed', async () => (await code()).speedPanel(app)),
  files: later('files', async () => (await code()).takePanel(app)),
};
const rooms = tabs(panels, () => remember());
app.open = rooms.open;
const remember = keepAddress(app, () => rooms.name);
for (const event of ['network', 'data', 'progress', 'epoch', 'image'] as const)
  app.listen(event, () => rooms.panel.refresh?.(event));
form.addEventListener('change', () => rooms.panel.refresh?.('status'));
themeButton(app);
explainTerms();
// Not by the address, which holds what is on screen.
byId('skip', HTMLAnchorElement).addEventListener('click', (event) => {
  event.preventDefault();
  byId(`tab-${rooms.name}`, HTMLElement).focus();
});
const wish = readAddress(Object.keys(panels));
// The first network is known before the images are here.
app.dataset = wish.dataset;
app.network = { ...wish.network, rows: [] };
byId('dataset', HTMLSelectElement).value = wish.dataset;
rooms.open(wish.room ?? 'train');
start(app, async () => {
  const kept = await keptWork();
  const isWished =
    kept !== undefined && kept.dataset === wish.dataset && isSame(kept.network, wish.network);
  await begin(isWished ? kept : undefined);
  if (kept && !isWished) offer(app, kept);
  keepWork(app);
  // So that rooms open at once.
  await code().catch(() => {});
  await keepPage().catch(() => {});
});
