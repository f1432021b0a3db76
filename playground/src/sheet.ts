// A sheet to draw on, and pictures from files.

import { SIDE } from './datasets.js';

/** Width of the pen, of the sheet's 280 pixels. */
const PEN = 22;

/** How a picture is put on a sheet: as it is, in grey, or dark for light. */
export type Look = 'colour' | 'grey' | 'inverted';

const filters: Readonly<Record<Look, string>> = {
  colour: 'none',
  grey: 'grayscale(1)',
  inverted: 'grayscale(1) invert(1)',
};

/** What can be put on a sheet. */
type Source = CanvasImageSource & { readonly width: number; readonly height: number };

/** Width and height; those of a video's own pictures. */
const sizeOf = (picture: Source): [number, number] =>
  picture instanceof HTMLVideoElement
    ? [picture.videoWidth, picture.videoHeight]
    : [picture.width, picture.height];

/** Ink on a sheet, from a pointer. */
export class Sheet {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  /** Whether a picture is on it: who draws then begins a new sheet. */
  #isPicture = false;

  /** @param changed is told of each stroke while it is drawn */
  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    this.canvas = canvas;
    this.#context = canvas.getContext('2d', {
      willReadFrequently: true,
    }) as CanvasRenderingContext2D;
    this.clear();
    let last: [number, number] | undefined;
    // Other fingers than the first would draw lines from one to the next.
    let pen: number | undefined;
    this.canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || pen !== undefined) return;
      pen = event.pointerId;
      this.canvas.setPointerCapture(event.pointerId);
      if (this.#isPicture) this.clear();
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

  /** Whether what is on it was drawn. */
  get isDrawn(): boolean {
    return !this.#isPicture;
  }

  clear(): void {
    this.#isPicture = false;
    this.#context.fillStyle = '#000';
    this.#context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Puts a picture on it: all of it, or of one in colour the middle, as `classify` takes it. */
  show(picture: Source, look: Look): void {
    this.clear();
    this.#isPicture = true;
    const { width, height } = this.canvas;
    const [wide, tall] = sizeOf(picture);
    const fit = look === 'colour' ? Math.max : Math.min;
    const factor = fit(width / wide, height / tall);
    const [w, h] = [wide * factor, tall * factor];
    this.#context.filter = filters[look];
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
export function isPaper(picture: CanvasImageSource): boolean {
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
