// Invariance: how far outputs move when the image does, and how faithfully each layer's maps move with it.

import { ShapeError } from '../base/errors.js';
import { namingAsync } from '../base/namingasync.js';
import { abortSignal, type Check, callable, checkOptions, whole } from '../base/options.js';
import { show, sizeOf } from '../base/shape.js';
import { type Data, type Model, type SymbolicTensor, Tensor } from '../core.js';
import { warp } from '../data/warp.js';
import { endOf, probabilities } from '../model/classify.js';
import { breathe } from '../training/measure.js';
import { blackOf } from './light.js';
import { checkModel, samplesOf } from './samples.js';
import { temporarily, temporarilyAsync } from './temporary.js';

/** What is done to the images. */
export type Change = 'shift' | 'turn' | 'grow' | 'darken';

/** Options of `vis.invariance`. */
export interface InvarianceOptions {
  /** By how many pixels to the right: from 0 to a quarter of the width by default. */
  shift?: readonly number[];
  /** By how many degrees, clockwise: from −45 to 45 by default. */
  turn?: readonly number[];
  /** To how many times its size: from 0.6 to 1.4 by default. */
  grow?: readonly number[];
  /** The share of the light that is taken away: from 0 to 0.9 by default. */
  darken?: readonly number[];
  /** Images at a time: 32 by default. */
  batchSize?: number;
  /** Called with the share of the work that is done, from 0 to 1. */
  onProgress?: (done: number) => void;
  /** Aborts between two batches. */
  signal?: AbortSignal;
}

/** What comes of one change, more and more of it. */
export interface InvarianceCurve {
  /** How much the images are changed. */
  readonly by: readonly number[];
  /** For each of these the share of images whose class stays. */
  readonly same: readonly number[];
  /** How far the output moves, on average, as a share of its length. */
  readonly moved: readonly number[];
}

/** What `vis.invariance` finds: a curve for each change, and the layers. `vis.plot` draws it. */
export interface Invariance extends Readonly<Record<Change, InvarianceCurve>> {
  /**
   * How far what a layer makes of shifted images is from its shifted maps, f(T(x)) from T(f(x)), as a share of their
   * length (Zhang, arXiv 1904.11486): 0 where maps move as the image does. Of vectors, which cannot be shifted, how far
   * they move. NaN without shifts.
   */
  readonly layers: readonly { readonly name: string; readonly error: number }[];
}

const amounts = (fits: (value: number) => boolean, wanted: string): Check => {
  const isFit = (value: unknown): boolean => Number.isFinite(value) && fits(value as number);
  return (value) => (Array.isArray(value) && value.every(isFit) ? undefined : wanted);
};
const words = {
  shift: amounts(() => true, 'a list of pixels, such as [0, 1, 2]'),
  turn: amounts(() => true, 'a list of degrees, such as [0, 10, 20]'),
  grow: amounts((value) => value > 0, 'a list of factors > 0, such as [1, 1.2]'),
  darken: amounts((value) => value >= 0 && value <= 1, 'a list of shares from 0 to 1'),
  batchSize: whole(1),
  onProgress: callable,
  signal: abortSignal,
};

const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) =>
    Number((from + i * step).toFixed(6)),
  );

/** Writes a changed image to `to`. */
type Apply = (to: Float32Array, from: Float32Array) => void;

/** Warps about the middle: a pixel's place in the source is `yy`, `yx`, `xy`, `xx` times its place, less the shift. */
function warped(
  [height, width, channels]: readonly number[],
  { yy = 1, yx = 0, xy = 0, xx = 1, right = 0 },
): Apply {
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  const y0 = cy - yy * cy - yx * cx;
  const x0 = cx - xy * cy - xx * cx - right;
  return (to, from) =>
    warp(to, from, [height, width, channels], { yy, yx, y0, xy, xx, x0 }, 'edge');
}

