// What pages draw, in Node, Deno and Bun: there are no pages, but packages that have canvases.

import type { Drawable } from './imagesource.js';
import type { DecodedImage } from './resize.js';

/** A canvas as such packages have it. */
interface Canvas extends Drawable {
  getContext(kind: '2d'): {
    getImageData(...part: [x: number, y: number, width: number, height: number]): {
      readonly data: Uint8ClampedArray;
    };
  };
}

/** The pixels of a canvas; undefined for anything else. */
export function drawn(source: Drawable): DecodedImage | undefined {
  if (typeof (source as Canvas | null)?.getContext !== 'function') return undefined;
  const { width, height } = source;
  const { data } = (source as Canvas).getContext('2d').getImageData(0, 0, width, height);
  return { data, width, height, channels: 4 };
}
