// The page's address holds room, data, network and settings: a link shows another visitor the same, and a reload finds
// it again. #room=look&data=mnist&network=lenet5&epochs=10&batch=64&rate=0.03&optimizer=sgd&v=1

import { type App, type Network, notice } from './app.js';
import { type DatasetName, datasets } from './datasets.js';
import { byId, type Field, put } from './dom.js';
import { complaint, type LayerSpec, layerKinds, presets, specOf } from './networks.js';
import { form, setTrainingOption, trainingOptions } from './settings.js';

/** Of these words and what they mean; another one is told of. */
const VERSION = '1';

/** Layers as text: conv2d(filters=6,kernelSize=5);flatten() */
const textOf = (layers: readonly LayerSpec[]): string =>
  layers
    .map(({ type, options }) => {
      const list = Object.entries(options).map(([name, value]) => `${name}=${value}`);
      return `${type}(${list.join(',')})`;
    })
    .join(';');

/** A number, yes or no, or a word. */
function optionOf(text: string): number | boolean | string {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The layers of a text, if it is one that the editor can hold. */
function layersOf(text: string): LayerSpec[] | undefined {
  const layers = text.split(';').map((one) => {
    const [, type, list] = /^(\w+)\((.*)\)$/.exec(one) ?? [];
    if (!type || !Object.hasOwn(layerKinds, type)) return undefined;
    const pairs = list ? list.split(',').map((pair) => pair.split('=')) : [];
    return specOf(
      type,
      Object.fromEntries(pairs.map(([name, value = '']) => [name, optionOf(value)])),
    );
  });
  const known = layers.filter((layer) => layer !== undefined);
  return known.length === layers.length && !known.some(complaint) ? known : undefined;
}

/** The words of the training in the address, and in the form. */
const settings = {
  epochs: 'epochs',
  batch: 'batchSize',
  rate: 'learningRate',
  optimizer: 'optimizer',
} as const;

/** What the address says of fields whose room is not here yet. */
const waiting = new Map<string, string>();

/** The fields behind the first room that the address has a word for: their `data-word`. */
const fieldsIn = (place: ParentNode): Field[] => [...place.querySelectorAll<Field>('[data-word]')];

const wordOf = ({ dataset }: Field): string => dataset.word as string;

/** Fills in what the address says of a room that has come, list by list as they have something to choose from. */
export function fillRoom(room: string): void {
  const wrong: [string, string][] = [];
  for (const field of fieldsIn(byId(room, HTMLElement))) {
    if (field instanceof HTMLSelectElement && field.length === 0) continue;
    const word = wordOf(field);
    field.dataset.usual ??= field.value;
    const value = waiting.get(word);
    if (value === undefined) continue;
    waiting.delete(word);
    if (put(field, value)) field.dispatchEvent(new Event('change', { bubbles: true }));
    else wrong.push([word, value]);
  }
  unknown.push(...wrong);
  if (wrong.length > 0) tellUnknown(wrong);
}

/** What the address says of a room: what is not as usual there, or waits for it. */
const wordsOf = (room: string): [string, string][] =>
  fieldsIn(byId(room, HTMLElement)).flatMap((field): [string, string][] => {
    const word = wordOf(field);
    const value = waiting.get(word) ?? field.value;
    const isUsual = !waiting.has(word) && value === (field.dataset.usual ?? value);
    return isUsual ? [] : [[word, value]];
  });

/** What an address asks for. */
export interface Wish {
  readonly room: string | undefined;
  readonly dataset: DatasetName;
  readonly network: Pick<Network, 'name' | 'layers'>;
}

/** What the address has that this page does not know: it stays there. */
let unknown: [string, string][] = [];

/** The part of the address after # that was read or written last. */
let last = '';

/** Reads the address, fills in the settings, and says what in it this page does not know. */
export function readAddress(rooms: readonly string[]): Wish {
  last = location.hash;
  const given = new URLSearchParams(last.slice(1));
  const take = <T>(word: string, read: (text: string) => T | undefined): T | undefined => {
    const text = given.get(word);
    if (text === null) return undefined;
    const found = read(text);
    if (found !== undefined) given.delete(word);
    return found;
  };
  const room = take('room', (text) => rooms.find((name) => name === text));
  const dataset = take('data', (text) =>
    Object.hasOwn(datasets, text) ? (text as DatasetName) : undefined,
  );
  const ready = take('network', (text) =>
    Object.hasOwn(presets, text) ? (text as keyof typeof presets) : undefined,
  );
  const layers = take('layers', layersOf);
  for (const [word, name] of Object.entries(settings))
    take(word, (text) => setTrainingOption(name, text) || undefined);
  const version = given.get('v');
  given.delete('v');
  for (const word of fieldsIn(document).map(wordOf)) take(word, (text) => waiting.set(word, text));
  unknown = [...given];
  if (unknown.length > 0 || (version !== null && version !== VERSION)) tellUnknown(unknown);
  const name = ready ?? 'lenet5';
  return {
    room,
    dataset: dataset ?? 'mnist',
    network: layers ? { name: 'edited', layers } : { name, layers: presets[name].layers },
  };
}

function tellUnknown(words: readonly [string, string][]): void {
  const list = words.map(([word, text]) => (text ? `${word}=${text}` : word)).join(', ');
  notice(
    'This link is of another version of the page.',
    list
      ? `Not known here: ${list}. All else was taken as it says; what you had trained is kept.`
      : 'All that it says is known here.',
    'hint',
  );
}

/** Writes what is on screen into the address. */
function write(app: App, room: string): void {
  const { dataset, network } = app;
  const options = trainingOptions();
  const words: [string, string][] = [
    ['room', room],
    ['data', dataset],
  ];
  if (network && Object.hasOwn(presets, network.name)) words.push(['network', network.name]);
  else if (network?.layers) words.push(['layers', textOf(network.layers)]);
  for (const [word, name] of Object.entries(settings))
    if (form.checkValidity()) words.push([word, String(options[name])]);
  const all = [...words, ...wordsOf(room), ...unknown, ['v', VERSION]];
  const text = all.map(([word, value]) => `${word}=${plain(value)}`).join('&');
  // Where somebody has just followed another link, the page is about to be loaded anew by it.
  if (location.hash !== last || `#${text}` === last) return;
  history.replaceState(null, '', `#${text}`);
  last = location.hash;
}

/** As an address needs it, and no less readable. */
const plain = (value: string): string =>
  encodeURIComponent(value).replaceAll('%3B', ';').replaceAll('%2C', ',').replaceAll('%3D', '=');

/** Keeps the address at what is on screen. @param room the one that is shown */
export function keepAddress(app: App, room: () => string): () => void {
  const soon = (): void => write(app, room());
  for (const event of ['network', 'data'] as const) app.listen(event, soon);
  form.addEventListener('change', soon);
  byId('panels', HTMLElement).addEventListener('change', soon);
  // Another link in the same page: what was trained is kept, so that it can begin anew.
  addEventListener('hashchange', () => location.reload());
  return soon;
}

/** Whether two networks are the same for an address. */
export const isSame = (
  a: Pick<Network, 'name' | 'layers'>,
  b: Pick<Network, 'name' | 'layers'>,
): boolean => textOf(a.layers ?? []) === textOf(b.layers ?? []);
