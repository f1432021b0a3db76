// The ops by their definitions, in f64: plain loops, nothing clever. Kernels are held against these,
// and these against central differences (tests/reference/reference.test.ts).
//
// Images are NHWC and filters HWIO, flat; a `pixel` below is an index into batch × height × width.

type Numbers = ArrayLike<number>;
type Two = readonly [number, number];

/** Windows over an image. What is left out is 1, or 'valid'. */
export interface Placement {
  /** [batch, height, width, channels]. */
  shape: readonly [number, number, number, number];
  kernel: Two;
  strides?: Two;
  dilation?: Two;
  padding?: 'valid' | 'same' | number | Two | readonly [Two, Two];
  /** Whether a last window that does not fit counts: 'floor' (the default) drops it. */
  dimRoundingMode?: 'floor' | 'ceil';
}

/** The same worked out: `before` is the padding at the top and left, `output` the sides of the result. */
export interface Geometry {
  batch: number;
  side: Two;
  channels: number;
  kernel: Two;
  strides: Two;
  dilation: Two;
  before: Two;
  output: Two;
}

function axis(side: number, extent: number, stride: number, padding: 'same' | Two, ceil: boolean) {
  if (padding === 'same') {
    const output = Math.ceil(side / stride);
    const total = Math.max(0, (output - 1) * stride + extent - side);
    return { before: Math.floor(total / 2), output };
  }
  const [before, after] = padding;
  const steps = (side + before + after - extent) / stride;
  const output = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  if (output < 1) return { before, output: 0 };
  // PyTorch's ceil_mode: the last window must begin inside the image.
  const outside = ceil && (output - 1) * stride >= side + before;
  return { before, output: outside ? output - 1 : output };
}

/** Sides and padding of a placement. */
export function geometry({
  shape,
  kernel,
  strides = [1, 1],
  dilation = [1, 1],
  padding = 'valid',
  dimRoundingMode,
}: Placement): Geometry {
  const [batch, height, width, channels] = shape;
  const side: Two = [height, width];
  const [a, b] = [0, 1].map((i) => {
    let pad: 'same' | Two;
    if (padding === 'same') pad = padding;
    else if (padding === 'valid') pad = [0, 0];
    else if (typeof padding === 'number') pad = [padding, padding];
    else {
      const own = padding[i];
      pad = typeof own === 'number' ? [own, own] : own;
    }
    return axis(
      side[i],
      (kernel[i] - 1) * dilation[i] + 1,
      strides[i],
      pad,
      dimRoundingMode === 'ceil',
    );
  });
  const before: Two = [a.before, b.before];
  return { batch, side, channels, kernel, strides, dilation, before, output: [a.output, b.output] };
}

/** Visits every tap of every window that lies inside the image: (output pixel, tap, input pixel). */
function eachTap(g: Geometry, visit: (output: number, tap: number, input: number) => void): void {
  for (let image = 0; image < g.batch; image++) {
    for (let i = 0; i < g.output[0]; i++) {
      for (let j = 0; j < g.output[1]; j++) {
        for (let r = 0; r < g.kernel[0]; r++) {
          for (let s = 0; s < g.kernel[1]; s++) {
            const h = i * g.strides[0] - g.before[0] + r * g.dilation[0];
            const w = j * g.strides[1] - g.before[1] + s * g.dilation[1];
            if (h < 0 || h >= g.side[0] || w < 0 || w >= g.side[1]) continue;
            const output = (image * g.output[0] + i) * g.output[1] + j;
            visit(output, r * g.kernel[1] + s, (image * g.side[0] + h) * g.side[1] + w);
          }
        }
      }
    }
  }
}

/** How many pixels go in and come out, and taps there are. */
export const inputPixels = (g: Geometry): number => g.batch * g.side[0] * g.side[1];
export const outputPixels = (g: Geometry): number => g.batch * g.output[0] * g.output[1];
export const taps = (g: Geometry): number => g.kernel[0] * g.kernel[1];

/**
 * Visits every tap of every window, group by group: (index into y of the group's first filter, into x of its first
 * channel, into the filter of both). The loops over channels and filters are the callers': a call for each product
 * would take longer than all else in the tests.
 */
