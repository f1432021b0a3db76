// Radial basis function units by their definition, in f64: x [rows, features], kernel [features, units].

type Numbers = ArrayLike<number>;

/** Visits every row, feature and unit, with the places of y, x and kernel. */
function eachDistance(
  rows: number,
  features: number,
  units: number,
  visit: (y: number, x: number, kernel: number) => void,
): void {
  for (let row = 0; row < rows; row++)
    for (let f = 0; f < features; f++)
      for (let u = 0; u < units; u++) visit(row * units + u, row * features + f, f * units + u);
}

/** y = −Σ (x − kernel)². */
export function rbf(x: Numbers, kernel: Numbers, features: number, units: number): Float64Array {
  const rows = x.length / features;
  const y = new Float64Array(rows * units);
  eachDistance(rows, features, units, (i, j, k) => {
    y[i] -= (x[j] - kernel[k]) ** 2;
  });
  return y;
}

/** dx and dkernel. */
export function rbfBackward(
  dy: Numbers,
  x: Numbers,
  kernel: Numbers,
  features: number,
  units: number,
): { dx: Float64Array; dkernel: Float64Array } {
  const dx = new Float64Array(x.length);
  const dkernel = new Float64Array(kernel.length);
  eachDistance(x.length / features, features, units, (i, j, k) => {
    const d = 2 * dy[i] * (x[j] - kernel[k]);
    dx[j] -= d;
    dkernel[k] += d;
  });
  return { dx, dkernel };
}
