// The page: starts the worker, then the panels. All that computes is in workers.

import { App, notice, sentence } from './app.js';
import { byId, onClick, say } from './dom.js';
import { presets } from './networks.js';
import { activationsPanel } from './panels/activations.js';
import { codePanel } from './panels/code.js';
import { drawPanel } from './panels/draw.js';
import { filesPanel } from './panels/files.js';
import { filtersPanel } from './panels/filters.js';
import { imagesPanel } from './panels/images.js';
import { mistakesPanel } from './panels/mistakes.js';
import { networkPanel } from './panels/network.js';
import { speedPanel } from './panels/speed.js';
import { trainPanel } from './panels/train.js';
import { tabs } from './tabs.js';

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

// It is for pages that get no further than their text.
byId('unserved', HTMLElement).remove();
const app = new App();
const loadImages = trainPanel(app);
const current = tabs({
  network: networkPanel(app),
  draw: drawPanel(app),
  filters: filtersPanel(app),
  activations: activationsPanel(app),
  mistakes: mistakesPanel(app),
  images: imagesPanel(),
  speed: speedPanel(app),
  files: filesPanel(app),
  code: codePanel(app),
});
for (const event of ['network', 'data', 'progress', 'epoch'] as const)
  app.listen(event, () => current().refresh?.(event));
byId('setup', HTMLFormElement).addEventListener('change', () => current().refresh?.('status'));
themeButton(app);
// The first network is known before the images are here.
app.network = { name: 'lenet5', layers: presets.lenet5.layers, rows: [] };
start(app, loadImages);