function eachBlock(
  g: Geometry,
  filters: number,
  groups: number,
  visit: (y: number, x: number, w: number) => void,
): void {
  const own = g.channels / groups;
  const perGroup = filters / groups;
  eachTap(g, (output, tap, input) => {
    for (let group = 0; group < groups; group++) {
      const first = group * perGroup;
      visit(
        output * filters + first,
        input * g.channels + group * own,
        tap * own * filters + first,
      );
    }
  });
}

/** Visits every product of a convolution: (index into y, into x, into the filter). */
export function eachProduct(
  g: Geometry,
  filters: number,
  groups: number,
  visit: (y: number, x: number, w: number) => void,
): void {
  const [own, perGroup] = [g.channels / groups, filters / groups];
  eachBlock(g, filters, groups, (y, x, w) => {
    for (let c = 0; c < own; c++)
      for (let f = 0; f < perGroup; f++) visit(y + f, x + c, w + c * filters + f);
  });
}

/** y [outputPixels, filters] from x [inputPixels, channels], w [taps, channels / groups, filters], bias [filters]. */
export function conv2d(
  x: Numbers,
  w: Numbers,
  bias: Numbers | undefined,
  g: Geometry,
  filters: number,
  groups = 1,
): Float64Array {
  const y = new Float64Array(outputPixels(g) * filters);
  const [own, perGroup] = [g.channels / groups, filters / groups];
  if (bias) for (let i = 0; i < y.length; i++) y[i] = bias[i % filters];
  eachBlock(g, filters, groups, (iy, ix, iw) => {
    for (let c = 0; c < own; c++)
      for (let f = 0; f < perGroup; f++) y[iy + f] += x[ix + c] * w[iw + c * filters + f];
  });
  return y;
}

/** dx [inputPixels, channels] from dy [outputPixels, filters] and w. */
export function conv2dBackwardInput(
  dy: Numbers,
  w: Numbers,
  g: Geometry,
  filters: number,
  groups = 1,
): Float64Array {
  const dx = new Float64Array(inputPixels(g) * g.channels);
  const [own, perGroup] = [g.channels / groups, filters / groups];
  eachBlock(g, filters, groups, (iy, ix, iw) => {
    for (let c = 0; c < own; c++)
      for (let f = 0; f < perGroup; f++) dx[ix + c] += dy[iy + f] * w[iw + c * filters + f];
  });
  return dx;
}

/** dw [taps, channels / groups, filters] from x and dy. */
export function conv2dBackwardFilter(
  x: Numbers,
  dy: Numbers,
  g: Geometry,
  filters: number,
  groups = 1,
): Float64Array {
  const dw = new Float64Array((taps(g) * g.channels * filters) / groups);
  const [own, perGroup] = [g.channels / groups, filters / groups];
  eachBlock(g, filters, groups, (iy, ix, iw) => {
    for (let c = 0; c < own; c++)
      for (let f = 0; f < perGroup; f++) dw[iw + c * filters + f] += dy[iy + f] * x[ix + c];
  });
  return dw;
}

/** The columns' sums: [channels] from x [rows, channels]. */
export function sumRows(x: Numbers, channels: number): Float64Array {
  const sum = new Float64Array(channels);
  for (let i = 0; i < x.length; i++) sum[i % channels] += x[i];
  return sum;
}

/** Patches [outputPixels, taps, channels] of x [inputPixels, channels]. */
export function im2col(x: Numbers, g: Geometry): Float64Array {
  const columns = new Float64Array(outputPixels(g) * taps(g) * g.channels);
  eachTap(g, (output, tap, input) => {
    for (let c = 0; c < g.channels; c++) {
      columns[(output * taps(g) + tap) * g.channels + c] = x[input * g.channels + c];
    }
  });
  return columns;
}

/** x [inputPixels, channels]: every element of `columns` added to the pixel it shows. */
export function col2im(columns: Numbers, g: Geometry): Float64Array {
  const x = new Float64Array(inputPixels(g) * g.channels);
  eachTap(g, (output, tap, input) => {
    for (let c = 0; c < g.channels; c++) {
      x[input * g.channels + c] += columns[(output * taps(g) + tap) * g.channels + c];
    }
  });
  return x;
}

