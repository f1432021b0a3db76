// Makes layers for an importer: applies them, names them, and notes what their weights hold.

import { FormatError, ShapeError } from '../../base/errors.js';
import type { Layer, SymbolicTensor } from '../../network/layer.js';
import { DistinctNames } from '../distinct.js';
import { permute, TILE } from '../permute.js';
import { activation, arranged } from './arrange.js';
import { arrays } from './arrays.js';
import { Activation, type Atom, BATCH, Constant, type Value } from './value.js';

/** Writes a weight into its memory once the model has some. */
export interface Fill {
  (to: Float32Array): void;
  /** The name of the file's array that has the numbers. */
  readonly array?: string;
  /** What is made of that array alike has the same key. */
  readonly key?: string;
}

/** What a weight holds: of the file, or computed by other layers. */
export type WeightSource = Fill | SymbolicTensor;

/** Weights by the names that a layer has for them. */
export type WeightSources = Readonly<Record<string, WeightSource | undefined>>;

/**
 * Thrown where an operator works across the first axis, which then cannot be an open batch: the network is imported
 * once more, with inputs that are given whole.
 */
export class NeedsWhole extends Error {}

/** A weight that is to be filled. */
export interface Filling {
  readonly layer: Layer;
  readonly name: string;
  readonly fill: Fill;
}

/** What a layer is made of: its options but for the name. */
export type Make = (name: string) => Layer;

/** Layers of a network that is being imported. */
export class Builder {
  readonly fillings: Filling[] = [];
  /** The size that the file says for the batch; undefined where it leaves it open. */
  readonly fileBatch: number | undefined;
  /** The name for the next layers: of the file's node, or of its weights. */
  #name = '';
  readonly #names = new DistinctNames();

  /** Layers whose weights are all the file's, by these: as an operator makes them, and as they are applied. */
  readonly #byWeights = new Map<string, { own: Layer; layer: Layer }[]>();
  /** Layers of the same network for other sides: those with weights are taken from there. */
  readonly #first: ReadonlyMap<string, Layer> | undefined;
  /** All layers that were made, by name. */
  readonly layers = new Map<string, Layer>();

  /** Layers by the names that the file has for them, before the weight's own: what is filled from these does not learn. */
  readonly #frozen: ReadonlySet<unknown>;

  constructor(
    fileBatch: number | undefined,
    first?: ReadonlyMap<string, Layer>,
    frozen: ReadonlySet<unknown> = new Set(),
  ) {
    this.fileBatch = fileBatch;
    this.#first = first;
    this.#frozen = frozen;
  }

  /** Sets what the next layers are called. They get a number from the second of a name on. */
  call(name: string): void {
    this.#name = name.replaceAll('/', '.').replace(/^\.+|\.+$/g, '') || 'layer';
  }

  /** The name that is called, with a number from its second use on. */
  name(): string {
    return this.#names.give(this.#name);
  }

  /** Applies a layer whose weights hold what is given; weights that other layers compute make it a wrapped one. */
  apply(
    make: Make,
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    weights: WeightSources = {},
    { rows = false, learns = true }: { rows?: boolean; learns?: boolean } = {},
  ): SymbolicTensor {
    const lent = Object.entries(weights).filter(
      (entry): entry is [string, SymbolicTensor] =>
        entry[1] !== undefined && typeof entry[1] !== 'function',
    );
    const xs = [inputs, ...lent.map(([, tensor]) => tensor)].flat();
    const x = xs.length === 1 ? xs[0] : xs;
    const key = keyOf(weights, rows);
    const alike = key === undefined ? [] : (this.#byWeights.get(key) ?? []);
    const before = alike.find(({ own }) => textOf(own) === textOf(make(own.name)));
    if (before) return before.layer.apply(x);
    const name = this.name();
    const own = make(name);
    const isWrapped = rows || lent.length > 0;
    const made = isWrapped
      ? arrays().wrapped({ name, layer: own, lent: lent.map(([word]) => word), rows })
      : own;
    const layer = this.#shared(made);
    this.layers.set(name, layer);
    if (key !== undefined) this.#byWeights.set(key, [...alike, { own, layer }]);
    const y = layer.apply(x);
    for (const [word, fill] of Object.entries(weights))
      if (typeof fill === 'function' && layer === made)
        this.fillings.push({ layer, name: word, fill });
    const isFrozen = !learns || Object.values(weights).some((source) => this.#isFrozen(source));
    if (isFrozen && layer === made) layer.trainable = false;
    return y;
  }

  #isFrozen(source: WeightSource | undefined): boolean {
    const array = typeof source === 'function' ? source.array : undefined;
    return array !== undefined && this.#frozen.has(array.split('/')[0]);
  }

  /** The layer of the first network that has the same weights; the new one where it has none. */
  #shared(made: Layer): Layer {
    const first = this.#first?.get(made.name);
    if (!first || first.parameters.length === 0) return made;
    if (textOf(first) === textOf(made)) return first;
    throw new ShapeError(
      `${made.name}: its weights are for the sides that the model was read with: give others as inputShape`,
    );
  }

