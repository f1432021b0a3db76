// t-SNE: points of many numbers as points in the plane, neighbours beside each other (van der Maaten & Hinton, JMLR 9,
// 2008; by a quadtree: van der Maaten, JMLR 15, 2014).

import { ValueError } from '../base/errors.js';
import { namingAsync } from '../base/namingasync.js';
import { abortSignal, callable, checkOptions, positive, whole } from '../base/options.js';
import { Tensor } from '../core.js';
import { breathe } from '../training/measure.js';
import { checkPoints, neighborsOf } from './neighbors.js';
import { pca } from './pca.js';
import { Quadtree } from './quadtree.js';

/** Options of `vis.tsne`. */
export interface TsneOptions {
  /** About how many neighbours count: 30 by default. */
  perplexity?: number;
  /** 750 by default. */
  iterations?: number;
  /** How coarsely far away points are taken together: 0.5 by default; less is slower and more exact. */
  theta?: number;
  /**
   * Called every now and then.
   *
   * @param done the share of the iterations, from 0 to 1
   * @param points [n × 2], as they lie now
   */
  onProgress?: (done: number, points: Float64Array) => void;
  /** Aborts between two iterations. */
  signal?: AbortSignal;
}

const words = {
  perplexity: positive,
  iterations: whole(1),
  theta: positive,
  onProgress: callable,
  signal: abortSignal,
};

/** In the first part neighbours attract each other so many times as much: groups form (Belkina et al., 2019). */
const [EARLY, EXAGGERATION] = [1 / 3, 12];
/** Milliseconds of work before others get their turn. */
const SLICE = 30;

/**
 * Points in the plane such that near points of `points` are near there. Begins with the two principal components, so
 * the same points give the same picture in one engine.
 *
 * @param points [n, d], such as `vis.features` gives
 * @returns [n, 2], centred
 * @throws {ShapeError} for anything but [n, d]
 * @throws {ValueError} for fewer points than the perplexity needs: three times as many, and one more
 * @throws {NumericError} for numbers that are not finite
 */
export async function tsne(points: Tensor, options: TsneOptions = {}): Promise<Tensor> {
  return namingAsync('vis.tsne', async () => {
    const {
      perplexity = 30,
      iterations = 750,
      theta = 0.5,
      onProgress,
      signal,
    } = checkOptions('vis.tsne', options, words);
    const [count] = checkPoints('points', points, 4);
    const reach = Math.floor(3 * perplexity);
    if (count <= reach)
      throw new ValueError(
        `${count} points are fewer than the ${reach + 1} that a perplexity of ${perplexity} needs: take more points or a perplexity of ${Math.floor((count - 1) / 3)}`,
      );
    const turns = new Turns(signal);
    const graph = await attractions(points, reach, perplexity, turns);
    const layout = new Layout(first(points), graph, theta);
    const early = Math.round(iterations * EARLY);
    for (let i = 0; i < iterations; i++) {
      layout.step(i < early ? EXAGGERATION : 1, i < early ? 0.5 : 0.8);
      if (await turns.take()) onProgress?.((i + 1) / iterations, layout.places);
    }
    onProgress?.(1, layout.places);
    return Tensor.from(Float32Array.from(layout.places), [count, 2]);
  });
}

