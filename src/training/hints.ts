// What data of another shape may have been meant as, and how they become what is expected.

import { type Shape, sameShape, show, sizeOf } from '../base/shape.js';

/** How data of this shape become samples of that one; '' where nobody knows. */
export function wayOut(shape: Shape, sample: Shape): string {
  const [, ...rest] = shape;
  const sides = (of: Shape): Shape => of.filter((side) => side !== 1);
  if (sameShape(shape, sample)) return ': for one sample give a list of it, [x]';
  if (sameShape(sides(shape), sides(sample)))
    return `: for one sample reshape it, as in Tensor.from(x).reshape(${show([1, ...sample])})`;
  // Channels first, as PyTorch has them: to reshape would mix them up.
  const [height, width, channels] = sample;
  if (channels > 1 && sameShape(rest, [channels, height, width]))
    return ': channels come last here, as after x.permute(0, 2, 3, 1) in PyTorch';
  if (sameShape(rest, [sizeOf(sample)]) || sameShape(sides(rest), sides(sample)))
    return `: reshape it, as in Tensor.from(x).reshape(${show([-1, ...sample])})`;
  return sameShape(rest, [height, width, 4]) && channels === 3
    ? `: these are RGBA images, ${DROP_ALPHA}`
    : '';
}

/** Whether it is what a canvas's `getImageData` returns, or something like it. */
export const isPicture = (x: unknown): boolean =>
  typeof x === 'object' && x !== null && 'data' in x && 'width' in x && 'height' in x;

const DROP_ALPHA =
  'as a canvas has: drop the fourth channel, as in Uint8Array.from(rgba.filter((_, i) => i % 4 < 3))';

/**
 * Which images of another number of channels as many numbers may be; '' for none.
 *
 * @param count how many images they should be: any number by default
 */
export function otherChannels(name: string, length: number, sample: Shape, count?: number): string {
  if (sample.length !== 3) return '';
  const [height, width, channels] = sample;
  const imagesOf = (other: number): number => length / (height * width * other);
  const found = [4, 3, 1].find(
    (other) => other !== channels && imagesOf(other) === (count ?? Math.floor(imagesOf(other))),
  );
  if (found === undefined) return '';
  const alpha = found === 4 ? `, RGBA, ${DROP_ALPHA}` : '';
  return `: ${name} has as many numbers as ${imagesOf(found)} images ${show([height, width, found])}${alpha}`;
}