  /**
   * Applies a layer over [...spatial, channels] to a value [batch, channels, ...spatial].
   *
   * @param rank the value's: others are an error
   */
  overImages(x: Activation, make: Make, weights: WeightSources = {}): Activation {
    const { axes, hasBatch } = x;
    if (axes.length < 3)
      throw new ShapeError(`expected [batch, channels, ...], received ${axes.length} dimensions`);
    const last = [...axes.slice(2), axes[1]];
    const from = arranged(x, hasBatch ? last : [axes[0], ...last]);
    return imagesOf(this.apply(make, from, weights, { rows: !hasBatch }), hasBatch);
  }

  /** Applies a layer for which neither order nor shape matters. */
  anywhere(x: Activation, make: Make): Activation {
    const y = this.apply(make, x.tensor);
    return new Activation(y, x.axes, x.stored);
  }
}

/** Numbers of a constant that are decoded together, about. */
const PASSING = 1 << 17;

/** What tells layers apart beside their weights. */
const textOf = ({ type, options }: Layer): string => JSON.stringify([type, options]);

/** Weights as text. Undefined where one is not an array of the file that has a name. */
function keyOf(weights: WeightSources, rows: boolean): string | undefined {
  const sources = Object.entries(weights).filter(([, source]) => source !== undefined);
  const keys = sources.map(([own, source]) => `${own} ${(source as Fill).key}`);
  const isNamed = sources.every(([, source]) => (source as Fill).key !== undefined);
  return keys.length > 0 && isNamed ? `${rows} ${keys}` : undefined;
}

/** What a layer over channels last has made, as [batch, channels, ...spatial]. */
export function imagesOf(y: SymbolicTensor, hasBatch: boolean): Activation {
  const rank = y.shape.length;
  if (hasBatch) return activation(y, true, [rank - 1, ...range(rank - 1)]);
  return activation(y, false, [0, rank - 1, ...range(rank - 1).slice(1)]);
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/**
 * A weight that has a constant's numbers: its shape is first taken as `split`, then its axes are reordered.
 *
 * @param order which axis of `split` each axis of the weight is
 */
export function filled(
  constant: Constant,
  order: readonly number[] = range(constant.shape.length),
  split: readonly number[] = constant.shape,
): Fill {
  const { name } = constant;
  const fill = (to: Float32Array): void => {
    if (constant.size !== to.length)
      throw new FormatError(
        `the file has [${constant.shape.join(', ')}] for it, ${constant.size} numbers, but the layer needs ${to.length}`,
      );
    // Some rows at a time: they are still in the cache when they are copied again.
    const [rows = 1, ...row] = split;
    const width = to.length / rows;
    const count = Math.max(1, Math.floor(PASSING / width / TILE)) * TILE;
    for (let first = 0; first < rows; first += count) {
      const part = Math.min(count, rows - first);
      const numbers = constant.passing(first * width, part * width) as ArrayLike<number>;
      permute(to, numbers, [part, ...row], order, { first, of: rows });
    }
  };
  const key = `${name} [${split}] ${order}`;
  return Object.assign(fill, name === undefined ? {} : { array: name, key });
}

/** A weight from a value: a constant's numbers, or what layers compute. Axes are reordered as in `filled`. */
export function weightOf(value: Value, order: readonly number[]): WeightSource {
  if (value instanceof Constant) return filled(value, order);
  if (value.hasBatch) throw new NeedsWhole();
  return arranged(
    value,
    order.map((axis) => value.axes[axis]),
  );
}

/** Whether atoms are the batch alone. */
export const isBatch = (axis: readonly Atom[]): boolean => axis[0] === BATCH;
