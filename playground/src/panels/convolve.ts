// The room of convolutions: one by hand, and the image filters of the library, on a picture or on what the camera sees. They have a worker of their own, so
// that neither waits for the training.

import { fillRoom } from '../address.js';
import type { Panel } from '../app.js';
import { Camera } from '../camera.js';
import { Client } from '../client.js';
import { byId, element, fill, onClick, oneAtATime, onFile, say } from '../dom.js';
import type { NamedFilter } from '../messages.js';
import { pictureOf } from '../sheet.js';
import { byHand } from './byhand.js';

/** Sides of what is filtered, at most. */
const MOST = 360;
const OWN = 'my own';

const normalize = byId('normalize', HTMLInputElement);
const before = byId('image-before', HTMLCanvasElement);
const after = byId('image-after', HTMLCanvasElement);
const context = before.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;

/** Shapes, edges and shades to try filters on. */
function drawScene(): void {
  const side = 320;
  [before.width, before.height] = [side, 240];
  const sky = context.createLinearGradient(0, 0, 0, 240);
  sky.addColorStop(0, '#5b8fb9');
  sky.addColorStop(1, '#f3d9b1');
  context.fillStyle = sky;
  context.fillRect(0, 0, side, 240);
  const shape = (colour: string, path: () => void): void => {
    context.fillStyle = colour;
    context.beginPath();
    path();
    context.fill();
  };
  const polygon =
    (...corners: [number, number][]) =>
    (): void => {
      for (const corner of corners) context.lineTo(...corner);
    };
  shape('#f7f1dc', () => context.arc(250, 55, 26, 0, 7));
  shape(
    '#46637f',
    polygon([0, 170], [80, 70], [150, 160], [210, 95], [320, 190], [320, 240], [0, 240]),
  );
  shape('#3f6b4f', polygon([0, 190], [120, 165], [320, 205], [320, 240], [0, 240]));
  shape('#e8e2d4', polygon([60, 140], [150, 140], [150, 205], [60, 205]));
  shape('#a4493d', polygon([48, 142], [105, 98], [162, 142]));
  shape('#33424f', polygon([78, 160], [98, 160], [98, 180], [78, 180]));
  shape('#33424f', polygon([116, 164], [136, 164], [136, 205], [116, 205]));
  context.fillStyle = '#22303a';
  context.font = '600 26px Georgia, serif';
  context.fillText('edges', 210, 226);
}

/** Draws a picture or a frame of the camera, scaled down. */
function drawSource(source: CanvasImageSource, width: number, height: number): void {
  const factor = Math.min(1, MOST / Math.max(width, height));
  const [w, h] = [Math.round(width * factor), Math.round(height * factor)];
  if (before.width !== w) before.width = w;
  if (before.height !== h) before.height = h;
  context.drawImage(source, 0, 0, w, h);
}

/** The numbers of a filter, which can be changed. */
class KernelTable {
  readonly #place = byId('kernel', HTMLElement);
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  show(rows: NamedFilter['rows']): void {
    this.#place.style.setProperty('--columns', String(rows?.[0].length ?? 1));
    this.#place.classList.toggle('formula', !rows);
    if (!rows) {
      this.#place.replaceChildren('√(Gx² + Gy²), of the two Sobel filters');
      return;
    }
    const cells = rows.flatMap((row, y) =>
      row.map((value, x) => {
        const cell = element('input', { type: 'number', step: 'any' });
        cell.value = String(Math.round(value * 1000) / 1000);
        cell.setAttribute('aria-label', `Row ${y + 1}, column ${x + 1}`);
        cell.addEventListener('input', this.#changed);
        return cell;
      }),
    );
    this.#place.replaceChildren(...cells);
  }

  /** The rows as they are now; what is no number is 0. None where a formula is shown. */
  get rows(): number[][] | undefined {
    const cells = [...this.#place.querySelectorAll('input')];
    if (cells.length === 0) return undefined;
    const numbers = cells.map(({ valueAsNumber }) => valueAsNumber || 0);
    const side = Number(this.#place.style.getPropertyValue('--columns'));
    return Array.from({ length: numbers.length / side }, (_, y) =>
      numbers.slice(y * side, (y + 1) * side),
    );
  }
}

export function convolvePanel(): Panel {
  byHand();
  const choice = byId('filter', HTMLSelectElement);
  let worker: Client | undefined;
  let filters: readonly NamedFilter[] = [];
  let own: NamedFilter['rows'];

  const start = async (): Promise<Client> => {
    const made = new Client();
    worker = made;
    await made.ask('init', { threads: 1 });
    filters = await made.ask('imageFilters', undefined);
    fill(choice, Object.fromEntries([...filters.map(({ name }) => name), OWN].map((n) => [n, n])));
    choice.value = 'sobelX';
    fillRoom('convolve');
    table.show(rowsOf(choice.value));
    drawScene();
    return made;
  };
  const rowsOf = (wanted: string): NamedFilter['rows'] =>
    filters.find(({ name }) => name === wanted)?.rows;
  const chosen = (): NamedFilter['rows'] => (choice.value === OWN ? own : rowsOf(choice.value));
  const refresh = oneAtATime(
    async () => {
      const client = worker ?? (await start());
      const { width, height } = before;
      const { data: pixels } = context.getImageData(0, 0, width, height);
      const request = { pixels, width, height, rows: chosen(), normalize: normalize.checked };
      const result = await client.ask('filterImage', request, [pixels.buffer]);
      if (after.width !== width) after.width = width;
      if (after.height !== height) after.height = height;
      after.getContext('2d')?.putImageData(new ImageData(result, width, height), 0, 0);
    },
    (error) => say('images-message', error.message, true),
  );
  const table = new KernelTable(() => {
    own = table.rows;
    choice.value = OWN;
    refresh();
  });
  const camera = new Camera(
    byId('camera', HTMLButtonElement),
    (video) => {
      drawSource(video, video.videoWidth, video.videoHeight);
      refresh();
    },
    (text, isProblem) => say('images-message', text, isProblem),
  );

  choice.addEventListener('change', () => {
    // One's own begins as what is shown; a formula has no numbers to change.
    if (choice.value === OWN) own ??= table.rows ?? rowsOf('identity');
    table.show(chosen());
    refresh();
  });
  normalize.addEventListener('change', refresh);
  onClick('scene', () => {
    camera.stop();
    drawScene();
    say('images-message', '');
    refresh();
  });
  onFile('filter-file', async (file) => {
    try {
      const picture = await pictureOf(file);
      camera.stop();
      drawSource(picture, picture.width, picture.height);
      say('images-message', '');
      refresh();
    } catch (error) {
      say('images-message', (error as Error).message, true);
    }
  });
  return {
    refresh(why) {
      if (why === 'shown') refresh();
    },
    leave: () => camera.stop(),
  };
}
