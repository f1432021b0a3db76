// What the kernel tests share: windows of many kinds, and memory that forgives nothing.

import { Tensor } from '../../src/index.js';
import { numbers } from './random.js';
import { geometry, type Placement } from './reference.js';

/** Draws from lists, the same for the same seed. */
export function picker(seed: number): <T>(list: readonly T[]) => T {
  const draws = numbers(1 << 14, seed);
  let next = 0;
  return (list) => list[Math.floor(((draws[next++ % draws.length] + 1) / 2) * list.length)];
}

/** Calls `use` with each case that has room for a window, until `count` of them had. */
export function eachCase<T extends Placement>(
  count: number,
  seed: number,
  draw: (pick: ReturnType<typeof picker>) => T,
  use: (c: T, seed: number) => void,
): void {
  const pick = picker(seed);
  for (let done = 0; done < count; ) {
    const drawn = draw(pick);
    if (!geometry(drawn).output.every((side) => side >= 1)) continue;
    use(drawn, seed + done);
    done++;
  }
}

/**
 * Fills free memory with NaN: what a kernel forgets to write, or reads that it should not, then shows
 * in its results.
 */
export function poison(): void {
  const tensor = Tensor.zeros([4 << 20]);
  tensor.data.fill(Number.NaN);
  tensor.dispose();
}

export function free(...tensors: readonly Tensor[]): void {
  for (const tensor of tensors) tensor.dispose();
}

/** The distance from f32 to f32 around a number, subnormals included. */
export function ulp(x: number): number {
  return 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);
}
