// Images in another size, and the gradients.

import type { Shape } from '../../base/shape.js';
import { resizeImage, resizeImageBackward } from '../../operators/arrays/lookup.emit.js';
import type { Native } from '../kernel.js';

interface ResizeAttributes {
  readonly size: readonly [number, number];
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

const forward = (name: string, nearest: boolean): Native => ({
  name,
  inputs: ['images'],
  plan([x], { size, alignCorners, halfPixelCenters: halfPixel }: ResizeAttributes) {
    const mode = { nearest, alignCorners, halfPixel };
    return {
      shapes: [[x[0], ...size, x[3]]],
      emit: (e, [y], [vx]) => resizeImage(e, y, vx.view(x), mode),
    };
  },
});

/** TF.js's gradients know nothing of half pixels. */
const backward = (name: string, nearest: boolean): Native => ({
  name,
  inputs: ['images', 'dy'],
  plan: ([x]: readonly Shape[], { alignCorners }: ResizeAttributes) => ({
    shapes: [x],
    emit: (e, [dx], [, dy]) =>
      resizeImageBackward(e, dx, dy, { nearest, alignCorners, halfPixel: false }),
  }),
});

export const resizeKernels: readonly Native[] = [
  forward('ResizeBilinear', false),
  backward('ResizeBilinearGrad', false),
  forward('ResizeNearestNeighbor', true),
  backward('ResizeNearestNeighborGrad', true),
];
