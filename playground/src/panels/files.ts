// Models as files, and one that the browser keeps.

import type { App } from '../app.js';
import { bytesOf, onClick, onFiles, say } from '../dom.js';
import type { LoadedNetwork } from '../messages.js';
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
    FormatError: `it is no model that can be read, or damaged (${message}). Take a file that “Download the model” or model.toBytes() made, an .onnx file, or a TF.js model’s .json with its .bin files.`,
    SecurityError: 'the browser keeps nothing for this page: download the model instead.',
  }[name];
  say('files-message', `${what}: ${help ?? message}`, true);
}

/** Shows what the worker has loaded. */
async function load(app: App, what: string, loading: () => Promise<LoadedNetwork>): Promise<void> {
  await putAside(app);
  const loaded = await loading();
  // The ready networks' names are for what the editor can show as such.
  app.show(loaded.layers ? loaded : { ...loaded, name: `${loaded.name}-from-file` });
  tell(`${what} was loaded: ${loaded.rows.length} layers. Start goes on training it.`);
}

/** Hands the visitor a file with what reads it. */
async function download(app: App, kind: 'safetensors' | 'onnx'): Promise<void> {
  const isOnnx = kind === 'onnx';
  const bytes = await app.worker.ask(isOnnx ? 'saveOnnx' : 'save', undefined);
  const name = `${app.network?.name ?? 'model'}.${kind}`;
  save(name, bytes);
  const reader = isOnnx ? 'ONNX Runtime and other programs read' : '`loadModel(bytes)` reads';
  tell(`${name}, ${Math.ceil(bytes.length / 1024)} KiB: ${reader} it.`);
}

export function filesPanel(app: App): void {
  for (const kind of ['safetensors', 'onnx'] as const)
    onClick(`download-${kind}`, () =>
      download(app, kind).catch((error) => problem('The model was not saved', error)),
    );
  onFiles('model-file', async (files) => {
    const what = `“${files[0].name}”`;
    try {
      const all = await bytesOf(files);
      await load(app, what, () => app.worker.ask('loadFiles', all));
    } catch (error) {
      problem(`${what} was not loaded`, error);
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
      if (!kept)
        return say('files-message', 'This browser has kept no model yet: keep one first.', true);
      const { bytes } = kept;
      return await load(app, 'The kept model', () =>
        app.worker.ask('load', { bytes, steps: 0, epochs: 0 }, [bytes]),
      );
    } catch (error) {
      return problem('The kept model was not loaded', error);
    }
  });
}