/** How an amount of each change is applied to images of a shape. */
function changesOf(shape: readonly number[], black: readonly number[]) {
  const channels = shape[2];
  return {
    shift: (by: number) => warped(shape, { right: by }),
    turn: (by: number) => {
      const [c, s] = [Math.cos((by * Math.PI) / 180), Math.sin((by * Math.PI) / 180)];
      return warped(shape, { yy: c, yx: -s, xy: s, xx: c });
    },
    grow: (by: number) => warped(shape, { yy: 1 / by, xx: 1 / by }),
    darken:
      (by: number): Apply =>
      (to, from) => {
        for (let i = 0; i < to.length; i++) {
          const dark = black[i % channels];
          to[i] = dark + (1 - by) * (from[i] - dark);
        }
      },
  };
}

/**
 * How outputs move when images are shifted, turned, enlarged and darkened, and how well each layer's maps keep step with
 * a shift. What comes in at an edge is the edge's own pixels. Models with other poolings are compared by
 * `vis.plot({ max: await vis.invariance(…), blur: … })`.
 *
 * @param x images [n, height, width, channels]
 * @throws {ShapeError} for images of another shape, and a model that takes no images or gives no scores [classes]
 */
export async function invariance(
  model: Model,
  x: Data,
  options: InvarianceOptions = {},
): Promise<Invariance> {
  return namingAsync('vis.invariance', async () => {
    checkModel(model);
    const { inputShape, outputShape } = model;
    if (inputShape.length !== 3 || outputShape.length !== 1)
      throw new ShapeError(
        `the model makes ${show(outputShape)} of ${show(inputShape)}, not scores [classes] of images [height, width, channels]`,
      );
    const {
      shift = range(0, Math.max(1, inputShape[1] >> 2), 1),
      turn = range(-45, 45, 5),
      grow = range(0.6, 1.4, 0.1),
      darken = range(0, 0.9, 0.1),
      ...rest
    } = checkOptions('vis.invariance', options, words);
    return temporarilyAsync(async (keep) => {
      const images = keep(samplesOf(model, x));
      return new Study(model, images, { shift, turn, grow, darken }, rest).run();
    });
  });
}

type Amounts = Readonly<Record<Change, readonly number[]>>;

/** What is known of the outputs of some images. */
interface Outputs {
  readonly rows: readonly Float32Array[];
  readonly classes: readonly number[];
}

class Study {
  readonly #model: Model;
  readonly #x: Tensor;
  readonly #amounts: Amounts;
  readonly #options: Pick<InvarianceOptions, 'batchSize' | 'onProgress' | 'signal'>;
  /** Layers with one place in the model. */
  readonly #nodes: readonly SymbolicTensor[];
  /** Sums of squares of each layer: of the distance, and of the shifted maps. */
  readonly #far: Float64Array;
  readonly #long: Float64Array;

  constructor(
    model: Model,
    x: Tensor,
    amounts: Amounts,
    options: Pick<InvarianceOptions, 'batchSize' | 'onProgress' | 'signal'>,
  ) {
    [this.#model, this.#x, this.#amounts, this.#options] = [model, x, amounts, options];
    const { nodes } = model.resources.network.graph;
    this.#nodes = nodes.filter(
      ({ layer }) => nodes.filter((other) => other.layer === layer).length === 1,
    );
    this.#far = new Float64Array(this.#nodes.length);
    this.#long = new Float64Array(this.#nodes.length);
  }