/** y [outputPixels, channels], and `from`: the index into x of the first maximum. NaN is larger than all. */
export function maxPool2d(x: Numbers, g: Geometry): { y: Float64Array; from: Int32Array } {
  const y = new Float64Array(outputPixels(g) * g.channels);
  const from = new Int32Array(y.length).fill(-1);
  eachTap(g, (output, _tap, input) => {
    for (let c = 0; c < g.channels; c++) {
      const at = output * g.channels + c;
      const v = x[input * g.channels + c];
      if (from[at] >= 0 && !(v > y[at]) && !(Number.isNaN(v) && !Number.isNaN(y[at]))) continue;
      y[at] = v;
      from[at] = input * g.channels + c;
    }
  });
  return { y, from };
}

/** dx [inputPixels, channels] from dy [outputPixels, channels]. */
export function maxPool2dBackward(dy: Numbers, x: Numbers, g: Geometry): Float64Array {
  const dx = new Float64Array(x.length);
  maxPool2d(x, g).from.forEach((input, output) => {
    dx[input] += dy[output];
  });
  return dx;
}

/** Pixels inside the image of each window: [outputPixels]. */
function windowSizes(g: Geometry): Float64Array {
  const sizes = new Float64Array(outputPixels(g));
  eachTap(g, (output) => {
    sizes[output]++;
  });
  return sizes;
}

/** Means over the pixels inside the image: [outputPixels, channels]. */
export function avgPool2d(x: Numbers, g: Geometry): Float64Array {
  const sizes = windowSizes(g);
  const y = new Float64Array(outputPixels(g) * g.channels);
  eachTap(g, (output, _tap, input) => {
    for (let c = 0; c < g.channels; c++)
      y[output * g.channels + c] += x[input * g.channels + c] / sizes[output];
  });
  return y;
}

/** dx [inputPixels, channels]. */
export function avgPool2dBackward(dy: Numbers, g: Geometry): Float64Array {
  const sizes = windowSizes(g);
  const dx = new Float64Array(inputPixels(g) * g.channels);
  eachTap(g, (output, _tap, input) => {
    for (let c = 0; c < g.channels; c++)
      dx[input * g.channels + c] += dy[output * g.channels + c] / sizes[output];
  });
  return dx;
}

/** y = (Σ|x|ᵖ / taps)^(1/p): [outputPixels, channels]. */
export function lpPool2d(x: Numbers, p: number, g: Geometry): Float64Array {
  const sum = new Float64Array(outputPixels(g) * g.channels);
  eachTap(g, (output, _tap, input) => {
    for (let c = 0; c < g.channels; c++) {
      sum[output * g.channels + c] += Math.abs(x[input * g.channels + c]) ** p / taps(g);
    }
  });
  return sum.map((s) => s ** (1 / p));
}

/** dx [inputPixels, channels]: dy·y^(1−p)·|x|^(p−1)·sign(x) / taps, 0 where y is. */
export function lpPool2dBackward(dy: Numbers, x: Numbers, p: number, g: Geometry): Float64Array {
  const y = lpPool2d(x, p, g);
  const dx = new Float64Array(x.length);
  eachTap(g, (output, _tap, input) => {
    for (let c = 0; c < g.channels; c++) {
      const [from, to] = [output * g.channels + c, input * g.channels + c];
      if (y[from] === 0) continue;
      dx[to] +=
        (dy[from] * y[from] ** (1 - p) * Math.abs(x[to]) ** (p - 1) * Math.sign(x[to])) / taps(g);
    }
  });
  return dx;
}

/** Mean and biased variance of each channel of x [rows, channels]. */
export function moments(
  x: Numbers,
  channels: number,
): { mean: Float64Array; variance: Float64Array } {
  const rows = x.length / channels;
  const mean = sumRows(x, channels).map((sum) => sum / rows);
  const squares = Float64Array.from(x, (v, i) => (v - mean[i % channels]) ** 2);
  return { mean, variance: sumRows(squares, channels).map((sum) => sum / rows) };
}

/** (x − mean)/√(variance + ε)·gamma + beta: x [rows, channels], all else [channels]. */
export function batchNorm(
  x: Numbers,
  gamma: Numbers,
  beta: Numbers,
  mean: Numbers,
  variance: Numbers,
  epsilon: number,
): Float64Array {
  return Float64Array.from(x, (v, i) => {
    const c = i % gamma.length;
    return ((v - mean[c]) / Math.sqrt(variance[c] + epsilon)) * gamma[c] + beta[c];
  });
}

