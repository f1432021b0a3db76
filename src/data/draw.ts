// The random numbers of augmentation: for each sample a function of (seed, epoch, sample). They are the same bits in
// every engine, and do not depend on batch size, order and thread.

import { cosPi, shrinkingPower, sinPi } from '../base/arithmetic.js';
import { ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { objectOf } from '../base/options.js';
import { purpose, Random } from '../base/random.js';
import { checkInteger } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { type Augmentation, checkAugmentation } from './augment.js';

/** What was drawn for one sample. */
export interface Transform {
  /**
   * The output's pixel (row, column) is the input's pixel (yy·row + yx·column + y0, xy·row + xx·column + x0). Without
   * rotation and scaling, these are exact whole numbers.
   */
  readonly yy: number;
  readonly yx: number;
  readonly y0: number;
  readonly xy: number;
  readonly xx: number;
  readonly x0: number;
  readonly contrast: number;
  readonly brightness: number;
  /** The first row and column of the cutout's rectangle; both may be negative. */
  readonly cutTop: number;
  readonly cutLeft: number;
  /** The number of the sample to mix with. */
  readonly partner: number;
  /** This sample's share in the mix: 1 without mixup. */
  readonly lambda: number;
}

/**
 * Draws the numbers for a sample. All of them are drawn, in a fixed order, even if their option is not given: so an
 * option does not change what the others do.
 *
 * @param count how many samples there are to mix with
 */
export function drawTransform(
  augmentation: Augmentation,
  [height, width]: readonly number[],
  { epoch, sample, count }: { epoch: number; sample: number; count: number },
): Transform {
  const { flip, rotate, scale, shift, padding, contrast, brightness, cutout } = augmentation;
  const random = new Random(augmentation.seed, purpose.augment, sample, epoch);
  const within = (limit: number) => (2 * random.uniform() - 1) * limit;
  const whole = (count: number) => Math.floor(random.uniform() * count);
  const sign = (may: boolean) => (random.uniform() < 0.5 && may ? -1 : 1);
  const around = (limit: number) => whole(2 * limit + 1) - limit;

  const [down, right] = [sign(flip[0]), sign(flip[1])];
  const dy = around(shift[0]) + around(padding[0]);
  const dx = around(shift[1]) + around(padding[1]);
  const turn = within(rotate) / 180;
  const factor = scale[0] + random.uniform() * (scale[1] - scale[0]);
  const drawn = {
    contrast: 1 + within(contrast),
    brightness: within(brightness),
    cutTop: whole(height) - (cutout[0] >> 1),
    cutLeft: whole(width) - (cutout[1] >> 1),
    partner: whole(count),
    lambda: symmetricBeta(augmentation.mixup, random),
  };

  // From the output's pixel back to the input's: shifted, turned and flipped back.
  const cos = cosPi(Math.abs(turn)) / factor;
  const sin = sinPi(turn) / factor;
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  const [yy, yx, xy, xx] = [down * cos, down * sin, -right * sin, right * cos];
  const y0 = cy - yy * (cy + dy) - yx * (cx + dx);
  const x0 = cx - xy * (cy + dy) - xx * (cx + dx);
  return { yy, yx, y0, xy, xx, x0, ...drawn };
}

/**
 * A number with the distribution Beta(a, a); 1 for a = 0. Draws Student's t with 2a degrees of freedom by Bailey's
 * polar method (Mathematics of Computation 62, 1994); then (1 + t/√(2a + t²)) / 2 is the result. It takes two random
 * numbers for any a, without rejection.
 */
function symmetricBeta(a: number, random: Random): number {
  const radius = 1 - random.uniform();
  const cos = cosPi(random.uniform());
  if (a === 0) return 1;
  const p = shrinkingPower(radius, 1 / a);
  return (1 + (cos * Math.sqrt(1 - p)) / Math.sqrt(p + cos * cos * (1 - p))) / 2;
}

/** Which samples of a batch are mixed with which: λ·this + (1 − λ)·partner. */
export interface Mixes {
  readonly partners: Int32Array;
  readonly lambdas: Float64Array;
}

/** The samples of a batch. */
export interface BatchRequest {
  /** Counted from 0 or 1: each epoch has transforms of its own. */
  readonly epoch: number;
  /** Numbers of samples in the data set. */
  readonly indices: ArrayLike<number>;
}

/** @throws {ValueError} for an epoch that is not a whole number ≥ 0, or an index that does not exist */
export function checkRequest(request: BatchRequest, count: number): void {
  const { epoch, indices } = objectOf(request, 'epoch');
  checkInteger('epoch', epoch, 0);
  if (!(Array.isArray(indices) || ArrayBuffer.isView(indices)))
    throw new ValueError(`indices must be a list of numbers, not ${shown(indices)}`);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    throw new ValueError(
      `index ${i} is ${shown(index)}, but samples are numbered from 0 to ${count - 1}`,
    );
  }
}

/**
 * How mixup mixes a batch's inputs, so that its targets can be mixed in the same way. Partners are drawn from all
 * `count` samples of the data set, so that batch size and order change nothing.
 *
 * @throws {ValueError} for a count that is not a whole number ≥ 1, and for an epoch or an index that does not exist
 */
export function mixes(augmentation: Augmentation, count: number, request: BatchRequest): Mixes {
  naming('data.mixes', () => {
    checkAugmentation(augmentation);
    checkInteger('count', count);
    checkRequest(request, count);
  });
  const { epoch, indices } = request;
  const partners = new Int32Array(indices.length);
  const lambdas = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const drawn = drawTransform(augmentation, [1, 1], { epoch, sample: indices[i], count });
    partners[i] = drawn.partner;
    lambdas[i] = drawn.lambda;
  }
  return { partners, lambdas };
}
