// Normalization of each sample by itself as layers: over groups of channels, each channel, or any axes.

import { ShapeError } from '../../base/errors.js';
import { flag, positive, required, type Words, whole } from '../../base/options.js';
import { checkChannels, type Shape, show, sizeOf } from '../../base/shape.js';
import {
  type Forward,
  Layer,
  type LayerOptions,
  type Lowering,
  type ParameterSpec,
} from '../../network/layer.js';
import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';
import { anyAxes, axesIn } from './axes.js';
import { emitOf, inverse, permute } from './strides.emit.js';

/** Options that all normalizations have. */
interface NormOptions extends LayerOptions {
  /** Added to the variance: 1e-3 by default. */
  epsilon?: number;
  /** Whether the result is multiplied by a weight `gamma`: true by default. */
  scale?: boolean;
  /** Whether a weight `beta` is added: true by default. */
  center?: boolean;
}

const words: Words = { epsilon: positive, scale: flag, center: flag };

/** What is normalized: [batch, positions, channels], in groups of channels. */
interface Groups {
  readonly batch: number;
  readonly positions: number;
  readonly channels: number;
  readonly groups: number;
}

/** Numbers of a part of the batch, at least; and the most parts: the shape alone decides how sums are cut. */
const PART = 8192;
const MOST_PARTS = 64;

function sizesOf(g: Groups, epsilon: number) {
  const wanted = (g.batch * g.positions * g.channels) / PART;
  const splits = Math.max(1, Math.floor(Math.min(g.batch, wanted, MOST_PARTS)));
  return { ...g, splits, epsilon };
}

interface Saved {
  x: Value;
  mean: Value;
  scale: Value;
}

/** What normalizations share. */
abstract class Norm<O extends NormOptions> extends Layer<Saved> {
  declare readonly options: O;

  shapeFor(sample: Shape): Shape {
    this.weightShape(sample);
    return sample;
  }

  /** The shape of gamma and beta. @throws {ShapeError} where the sample has not what is normalized */
  protected abstract weightShape(sample: Shape): Shape;
  /** How [batch, ...sample] is seen. */
  protected abstract groups(x: Shape): Groups;
  /** x as the kernels take it; and back. */
  protected inward(_e: Emitter, x: Value): Value {
    return x;
  }
  protected outward(_e: Emitter, y: Value, _shape: Shape): Value {
    return y;
  }

  protected override parametersFor(sample: Shape): ParameterSpec[] {
    const { scale = true, center = true } = this.options;
    const shape = this.weightShape(sample);
    const gamma = { name: 'gamma', shape, initializer: 'ones', trainable: true } as const;
    const beta = { name: 'beta', shape, initializer: 'zeros', trainable: true } as const;
    return [...(scale ? [gamma] : []), ...(center ? [beta] : [])];
  }

  #weight(to: Lowering, name: string): Operand {
    return this.parameters.some((one) => one.name === name) ? to.weight(this, name) : none;
  }

  #sizes(x: Shape) {
    return sizesOf(this.groups(x), this.options.epsilon ?? 1e-3);
  }

  emitForward(to: Lowering, given: Value): Forward<Saved> {
    const { emitter: e } = to;
    const x = this.inward(e, given);
    const sizes = this.#sizes(given.shape);
    const y = e.value(x.shape);
    const [mean, scale] = [0, 1].map(() => e.value([sizes.batch, sizes.groups]));
    const [gamma, beta] = [this.#weight(to, 'gamma'), this.#weight(to, 'beta')];
    emitOf(e, 'groupNorm', { y, mean, scale, x, gamma, beta, ...sizes });
    return { y: this.outward(e, y, given.shape), saved: { x, mean, scale } };
  }

  emitBackward(to: Lowering, given: Value, saved: Saved, wanted: boolean): Value | undefined {
    const { emitter: e } = to;
    const learns = this.trainable && this.parameters.length > 0;
    if (!wanted && !learns) return undefined;
    const dy = this.inward(e, given);
    const sizes = this.#sizes(given.shape);
    const { splits, channels } = sizes;
    const dx = wanted ? e.value(dy.shape) : none;
    const partials = e.value([splits, 2, channels]);
    const gamma = this.#weight(to, 'gamma');
    emitOf(e, 'groupNormBackward', { dx, partials, dy, ...saved, gamma, ...sizes });
    if (learns) this.#learn(to, partials, splits, channels);
    return dx === none ? undefined : this.outward(e, dx, given.shape);
  }

  #learn(to: Lowering, partials: Value, splits: number, channels: number): void {
    const { emitter: e } = to;
    const sums = e.value([2, channels]);
    e.emit('sumPartials', { y: sums, partials, splits, count: 2 * channels });
    for (const { name } of this.parameters) {
      const y = to.gradient(this, name);
      const own = sums.view([channels], name === 'beta' ? channels : 0);
      e.emit('sumPartials', { y, partials: own, splits: 1, count: channels });
    }
  }
}

