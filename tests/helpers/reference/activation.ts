// Activations and their derivatives by their definitions, in f64, both functions of x.

interface Reference {
  f: (x: number) => number;
  slope: (x: number) => number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const clip = (x: number, most: number): number => Math.min(Math.max(x, 0), most);
const within = (x: number, low: number, high: number): number => (x > low && x < high ? 1 : 0);

/** The normal distribution's density. */
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Φ(−a) for a ≥ 0, to 1e-12 of it: the density's series, then Laplace's continued fraction. */
function tail(a: number): number {
  if (a < 3) {
    let [term, sum] = [a, a];
    for (let n = 3; n < 100; n += 2) {
      term *= (a * a) / n;
      sum += term;
    }
    return 0.5 - density(a) * sum;
  }
  let fraction = a;
  for (let n = 200; n > 0; n--) fraction = a + n / fraction;
  return density(a) / fraction;
}

const phi = (x: number): number => (x < 0 ? tail(-x) : 1 - tail(x));

/** scale·x, below 0 alpha·(eˣ − 1). */
const exponential = (alpha: number, scale: number): Reference => ({
  f: (x) => (x < 0 ? alpha * Math.expm1(x) : scale * x),
  slope: (x) => (x > 0 ? scale : alpha * Math.exp(x)),
});

/** leakyRelu and elu of a given alpha. */
export const withAlpha = {
  leakyRelu: (alpha: number): Reference => ({
    f: (x) => (x < 0 ? alpha * x : x),
    slope: (x) => (x > 0 ? 1 : alpha),
  }),
  elu: (alpha: number): Reference => exponential(alpha, 1),
};

export const activations = {
  relu: {
    f: (x) => (x > 0 || Number.isNaN(x) ? x : 0),
    slope: (x) => (x > 0 ? 1 : 0),
  },
  sigmoid: { f: sigmoid, slope: (x) => sigmoid(x) * sigmoid(-x) },
  tanh: { f: Math.tanh, slope: (x) => 1 / Math.cosh(x) ** 2 },
  relu6: { f: (x) => clip(x, 6), slope: (x) => within(x, 0, 6) },
  leakyRelu: withAlpha.leakyRelu(0.01),
  elu: withAlpha.elu(1),
  // λ and λα of the paper, whose α is 1.67326….
  selu: exponential(1.0507009873554805 * 1.6732632423543772, 1.0507009873554805),
  gelu: {
    f: (x) => x * phi(x),
    slope: (x) => phi(x) + x * density(x),
  },
  silu: {
    f: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
  },
  hardSigmoid: { f: (x) => clip(x + 3, 6) / 6, slope: (x) => within(x, -3, 3) / 6 },
  hardSwish: {
    f: (x) => (x * clip(x + 3, 6)) / 6,
    slope: (x) => (x >= 3 ? 1 : within(x, -3, 3) * (x / 3 + 0.5)),
  },
  softplus: {
    f: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: sigmoid,
  },
} satisfies Record<string, Reference>;
