// Linear maps of images that work along one side after the other, by their definitions, in f64: a map
// along a side is a matrix, of each output's row what it has of each input.

type Numbers = ArrayLike<number>;
type Four = readonly [number, number, number, number];

/** [outputs][inputs]. */
export type SideMap = readonly (readonly number[])[];

const side = (outputs: number, inputs: number, share: (o: number, i: number) => number): SideMap =>
  Array.from({ length: outputs }, (_, o) => Array.from({ length: inputs }, (_, i) => share(o, i)));

/** y[batch, i, j, c] = Σ rows[i][h]·columns[j][w]·x[batch, h, w, c]. @param shape that of x */
export function apply(x: Numbers, shape: Four, rows: SideMap, columns: SideMap): Float64Array {
  const y = new Float64Array(shape[0] * rows.length * columns.length * shape[3]);
  eachShare(shape, rows, columns, (output, input, share) => {
    y[output] += share * x[input];
  });
  return y;
}

/** dx of the same. */
export function applyBackward(
  dy: Numbers,
  shape: Four,
  rows: SideMap,
  columns: SideMap,
): Float64Array {
  const dx = new Float64Array(shape[0] * shape[1] * shape[2] * shape[3]);
  eachShare(shape, rows, columns, (output, input, share) => {
    dx[input] += share * dy[output];
  });
  return dx;
}

/** Visits what outputs have of inputs, where it is not 0. */
export function eachShare(
  [batch, height, width, channels]: Four,
  rows: SideMap,
  columns: SideMap,
  visit: (output: number, input: number, share: number) => void,
): void {
  for (let image = 0; image < batch; image++) {
    rows.forEach((row, i) => {
      columns.forEach((column, j) => {
        for (let h = 0; h < height; h++) {
          for (let w = 0; w < width; w++) {
            if (row[h] * column[w] === 0) continue;
            const output = ((image * rows.length + i) * columns.length + j) * channels;
            const input = ((image * height + h) * width + w) * channels;
            for (let c = 0; c < channels; c++) visit(output + c, input + c, row[h] * column[w]);
          }
        }
      });
    });
  }
}

/** Zeros before and after, or the reflection, which turns at the outermost inputs. */
export function padding(
  inputs: number,
  before: number,
  after: number,
  mode: 'zeros' | 'reflect',
): SideMap {
  const turned = (at: number): number => {
    if (mode === 'zeros' || (at >= 0 && at < inputs)) return at;
    return turned(at < 0 ? -at : 2 * (inputs - 1) - at);
  };
  return side(before + inputs + after, inputs, (o, i) => (turned(o - before) === i ? 1 : 0));
}

/** Each input `factor` times; or the line between the two inputs whose centres are next. */
export function upsampling(
  inputs: number,
  factor: number,
  interpolation: 'nearest' | 'bilinear',
): SideMap {
  return side(inputs * factor, inputs, (o, i) => {
    if (interpolation === 'nearest') return Math.floor(o / factor) === i ? 1 : 0;
    const at = Math.min(Math.max((o + 0.5) / factor - 0.5, 0), inputs - 1);
    return Math.max(0, 1 - Math.abs(at - i));
  });
}

/** Means over ⌊o·inputs/outputs⌋ … ⌈(o+1)·inputs/outputs⌉ − 1. */
export function adaptive(inputs: number, outputs: number): SideMap {
  return side(outputs, inputs, (o, i) => {
    const first = Math.floor((o * inputs) / outputs);
    const end = Math.ceil(((o + 1) * inputs) / outputs);
    return i >= first && i < end ? 1 / (end - first) : 0;
  });
}

/** A binomial filter of `size` taps on the reflected inputs, one output out of each stride. */
export function blur(inputs: number, size: number, stride: number): SideMap {
  let taps = [1];
  while (taps.length < size) taps = [...taps, 0].map((tap, i) => (tap + (taps[i - 1] ?? 0)) / 2);
  const before = Math.floor((size - 1) / 2);
  const padded = padding(inputs, before, size - 1 - before, 'reflect');
  return side(Math.ceil(inputs / stride), inputs, (o, i) =>
    taps.reduce((sum, tap, t) => sum + tap * padded[o * stride + t][i], 0),
  );
}
