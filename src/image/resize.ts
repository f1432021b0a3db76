// Brings decoded images to one size and number of channels: centre crop, resampling, grey or RGB.

/** An image as decoders return it: [height, width, channels], a byte each. */
export interface DecodedImage {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: number;
}

/** The weights of red, green and blue in grey (ITU-R BT.601, as in Pillow and TensorFlow). */
const LUMA = [0.299, 0.587, 0.114];

/** The same image in grey (1) or in RGB (3). Alpha is dropped. */
export function withChannels(image: DecodedImage, channels: 1 | 3): DecodedImage {
  if (image.channels === channels) return image;
  const { width, height, data } = image;
  const to = new Uint8Array(width * height * channels);
  const isGrey = image.channels < 3;
  for (let pixel = 0; pixel < width * height; pixel++) {
    const from = pixel * image.channels;
    for (let c = 0; c < channels; c++) {
      to[pixel * channels + c] =
        isGrey || channels === 3
          ? data[from + (isGrey ? 0 : c)]
          : LUMA[0] * data[from] + LUMA[1] * data[from + 1] + LUMA[2] * data[from + 2] + 0.5;
    }
  }
  return { data: to, width, height, channels };
}

/** The part of a source's axis, in pixels, that becomes the output's axis. */
export interface Span {
  readonly from: number;
  readonly length: number;
}

/** The largest part in the middle of the image with the output's ratio of height and width. */
export function centreCrop(
  { width, height }: Pick<DecodedImage, 'width' | 'height'>,
  [toHeight, toWidth]: readonly number[],
): [rows: Span, columns: Span] {
  const middle = (side: number, length: number) => ({ from: (side - length) / 2, length });
  const tall = Math.min(height, (width * toHeight) / toWidth);
  const wide = Math.min(width, (height * toWidth) / toHeight);
  return [middle(height, tall), middle(width, wide)];
}

/**
 * Writes a part of the image to `to`, bytes or floats, resampled to [height, width]. Enlarging is bilinear; shrinking
 * averages over the pixels that become one (Pillow's BILINEAR, PyTorch's interpolate with antialias).
 */
export function resize(
  to: Uint8Array | Float32Array,
  {
    data,
    width,
    height,
    channels,
  }: Omit<DecodedImage, 'data'> & { readonly data: ArrayLike<number> },
  [toHeight, toWidth]: readonly number[],
  [rows, columns]: readonly [Span, Span],
): void {
  const narrow = new Float64Array(height * toWidth * channels);
  const across = filterOf(width, columns, toWidth);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < toWidth; column++) {
      const { first, weights } = across[column];
      const at = (row * toWidth + column) * channels;
      for (let tap = 0; tap < weights.length; tap++) {
        const from = (row * width + first + tap) * channels;
        for (let c = 0; c < channels; c++) narrow[at + c] += weights[tap] * data[from + c];
      }
    }
  }
  const line = toWidth * channels;
  const down = filterOf(height, rows, toHeight);
  const sums = new Float64Array(line);
  // Storing as a byte cuts the fraction off.
  const half = to instanceof Uint8Array ? 0.5 : 0;
  for (let row = 0; row < toHeight; row++) {
    const { first, weights } = down[row];
    sums.fill(half);
    for (let tap = 0; tap < weights.length; tap++) {
      const from = (first + tap) * line;
      for (let i = 0; i < line; i++) sums[i] += weights[tap] * narrow[from + i];
    }
    to.set(sums, row * line);
  }
}

/** Weights of neighbouring source pixels; their sum is 1. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/** For each output pixel of an axis, a triangle over the source, as wide as the pixel but ≥ 1 each side. */
function filterOf(side: number, { from, length }: Span, outputs: number): Taps[] {
  const step = length / outputs;
  const reach = Math.max(1, step);
  return Array.from({ length: outputs }, (_, output) => {
    const centre = from + (output + 0.5) * step - 0.5;
    const first = Math.max(0, Math.ceil(centre - reach));
    const last = Math.min(side - 1, Math.floor(centre + reach));
    const heights = Array.from(
      { length: last - first + 1 },
      (_, tap) => 1 - Math.abs(first + tap - centre) / reach,
    );
    const sum = heights.reduce((total, weight) => total + weight, 0);
    return { first, weights: heights.map((weight) => weight / sum) };
  });
}