/** The chain rule through batchNorm(x, moments(x)) as arXiv 1502.03167, section 3, prints it. */
export function batchNormBackward(dy: Numbers, x: Numbers, gamma: Numbers, epsilon: number) {
  const channels = gamma.length;
  const rows = x.length / channels;
  const { mean, variance } = moments(x, channels);
  const dx = new Float64Array(x.length);
  const dgamma = new Float64Array(channels);
  const dbeta = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    const sigma = Math.sqrt(variance[c] + epsilon);
    let dvariance = 0;
    let dmean = 0;
    for (let i = c; i < x.length; i += channels) {
      dgamma[c] += (dy[i] * (x[i] - mean[c])) / sigma;
      dbeta[c] += dy[i];
      dvariance += (dy[i] * gamma[c] * (x[i] - mean[c]) * -0.5) / sigma ** 3;
      dmean += (dy[i] * gamma[c]) / -sigma;
    }
    for (let i = c; i < x.length; i += channels)
      dmean += (dvariance * -2 * (x[i] - mean[c])) / rows;
    for (let i = c; i < x.length; i += channels) {
      dx[i] = (dy[i] * gamma[c]) / sigma + (dvariance * 2 * (x[i] - mean[c])) / rows + dmean / rows;
    }
  }
  return { dx, dgamma, dbeta };
}

/** Rows of x [rows, classes], one by one. */
function* rowsOf(x: Numbers, classes: number): Generator<{ from: number; row: number[] }> {
  for (let from = 0; from < x.length; from += classes) {
    yield { from, row: Array.from({ length: classes }, (_, c) => x[from + c]) };
  }
}

/** ln softmax of each row of x [rows, classes]. */
function logSoftmax(x: Numbers, classes: number): Float64Array {
  const y = new Float64Array(x.length);
  for (const { from, row } of rowsOf(x, classes)) {
    const most = Math.max(...row);
    const logSum = Math.log(row.reduce((sum, v) => sum + Math.exp(v - most), 0));
    y.set(
      row.map((v) => v - most - logSum),
      from,
    );
  }
  return y;
}

/** eˣ / Σ eˣ of each row of x [rows, classes]. */
export function softmax(x: Numbers, classes: number): Float64Array {
  return logSoftmax(x, classes).map(Math.exp);
}

/** dxᵢ = Σⱼ dyⱼ·∂yⱼ/∂xᵢ, the Jacobian being yⱼ·(δᵢⱼ − yᵢ). */
export function softmaxBackward(dy: Numbers, x: Numbers, classes: number): Float64Array {
  const y = softmax(x, classes);
  const dx = new Float64Array(x.length);
  for (const { from } of rowsOf(x, classes)) {
    for (let i = from; i < from + classes; i++) {
      for (let j = from; j < from + classes; j++)
        dx[i] += dy[j] * y[j] * ((i === j ? 1 : 0) - y[i]);
    }
  }
  return dx;
}

/** Class indices as rows of zeros with a one: [rows, classes]. */
export function oneHot(labels: Numbers, classes: number): Float64Array {
  const rows = new Float64Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) rows[i * classes + labels[i]] = 1;
  return rows;
}

/** Mean over rows of −Σ t·ln softmax(x), and its gradient; x and t are [rows, classes]. */
export function softmaxCrossEntropy(
  x: Numbers,
  t: Numbers,
  classes: number,
): { loss: number; dx: Float64Array } {
  const rows = x.length / classes;
  const logs = logSoftmax(x, classes);
  const loss = logs.reduce((sum, log, i) => sum - t[i] * log, 0) / rows;
  const dx = new Float64Array(x.length);
  for (const { from, row } of rowsOf(t, classes)) {
    const weight = row.reduce((sum, v) => sum + v, 0);
    row.forEach((v, c) => {
      dx[from + c] = (Math.exp(logs[from + c]) * weight - v) / rows;
    });
  }
  return { loss, dx };
}

/** Mean of (x − t)² and its gradient. */
export function meanSquaredError(x: Numbers, t: Numbers): { loss: number; dx: Float64Array } {
  const d = Float64Array.from(x, (v, i) => v - t[i]);
  return {
    loss: d.reduce((sum, v) => sum + v * v, 0) / d.length,
    dx: d.map((v) => (2 * v) / d.length),
  };
}
