// Backward-data of a strided convolution: the input positions that share their residue modulo the
// stride are reached by the same subset of taps, at stride 1.

/** Along one axis: the input positions residue, residue + stride, …, and the taps that reach them. */
export interface Residue {
  residue: number;
  /** How many positions. */
  count: number;
  /** How many taps, the highest of them, and the distance from one to the next below. */
  taps: number;
  firstTap: number;
  tapStep: number;
  /** Output position of the first tap for the first position, and from tap to tap. */
  start: number;
  step: number;
}

const gcd = (a: number, b: number): number => (b ? gcd(b, a % b) : a);

/** The residues of an axis. @param pad pixels before the first */
export function residues(
  side: number,
  kernel: number,
  stride: number,
  dilation: number,
  pad: number,
): Residue[] {
  const common = gcd(stride, dilation);
  const tapStep = stride / common;
  return Array.from({ length: Math.min(stride, side) }, (_, residue) => {
    // Input position h is tap t of output o where h + pad = o·stride + t·dilation.
    const taps = Array.from({ length: kernel }, (_, tap) => tap).filter(
      (tap) => (residue + pad - tap * dilation) % stride === 0,
    );
    const firstTap = taps.at(-1) ?? 0;
    return {
      residue,
      count: Math.ceil((side - residue) / stride),
      taps: taps.length,
      firstTap,
      tapStep,
      start: taps.length ? (residue + pad - firstTap * dilation) / stride : 0,
      step: dilation / common,
    };
  });
}
