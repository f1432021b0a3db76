// Running sums, and rows of a weight by their numbers, as layers.

import { naming } from '../../base/naming.js';
import { any, whole as count, flag, required } from '../../base/options.js';
import { checkShape, type Shape, sizeOf } from '../../base/shape.js';
import {
  type Forward,
  Layer,
  type LayerOptions,
  type Lowering,
  type ParameterSpec,
} from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { anyAxis, axesIn } from './axes.js';
import { combineArrays } from './combine.emit.js';
import { cumulate, gatherRows, sumSegments } from './lookup.emit.js';
import { mapForward } from './map.emit.js';
import { fillWith } from './strides.emit.js';

/** Options of `cumSum`. */
export interface CumSumOptions extends LayerOptions {
  /** Of the sample, from 0 on. */
  axis: number;
  /** Whether each sum is without the number itself: false by default. */
  exclusive?: boolean;
  /** Whether they begin at the axis's end: false by default. */
  reverse?: boolean;
}

class CumSum extends Layer<null> {
  declare readonly options: CumSumOptions;

  constructor(options: CumSumOptions) {
    super('cumSum', options, { ...required({ axis: anyAxis }), exclusive: flag, reverse: flag });
  }

  shapeFor(sample: Shape): Shape {
    axesIn(sample, [this.options.axis]);
    return sample;
  }

  #sums({ emitter }: Lowering, x: Value, back: boolean): Value {
    const { axis, exclusive = false, reverse = false } = this.options;
    const y = emitter.value(x.shape);
    const [own] = axesIn(x.shape.slice(1), [axis]);
    cumulate(emitter, y, x, own + 1, { excludes: exclusive, reverse: reverse !== back });
    return y;
  }

  emitForward(to: Lowering, x: Value): Forward<null> {
    return { y: this.#sums(to, x, false), saved: null };
  }

  /** Each number is in the sums after it. */
  emitBackward(to: Lowering, dy: Value, _: null, wanted: boolean): Value | undefined {
    return wanted ? this.#sums(to, dy, true) : undefined;
  }
}

/** Options of `embedding`. */
export interface EmbeddingOptions extends LayerOptions {
  /** How many rows the table has. */
  count: number;
  /** A row's shape. */
  shape: Shape;
}

/** Floats hold all whole numbers up to it. */
const MOST_ROWS = 2 ** 24;

/** What backward needs: the rows' numbers, and the input's shape. */
interface Looked {
  readonly rows: Value;
  readonly shape: Shape;
}

class Embedding extends Layer<Looked> {
  declare readonly options: EmbeddingOptions;

  constructor(options: EmbeddingOptions) {
    super('embedding', options, required({ count: count(1, MOST_ROWS), shape: any }));
    naming(`${this.title}: shape`, () => checkShape(this.options.shape, 1));
  }

  shapeFor(sample: Shape): Shape {
    return [...sample, ...this.options.shape];
  }

  protected override parametersFor(): ParameterSpec[] {
    const { count: rows, shape } = this.options;
    return [
      { name: 'table', shape: [rows, ...shape], initializer: 'glorotUniform', trainable: true },
    ];
  }

  /** The kernel reads whatever it is told to: so numbers are brought to −n … n − 1, and negative ones count from the last. */
  #rows({ emitter: e }: Lowering, x: Value): Value {
    const { count: n } = this.options;
    const rows = e.value(x.shape);
    const isBelow = e.value(x.shape);
    mapForward(e, rows, x, { fn: 'Clip', alpha: -n, beta: n - 1 });
    // Cut, and 0 for NaN.
    mapForward(e, rows, rows, { fn: 'ToInteger' });
    mapForward(e, rows, rows, { fn: 'FromInteger' });
    // 1 below 0.
    mapForward(e, isBelow, rows, { fn: 'HardSigmoid', alpha: -1 });
    mapForward(e, isBelow, isBelow, { fn: 'Affine', alpha: n });
    combineArrays(e, 'Add', rows, rows, isBelow);
    mapForward(e, rows, rows, { fn: 'ToInteger' });
    return rows;
  }

  emitForward(to: Lowering, x: Value): Forward<Looked> {
    const { count: n, shape } = this.options;
    const y = to.emitter.value(this.shapeFor(x.shape));
    const rows = this.#rows(to, x);
    const slice = sizeOf(shape);
    const sizes = { batch: 1, outer: 1, n, count: x.size, slice };
    gatherRows(to.emitter, y, to.weight(this, 'table'), rows, sizes);
    return { y, saved: { rows, shape: x.shape } };
  }

  emitBackward(to: Lowering, dy: Value, { rows, shape }: Looked, wanted: boolean) {
    if (this.trainable) sumSegments(to.emitter, to.gradient(this, 'table'), dy, rows);
    if (!wanted) return undefined;
    const dx = to.emitter.value(shape);
    fillWith(to.emitter, dx, 0);
    return dx;
  }
}

/** The sum of the numbers along an axis up to each. */
export const cumSum = (options: CumSumOptions): Layer => new CumSum(options);
/**
 * The rows of the weight `table`, [count, ...shape], whose numbers the input has: [...sample, ...shape]. Numbers are cut
 * to whole ones; negative ones count from the last row; of rows that there are not, the nearest is taken.
 */
export const embedding = (options: EmbeddingOptions): Layer => new Embedding(options);
