// Where the atoms of activations lie: regrouping, reordering, and the layers that move numbers where that is needed.

import { layers } from '../../core.js';
import type { SymbolicTensor } from '../../network/layer.js';
import { arrays } from './arrays.js';
import { Activation, type Atom, BATCH, sizeOfAxis } from './value.js';

/** Atoms that are more than a bookkeeping entry: those of size 1 lie anywhere. */
const solid = (atoms: readonly Atom[]): Atom[] =>
  atoms.filter((atom) => atom !== BATCH && atom.size !== 1);

const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((each, i) => each === b[i]);

/** Whether atoms lie in memory in this order, so that no number has to move. */
const liesAs = ({ stored }: Activation, order: readonly Atom[]): boolean =>
  same(solid(stored), solid(order));

/** Gives a name for a layer that moves numbers. Without it, such layers have none of their own. */
type Naming = (() => string) | undefined;

const named = (name: Naming) => (name ? { name: name() } : {});

/** The tensor with another shape of a sample; itself where it has that. */
export function reshaped(
  tensor: SymbolicTensor,
  shape: readonly number[],
  name?: Naming,
): SymbolicTensor {
  if (same(tensor.shape, shape)) return tensor;
  const layer =
    shape.length === 1
      ? layers.flatten(named(name))
      : layers.reshape({ targetShape: [...shape], ...named(name) });
  return layer.apply(tensor);
}

/**
 * The activation's tensor with its atoms in this order in memory, as axes of these atoms: a transpose where they lie
 * otherwise, a reshape where only the shape differs. The batch is not among them.
 *
 * @param name for the last layer that it takes, if it takes any
 */
export function arranged(
  x: Activation,
  axes: readonly (readonly Atom[])[],
  name?: Naming,
): SymbolicTensor {
  const order = axes.flat();
  const shape = axes.map(sizeOfAxis);
  // A sample has at least one dimension.
  const target = shape.length > 0 ? shape : [1];
  if (liesAs(x, order)) return reshaped(x.tensor, target, name);
  const { runs, positions } = runsOf(solid(x.stored), solid(order));
  const from = reshaped(x.tensor, runs.map(sizeOfAxis));
  const isLast = same(
    positions.map((place) => from.shape[place]),
    target,
  );
  const y = arrays()
    .transpose({ axes: positions, ...(isLast ? named(name) : {}) })
    .apply(from);
  return reshaped(y, target, name);
}

/** Runs of atoms that are neighbours before and after: the fewer axes, the faster is the transpose. */
function runsOf(
  stored: readonly Atom[],
  order: readonly Atom[],
): { runs: Atom[][]; positions: number[] } {
  const runs: Atom[][] = [];
  for (const [i, atom] of stored.entries()) {
    const before = order[order.indexOf(atom) - 1];
    const goesOn = i > 0 && before !== undefined && before === stored[i - 1];
    if (goesOn) runs[runs.length - 1].push(atom);
    else runs.push([atom]);
  }
  const heads = order.filter((atom) => runs.some(([head]) => head === atom));
  return { runs, positions: heads.map((atom) => runs.findIndex(([head]) => head === atom)) };
}

/** The axes after the batch, where there is one. */
const sampleAxes = (x: Activation): readonly (readonly Atom[])[] =>
  x.hasBatch ? x.axes.slice(1) : x.axes;

/** Its tensor with the numbers in the file's order. */
export const inFileOrder = (x: Activation, name?: Naming): SymbolicTensor =>
  arranged(x, sampleAxes(x), name);

/** New atoms, one for each side; the batch is in front where it is asked for. */
export function freshAxes(shape: readonly number[], hasBatch: boolean): Atom[][] {
  const axes = shape.map((size) => [{ size }]);
  return hasBatch ? [[BATCH], ...axes] : axes;
}

/** A tensor whose sample lies in the order of its shape, as the axes in the file's order that `order` picks. */
export function activation(
  tensor: SymbolicTensor,
  hasBatch: boolean,
  order: readonly number[] = tensor.shape.map((_, i) => i),
): Activation {
  const atoms = tensor.shape.map((size) => ({ size }));
  const axes = order.map((i) => [atoms[i]]);
  return new Activation(tensor, hasBatch ? [[BATCH], ...axes] : axes, atoms);
}

/**
 * The axes for another shape in the file's order, of the same atoms, some of them split.
 *
 * @param shape without the batch
 * @returns the activation itself regrouped, or undefined where an atom would have to be cut where it cannot: then the
 *   numbers must be brought into the file's order first
 */
export function regrouped(x: Activation, shape: readonly number[]): Activation | undefined {
  const queue = sampleAxes(x).flat();
  const splits = new Map<Atom, Atom[]>();
  const axes: Atom[][] = [];
  for (const side of shape) {
    const axis: Atom[] = [];
    let left = side;
    while (left > 1) {
      const atom = queue.shift();
      if (!atom) return undefined;
      if (atom.size === 1) continue;
      if (left % atom.size === 0) {
        axis.push(atom);
        left /= atom.size;
      } else if (atom.size % left === 0) {
        const parts = [{ size: left }, { size: atom.size / left }];
        replace(splits, atom, parts);
        axis.push(parts[0]);
        queue.unshift(parts[1]);
        left = 1;
      } else {
        return undefined;
      }
    }
    axes.push(axis.length > 0 ? axis : [{ size: side }]);
  }
  if (queue.some(({ size }) => size !== 1)) return undefined;
  const stored = x.stored.flatMap((atom) => splits.get(atom) ?? [atom]);
  const own = new Set(stored);
  const more = axes.flat().filter((atom) => !own.has(atom));
  return new Activation(x.tensor, x.hasBatch ? [[BATCH], ...axes] : axes, [...stored, ...more]);
}

/** Notes that an atom, which may be a part itself, was split. */
function replace(splits: Map<Atom, Atom[]>, atom: Atom, parts: Atom[]): void {
  for (const [whole, pieces] of splits) {
    const at = pieces.indexOf(atom);
    if (at < 0) continue;
    splits.set(whole, [...pieces.slice(0, at), ...parts, ...pieces.slice(at + 1)]);
    return;
  }
  splits.set(atom, parts);
}
