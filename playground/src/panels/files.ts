// Models as files, and one that the browser keeps.

import type { App, Panel } from '../app.js';
import { element, onClick, onFile, say } from '../dom.js';

/** Where the browser keeps the model. */
const CACHE = 'wasmgrad-playground';
const KEPT = 'kept-model';

const tell = (text: string): void => say('files-message', text);

/** What happened, and what to do. */
function problem(what: string, error: unknown): void {
  const { name, message } = error as Error;
  const help = {
    QuotaExceededError:
      'the browser’s storage is full: delete what other pages keep, or download the model instead.',
    FormatError: `it is no model of wasmgrad, or damaged (${message}). Take a .safetensors file that “Download the model” or model.toBytes() made.`,
    SecurityError: 'the browser keeps nothing for this page: download the model instead.',
  }[name];
  say('files-message', `${what}: ${help ?? message}`, true);
}

async function load(app: App, what: string, bytes: ArrayBuffer): Promise<void> {
  const loaded = await app.worker.ask('load', bytes, [bytes]);
  // The ready networks' names are for what the editor can show as such.
  app.show(loaded.layers ? loaded : { ...loaded, name: `${loaded.name}-from-file` });
  tell(`${what} was loaded: ${loaded.rows.length} layers. Start goes on training it.`);
}

async function openCache(): Promise<Cache> {
  if ('caches' in globalThis) return caches.open(CACHE);
  throw new DOMException('pages have storage from https:// or localhost only', 'SecurityError');
}

export function filesPanel(app: App): Panel {
  onClick('download', async () => {
    try {
      const bytes = await app.worker.ask('save', undefined);
      const href = URL.createObjectURL(new Blob([bytes]));
      const download = `${app.network?.name ?? 'model'}.safetensors`;
      element('a', { href, download }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
      tell(`${download}, ${Math.ceil(bytes.length / 1024)} KiB: \`loadModel(bytes)\` reads it.`);
    } catch (error) {
      problem('The model was not saved', error);
    }
  });
  onFile('model-file', async (file) => {
    try {
      await load(app, `“${file.name}”`, await file.arrayBuffer());
    } catch (error) {
      problem(`“${file.name}” was not loaded`, error);
    }
  });
  onClick('keep', async () => {
    try {
      const bytes = await app.worker.ask('save', undefined);
      const cache = await openCache();
      // Under a name of its own, as WebKitGTK loses what is put in the place of another; those before go last.
      const before = await cache.keys();
      await cache.put(`${KEPT}?${Date.now()}`, new Response(bytes));
      for (const old of before) await cache.delete(old);
      tell(`Kept: ${Math.ceil(bytes.length / 1024)} KiB, until this browser’s data are cleared.`);
    } catch (error) {
      problem('The model was not kept', error);
    }
  });
  onClick('kept', async () => {
    try {
      const cache = await openCache();
      const last = (await cache.keys()).at(-1);
      const response = last && (await cache.match(last));
      if (response) await load(app, 'The kept model', await response.arrayBuffer());
      else say('files-message', 'This browser has kept no model yet: keep one first.', true);
    } catch (error) {
      problem('The kept model was not loaded', error);
    }
  });
  return {};
}