  async run(): Promise<Invariance> {
    const { batchSize = 32, onProgress, signal } = this.#options;
    const [count] = this.#x.shape;
    const { inputShape } = this.#model;
    const size = sizeOf(inputShape);
    const changes = changesOf(inputShape, blackOf(this.#model, this.#x));
    const list = Object.entries(this.#amounts).flatMap(([name, all]) =>
      all.map((by, i) => ({ change: name as Change, by, i })),
    );
    const sums = Object.fromEntries(
      Object.entries(this.#amounts).map(([name, all]) => [
        name,
        { by: [...all], same: all.map(() => 0), moved: all.map(() => 0) },
      ]),
    ) as Record<Change, { by: number[]; same: number[]; moved: number[] }>;
    const steps = Math.ceil(count / batchSize) * list.length;
    let done = 0;
    for (let first = 0; first < count; first += batchSize) {
      const length = Math.min(batchSize, count - first);
      const images = this.#x.numbers.slice(first * size, (first + length) * size);
      const maps = this.#mapsOf(images, length);
      const before = this.#outputsOf(images, length);
      for (const { change, by, i } of list) {
        signal?.throwIfAborted();
        const changed = each(images, length, changes[change](by));
        const after = this.#outputsOf(changed, length);
        for (let n = 0; n < length; n++) {
          sums[change].same[i] += Number(after.classes[n] === before.classes[n]);
          sums[change].moved[i] += distance(after.rows[n], before.rows[n]) / count;
        }
        if (change === 'shift' && by !== 0) this.#compare(maps, changed, length, by);
        onProgress?.(++done / steps);
        await breathe();
      }
    }
    // Divided once, so that all of them are exactly 1.
    for (const { same } of Object.values(sums))
      same.forEach((kept, i) => {
        same[i] = kept / count;
      });
    const layers = this.#nodes.map(({ layer }, i) => ({
      name: layer.name,
      error: Math.sqrt(this.#far[i] / this.#long[i]),
    }));
    return { ...sums, layers };
  }

  #outputsOf(images: Float32Array, length: number): Outputs {
    const rows = temporarily((keep) => {
      const given = keep(Tensor.from(images, [length, ...this.#model.inputShape]));
      const { numbers } = keep(this.#model.predict(given, { batchSize: length }));
      const size = numbers.length / length;
      return Array.from({ length }, (_, i) => numbers.slice(i * size, (i + 1) * size));
    });
    const end = endOf(this.#model.outputs[0]);
    const classes = rows.map((row) => {
      const chances = probabilities(row, end);
      return chances.indexOf(Math.max(...chances));
    });
    return { rows, classes };
  }

  /** What each layer makes of the images. */
  #mapsOf(images: Float32Array, length: number): Float32Array[] {
    const names = this.#nodes.map(({ layer }) => layer.name);
    return temporarily((keep) => {
      const given = keep(Tensor.from(images, [length, ...this.#model.inputShape]));
      const found = this.#model.activations(given, names, { batchSize: length });
      for (const name of names) keep(found[name]);
      return names.map((name) => Float32Array.from(found[name].numbers));
    });
  }

  /** Adds how far each layer's maps of shifted images are from its shifted maps. */
  #compare(maps: readonly Float32Array[], changed: Float32Array, length: number, by: number) {
    const after = this.#mapsOf(changed, length);
    for (const [i, { shape }] of this.#nodes.entries()) {
      const right = (by * shape[1]) / this.#model.inputShape[1];
      const moved = shape.length === 3 ? each(maps[i], length, warped(shape, { right })) : maps[i];
      for (let k = 0; k < moved.length; k++) {
        this.#far[i] += (after[i][k] - moved[k]) ** 2;
        this.#long[i] += moved[k] ** 2;
      }
    }
  }
}

/** Each of some images, changed. */
function each(images: Float32Array, length: number, apply: Apply): Float32Array {
  const to = new Float32Array(images.length);
  const size = images.length / length;
  for (let n = 0; n < length; n++)
    apply(to.subarray(n * size, (n + 1) * size), images.subarray(n * size, (n + 1) * size));
  return to;
}

/** How far a vector is from another, as a share of the other's length. */
function distance(to: Float32Array, from: Float32Array): number {
  let [far, long] = [0, 0];
  for (let i = 0; i < to.length; i++) {
    far += (to[i] - from[i]) ** 2;
    long += from[i] ** 2;
  }
  return far === 0 ? 0 : Math.sqrt(far / long);
}