/** Lets others have their turn now and then. */
class Turns {
  #since = performance.now();
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Whether others have had a turn. @throws the signal's reason */
  async take(): Promise<boolean> {
    this.#signal?.throwIfAborted();
    if (performance.now() - this.#since < SLICE) return false;
    await breathe();
    this.#since = performance.now();
    return true;
  }
}

/** The principal components, as small as the method wants to begin. */
function first(points: Tensor): Float64Array {
  const components = Math.min(2, points.shape[1]);
  const coordinates = pca(points, { components });
  const places = new Float64Array(points.shape[0] * 2);
  coordinates.numbers.forEach((value, i) => {
    places[Math.floor(i / components) * 2 + (i % components)] = value;
  });
  coordinates.dispose();
  const squares = places.reduce((sum, value) => sum + value * value, 0);
  const deviation = Math.sqrt(squares / points.shape[0]) || 1;
  return places.map((value) => (1e-4 * value) / deviation);
}

/** How much points attract each other: row by row, the others and their probabilities. */
interface Graph {
  readonly starts: Int32Array;
  readonly others: Int32Array;
  readonly weights: Float64Array;
}

/** Probabilities of neighbours, such that each point's have the perplexity; made symmetric. */
async function attractions(
  points: Tensor,
  reach: number,
  perplexity: number,
  turns: Turns,
): Promise<Graph> {
  const count = points.shape[0];
  const rows: Map<number, number>[] = Array.from({ length: count }, () => new Map());
  let own = 0;
  for (const found of neighborsOf(points, points, reach + 1)) {
    const near = found.filter(({ index }) => index !== own).slice(0, reach);
    const shares = probabilities(
      near.map(({ distance }) => distance ** 2),
      Math.log(perplexity),
    );
    for (const [i, { index }] of near.entries()) {
      const share = shares[i] / (2 * count);
      rows[own].set(index, (rows[own].get(index) ?? 0) + share);
      rows[index].set(own, (rows[index].get(own) ?? 0) + share);
    }
    own++;
    await turns.take();
  }
  const starts = new Int32Array(count + 1);
  for (const [i, row] of rows.entries()) starts[i + 1] = starts[i] + row.size;
  return {
    starts,
    others: Int32Array.from(rows.flatMap((row) => [...row.keys()])),
    weights: Float64Array.from(rows.flatMap((row) => [...row.values()])),
  };
}

/** Shares exp(−β·d²), with β such that their entropy is the given one. */
function probabilities(squares: readonly number[], entropy: number): number[] {
  const least = Math.min(...squares);
  let [low, high, beta] = [0, Number.POSITIVE_INFINITY, 1];
  let shares: number[] = [];
  for (let i = 0; i < 100; i++) {
    const powers = squares.map((square) => Math.exp(-beta * (square - least)));
    const sum = powers.reduce((a, b) => a + b, 0);
    shares = powers.map((power) => power / sum);
    const own = -shares.reduce((all, share) => all + (share > 0 ? share * Math.log(share) : 0), 0);
    if (Math.abs(own - entropy) < 1e-5) break;
    if (own > entropy) low = beta;
    else high = beta;
    beta = high === Number.POSITIVE_INFINITY ? beta * 2 : (low + high) / 2;
  }
  return shares;
}

/** The points in the plane, and how they move. */
class Layout {
  /** [n × 2]. */
  readonly places: Float64Array;
  readonly #graph: Graph;
  readonly #theta: number;
  readonly #speeds: Float64Array;
  readonly #gains: Float64Array;
  readonly #forces: Float64Array;
  readonly #tree = new Quadtree();
  readonly #rate: number;

  constructor(places: Float64Array, graph: Graph, theta: number) {
    this.places = places;
    this.#graph = graph;
    this.#theta = theta;
    this.#speeds = new Float64Array(places.length);
    this.#gains = new Float64Array(places.length).fill(1);
    this.#forces = new Float64Array(places.length);
    // Belkina et al., Nature Communications 10, 2019.
    this.#rate = Math.max(50, places.length / 2 / EXAGGERATION / 4);
  }

  /** One step of gradient descent with momentum and gains. */
  step(exaggeration: number, momentum: number): void {
    const { places } = this;
    const [forces, speeds, gains] = [this.#forces, this.#speeds, this.#gains];
    this.#repel();
    this.#attract(exaggeration);
    let [mx, my] = [0, 0];
    for (let i = 0; i < places.length; i++) {
      // Forces point downhill; a gain grows where the direction stays.
      const stays = forces[i] > 0 === speeds[i] > 0;
      gains[i] = stays ? gains[i] + 0.2 : Math.max(0.01, gains[i] * 0.8);
      speeds[i] = momentum * speeds[i] + this.#rate * gains[i] * 4 * forces[i];
      places[i] += speeds[i];
      if (i % 2) my += places[i];
      else mx += places[i];
    }
    const count = places.length / 2;
    for (let i = 0; i < places.length; i++) places[i] -= (i % 2 ? my : mx) / count;
  }

  #repel(): void {
    const forces = this.#forces.fill(0);
    this.#tree.build(this.places);
    let sum = 0;
    for (let i = 0; i < this.places.length / 2; i++)
      sum += this.#tree.repel(this.places, i, this.#theta, forces);
    for (let i = 0; i < forces.length; i++) forces[i] /= sum;
  }

  #attract(exaggeration: number): void {
    const { places } = this;
    const { starts, others, weights } = this.#graph;
    for (let i = 0; i + 1 < starts.length; i++) {
      let [fx, fy] = [0, 0];
      for (let edge = starts[i]; edge < starts[i + 1]; edge++) {
        const other = 2 * others[edge];
        const dx = places[other] - places[2 * i];
        const dy = places[other + 1] - places[2 * i + 1];
        const force = weights[edge] / (1 + dx * dx + dy * dy);
        fx += force * dx;
        fy += force * dy;
      }
      this.#forces[2 * i] += exaggeration * fx;
      this.#forces[2 * i + 1] += exaggeration * fy;
    }
  }
}
