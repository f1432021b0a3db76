// A sheet to draw on, and what the network takes the drawing for, as it is drawn.

import type { App, Panel } from '../app.js';
import { centred } from '../centre.js';
import { datasets, SIDE } from '../datasets.js';
import { bar, byId, onClick, oncePerFrame, oneAtATime, onFile, percent, say } from '../dom.js';
import { drawPixels } from '../pictures.js';

/** Width of the pen, of the sheet's 280 pixels. */
const PEN = 22;

/** Ink on the sheet, from a pointer. */
class Sheet {
  readonly canvas = byId('sheet', HTMLCanvasElement);
  readonly #context = this.canvas.getContext('2d', {
    willReadFrequently: true,
  }) as CanvasRenderingContext2D;

  /** @param changed is told of each stroke while it is drawn */
  constructor(changed: () => void) {
    this.clear();
    let last: [number, number] | undefined;
    // Other fingers than the first would draw lines from one to the next.
    let pen: number | undefined;
    this.canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || pen !== undefined) return;
      pen = event.pointerId;
      this.canvas.setPointerCapture(event.pointerId);
      last = this.#place(event);
      this.#line(last, last);
      changed();
    });
    this.canvas.addEventListener('pointermove', (event) => {
      if (!last || event.pointerId !== pen) return;
      // A frame may have seen several moves.
      const moves = event.getCoalescedEvents?.() ?? [];
      for (const move of moves.length > 0 ? moves : [event]) {
        const next = this.#place(move);
        this.#line(last, next);
        last = next;
      }
      changed();
    });
    const end = ({ pointerId }: PointerEvent) => {
      if (pointerId !== pen) return;
      pen = undefined;
      last = undefined;
    };
    this.canvas.addEventListener('pointerup', end);
    this.canvas.addEventListener('pointercancel', end);
    // A capture may end without either of them.
    this.canvas.addEventListener('lostpointercapture', end);
  }

  clear(): void {
    this.#context.fillStyle = '#000';
    this.#context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Puts a picture on it, as large as there is room. */
  show(picture: CanvasImageSource & { width: number; height: number }, invert: boolean): void {
    this.clear();
    const { width, height } = this.canvas;
    const factor = Math.min(width / picture.width, height / picture.height);
    const [w, h] = [picture.width * factor, picture.height * factor];
    this.#context.filter = invert ? 'grayscale(1) invert(1)' : 'grayscale(1)';
    this.#context.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
    this.#context.filter = 'none';
  }

  #place({ clientX, clientY }: PointerEvent): [number, number] {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [
      ((clientX - left) / width) * this.canvas.width,
      ((clientY - top) / height) * this.canvas.height,
    ];
  }

  #line(from: [number, number], to: [number, number]): void {
    const context = this.#context;
    context.strokeStyle = '#fff';
    context.lineWidth = PEN;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
  }
}

/** Whether a picture's border is bright: it is ink on paper then, and not light on dark. */
function isPaper(picture: ImageBitmap): boolean {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  context.drawImage(picture, 0, 0, SIDE, SIDE);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  const border = Array.from({ length: SIDE }, (_, i) => [i, (SIDE - 1) * SIDE + i]).flat();
  return border.reduce((sum, i) => sum + data[4 * i], 0) / border.length > 127;
}

/** The picture of a file. @throws an error that says what to do where it is none */
export async function pictureOf(file: File): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch {
    throw new Error(
      `“${file.name}” is no image that this browser can read: try a PNG or JPEG file.`,
    );
  }
}

export function drawPanel(app: App): Panel {
  let bars: ReturnType<typeof bar>[] = [];
  const verdict = byId('verdict', HTMLElement);
  const seen = byId('seen', HTMLCanvasElement);
  const classify = oneAtATime(
    async () => {
      const { drawing, dataset } = app;
      if (!drawing || app.status === 'starting') return;
      const probabilities = await app.worker.ask('predict', drawing);
      const best = probabilities.indexOf(Math.max(...probabilities));
      bars.forEach(({ row, set }, i) => {
        set(probabilities[i], percent(probabilities[i]));
        row.classList.toggle('best', i === best);
      });
      verdict.textContent = datasets[dataset].classes[best];
    },
    (error) => say('draw-message', error.message, true),
  );
  const changed = oncePerFrame(() => see(centred(sheet.canvas)));
  const see = (pixels: Uint8Array<ArrayBuffer> | undefined): void => {
    app.drawing = pixels;
    drawPixels(seen, pixels ?? new Uint8Array(SIDE * SIDE));
    if (pixels) classify();
    else empty();
  };
  const empty = (): void => {
    verdict.textContent = 'Draw something.';
    for (const { row, set } of bars) {
      set(0, '');
      row.classList.remove('best');
    }
  };
  const sheet = new Sheet(changed);
  onClick('clear', () => {
    sheet.clear();
    say('draw-message', '');
    see(undefined);
  });
  onClick('sample', async () => {
    try {
      const { pixels, label } = await app.worker.ask('testImage', Math.floor(Math.random() * 1000));
      drawPixels(seen, pixels);
      sheet.show(seen, false);
      say('draw-message', `A test image: ${datasets[app.dataset].classes[label]}.`);
      see(pixels);
    } catch (error) {
      say('draw-message', (error as Error).message, true);
    }
  });
  onFile('image-file', async (file) => {
    try {
      const picture = await pictureOf(file);
      const { width, height } = picture;
      sheet.show(picture, isPaper(picture));
      const fits = width === SIDE && height === SIDE;
      say(
        'draw-message',
        fits
          ? ''
          : `“${file.name}” is ${width} × ${height} pixels, and the network reads ${SIDE} × ${SIDE}: it was scaled and centred. Crop it to one digit or one thing if that goes wrong.`,
      );
      see(centred(sheet.canvas));
    } catch (error) {
      say('draw-message', (error as Error).message, true);
    }
  });
  app.listen('data', (dataset) => {
    bars = datasets[dataset].classes.map((name) => bar(name));
    byId('probabilities', HTMLElement).replaceChildren(...bars.map(({ row }) => row));
    empty();
  });
  return { refresh: classify };
}
