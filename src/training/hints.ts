// Hints for errors: what data of a wrong shape were probably meant to be, and how to convert them.

import { type Shape, sameShape, show, sizeOf } from '../base/shape.js';

/**
 * How data of one shape become samples of another, for a message; '' for no hint.
 *
 * @param isTensor whether they can be reshaped as they are
 */
export function wayOut(shape: Shape, sample: Shape, isTensor: boolean): string {
  const reshaped = (to: Shape): string =>
    `reshape it, as in ${isTensor ? 'x' : 'Tensor.from(x)'}.reshape(${show(to)})`;
  const [, ...rest] = shape;
  const sides = (of: Shape): Shape => of.filter((side) => side !== 1);
  if (!isTensor && sameShape(shape, sample)) return ': for one sample give a list of it, [x]';
  if (sameShape(sides(shape), sides(sample))) return `: for one sample ${reshaped([1, ...sample])}`;
  // Channels first, as in PyTorch: reshape would mix pixels and channels up.
  const [height, width, channels] = sample;
  if (channels > 1 && sameShape(rest, [channels, height, width]))
    return ': channels come last here, as after x.permute(0, 2, 3, 1) in PyTorch';
  if (sameShape(rest, [sizeOf(sample)]) || sameShape(sides(rest), sides(sample)))
    return `: ${reshaped([-1, ...sample])}`;
  return sameShape(rest, [height, width, 4]) && channels === 3
    ? `: these are RGBA images, ${DROP_ALPHA}`
    : '';
}

/** Whether x is like what a canvas's `getImageData` returns. */
export const isPicture = (x: unknown): boolean =>
  typeof x === 'object' && x !== null && 'data' in x && 'width' in x && 'height' in x;

const DROP_ALPHA =
  'as a canvas has: drop the fourth channel, as in Uint8Array.from(rgba.filter((_, i) => i % 4 < 3))';

/**
 * Which images, with another number of channels, have as many numbers; '' if none do.
 *
 * @param count how many images they should be: any number by default
 */
export function otherChannels(name: string, length: number, sample: Shape, count?: number): string {
  if (sample.length !== 3) return '';
  const [height, width, channels] = sample;
  const imagesOf = (other: number): number => length / (height * width * other);
  const found = [4, 3, 1].find((other) => {
    const images = imagesOf(other);
    return other !== channels && Number.isInteger(images) && images === (count ?? images);
  });
  if (found === undefined) return '';
  const alpha = found === 4 && channels === 3 ? `, RGBA, ${DROP_ALPHA}` : '';
  return `: ${name} has as many numbers as ${imagesOf(found)} images ${show([height, width, found])}${alpha}`;
}
