// Models as files, and one that the browser keeps.

import type { App } from '../app.js';
import { onClick, onFile, say } from '../dom.js';
import { save } from '../save.js';
import { openStore, putLast, readLast } from '../store.js';
import { putAside } from '../work.js';

/** Where the browser keeps the model. */
const STORE = 'wasmgrad-playground';

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
  await putAside(app);
  const loaded = await app.worker.ask('load', { bytes, steps: 0, epochs: 0 }, [bytes]);
  // The ready networks' names are for what the editor can show as such.
  app.show(loaded.layers ? loaded : { ...loaded, name: `${loaded.name}-from-file` });
  tell(`${what} was loaded: ${loaded.rows.length} layers. Start goes on training it.`);
}

export function filesPanel(app: App): void {
  onClick('download', async () => {
    try {
      const bytes = await app.worker.ask('save', undefined);
      const download = `${app.network?.name ?? 'model'}.safetensors`;
      save(download, bytes);
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
      await putLast(await openStore(STORE), bytes);
      tell(`Kept: ${Math.ceil(bytes.length / 1024)} KiB, until this browser’s data are cleared.`);
    } catch (error) {
      problem('The model was not kept', error);
    }
  });
  onClick('kept', async () => {
    try {
      const kept = await readLast(await openStore(STORE));
      if (kept) await load(app, 'The kept model', kept.bytes);
      else say('files-message', 'This browser has kept no model yet: keep one first.', true);
    } catch (error) {
      problem('The kept model was not loaded', error);
    }
  });
}
