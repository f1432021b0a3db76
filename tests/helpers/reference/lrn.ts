// Local response normalisation by its definition, in f64.

type Numbers = ArrayLike<number>;

export interface Lrn {
  channels: number;
  size: number;
  alpha: number;
  beta: number;
  bias: number;
}

/** Visits the channels (as indices into x) of each element's window. */
function eachNeighbour(
  length: number,
  { channels, size }: Lrn,
  visit: (at: number, neighbour: number) => void,
): void {
  for (let at = 0; at < length; at++) {
    for (let k = 0; k < size; k++) {
      const c = (at % channels) - Math.floor(size / 2) + k;
      if (c >= 0 && c < channels) visit(at, at - (at % channels) + c);
    }
  }
}

/** bias + alpha/size · Σ x² of each element. */
function bases(x: Numbers, o: Lrn): Float64Array {
  const s = new Float64Array(x.length).fill(o.bias);
  eachNeighbour(x.length, o, (at, neighbour) => {
    s[at] += (o.alpha / o.size) * x[neighbour] ** 2;
  });
  return s;
}

/** y = x·s^−beta: x is [rows, channels]. */
export function lrn(x: Numbers, o: Lrn): Float64Array {
  return bases(x, o).map((s, i) => x[i] * s ** -o.beta);
}

/** dx: what each y has of its own x, and by its s of all x in its window. */
export function lrnBackward(dy: Numbers, x: Numbers, o: Lrn): Float64Array {
  const s = bases(x, o);
  const dx = s.map((base, i) => dy[i] * base ** -o.beta);
  eachNeighbour(x.length, o, (at, neighbour) => {
    const slope = -o.beta * s[at] ** (-o.beta - 1) * (o.alpha / o.size) * 2 * x[neighbour];
    dx[neighbour] += dy[at] * x[at] * slope;
  });
  return dx;
}