/** Options of `groupNorm`, Keras's words and defaults. */
export interface GroupNormOptions extends NormOptions {
  /** In how many groups of neighbouring channels. */
  groups: number;
}

/** Options of `instanceNorm`. */
export interface InstanceNormOptions extends NormOptions {}

class GroupNorm extends Norm<NormOptions & { groups?: number }> {
  constructor(type: 'groupNorm' | 'instanceNorm', options: NormOptions, more: Words = {}) {
    super(type, options, { ...more, ...words });
  }

  protected weightShape(sample: Shape): Shape {
    const channels = checkChannels(sample);
    const { groups = channels } = this.options;
    if (channels % groups === 0) return [channels];
    throw new ShapeError(
      `groups ${groups} must divide the ${channels} channels of ${show(sample)}`,
    );
  }

  protected groups(x: Shape): Groups {
    const channels = x[x.length - 1];
    const positions = sizeOf(x.slice(1, -1));
    return { batch: x[0], positions, channels, groups: this.options.groups ?? channels };
  }
}

/** Options of `layerNorm`, Keras's words and defaults. */
export interface LayerNormOptions extends NormOptions {
  /** Of the sample, from 0 on: over which mean and variance are taken. The last by default. */
  axes?: readonly number[];
}

class LayerNorm extends Norm<LayerNormOptions> {
  constructor(options: LayerNormOptions) {
    super('layerNorm', options, { axes: anyAxes, ...words });
  }

  protected weightShape(sample: Shape): Shape {
    return axesIn(sample, this.options.axes ?? [-1]).map((axis) => sample[axis]);
  }

  protected groups([batch, ...sample]: Shape): Groups {
    const channels = sizeOf(this.weightShape(sample));
    return { batch: (batch * sizeOf(sample)) / channels, positions: 1, channels, groups: 1 };
  }

  /** The order in which the axes are the last, those of the batch included. */
  #order({ length }: Shape): number[] {
    const axes = axesIn(Array(length - 1).fill(1), this.options.axes ?? [-1]).map((a) => a + 1);
    const all = Array.from({ length }, (_, i) => i);
    return [...all.filter((axis) => !axes.includes(axis)), ...axes];
  }

  protected override inward(e: Emitter, x: Value): Value {
    return reordered(e, x, this.#order(x.shape));
  }

  protected override outward(e: Emitter, y: Value, shape: Shape): Value {
    return reordered(e, y, inverse(this.#order(shape)));
  }
}

/** x with its dimensions in another order; itself where that is no other. */
function reordered(e: Emitter, x: Value, order: readonly number[]): Value {
  if (order.every((axis, i) => axis === i)) return x;
  const y = e.value(order.map((axis) => x.shape[axis]));
  permute(e, y, x, x.shape, order);
  return y;
}

/** Each sample's numbers along some axes brought to mean 0 and variance 1, then scaled and shifted (Ba et al., arXiv 1607.06450). */
export const layerNorm = (options: LayerNormOptions = {}): Layer => new LayerNorm(options);
/** The same over groups of neighbouring channels of [..., channels], at all positions (Wu & He, arXiv 1803.08494). */
export const groupNorm = (options: GroupNormOptions): Layer =>
  new GroupNorm('groupNorm', options, required({ groups: whole(1) }));
/** The same over each channel of [..., channels] by itself (Ulyanov et al., arXiv 1607.08022). */
export const instanceNorm = (options: InstanceNormOptions = {}): Layer =>
  new GroupNorm('instanceNorm', options);
