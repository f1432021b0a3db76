// Gates by their definition, in f64: a number for each channel of each image [batch, pixels, channels].

type Numbers = ArrayLike<number>;

/** Which gate each element of an image meets. */
const gateOf = (i: number, pixels: number, channels: number): number =>
  Math.floor(i / (pixels * channels)) * channels + (i % channels);

/** x·gate. */
export function gated(x: Numbers, gate: Numbers, pixels: number, channels: number): Float64Array {
  return Float64Array.from(x, (v, i) => v * gate[gateOf(i, pixels, channels)]);
}

/** The gate's gradient, Σ dy·x over the pixels; that of x is `gated(dy, gate)`. */
export function gateBackward(
  dy: Numbers,
  x: Numbers,
  pixels: number,
  channels: number,
): Float64Array {
  const dgate = new Float64Array(x.length / pixels);
  for (let i = 0; i < x.length; i++) dgate[gateOf(i, pixels, channels)] += dy[i] * x[i];
  return dgate;
}
