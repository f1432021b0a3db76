// Learning rates as plain descriptions, and their values step by step.

import { cosPi, power, shrinkingPower } from '../../base/arithmetic.js';
import { ValueError } from '../../base/errors.js';
import {
  any,
  between,
  checkOptions,
  isFloat32,
  number,
  positive,
  required,
  type Words,
} from '../../base/options.js';
import { shown } from '../../base/shown.js';

/** How a learning rate changes; made by the functions of `schedules`. */
export type Schedule =
  | {
      readonly type: 'step';
      readonly initial: number;
      readonly every: number;
      readonly factor: number;
    }
  | {
      readonly type: 'cosine';
      readonly initial: number;
      readonly steps: number;
      readonly minimum: number;
    }
  | {
      readonly type: 'oneCycle';
      readonly maximum: number;
      readonly steps: number;
      readonly warmupShare: number;
      readonly divide: number;
      readonly finalDivide: number;
    }
  | {
      readonly type: 'exponential';
      readonly initial: number;
      readonly every: number;
      readonly factor: number;
    }
  | { readonly type: 'warmup'; readonly steps: number; readonly to: number | Schedule };

/** A fixed rate or one that changes. */
export type LearningRate = number | Schedule;

/** From one rate to another by half a cosine; `share` says how far, from 0 to 1. */
function halfWave(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + cosPi(share))) / 2;
}

/** The rate for a step, counted from 0. */
export function rateAt(rate: LearningRate, at: number): number {
  if (typeof rate === 'number') return rate;
  switch (rate.type) {
    case 'step':
      return rate.initial * power(rate.factor, Math.floor(at / rate.every));
    case 'exponential':
      return rate.initial * shrinkingPower(rate.factor, at / rate.every);
    case 'cosine':
      return halfWave(rate.initial, rate.minimum, Math.min(1, at / rate.steps));
    case 'oneCycle': {
      const { maximum, steps, warmupShare, divide, finalDivide } = rate;
      const initial = maximum / divide;
      // The steps on which the rate is highest, and lowest: between two steps: positive, as PyTorch has it.
      const [top, last] = [warmupShare * steps - 1, steps - 1];
      const now = Math.min(at, last);
      if (now <= top) return halfWave(initial, maximum, top > 0 ? now / top : 1);
      return halfWave(maximum, initial / finalDivide, (now - top) / (last - top));
    }
    case 'warmup':
      if (at >= rate.steps) return rateAt(rate.to, at - rate.steps);
      return (rateAt(rate.to, 0) * (at + 1)) / rate.steps;
  }
}

/** The largest number of float32, which the rate is computed with. */
const MOST = (2 - 2 ** -23) * 2 ** 127;

const rate = between(0, MOST);
const atMost1 = number((value) => value > 0 && value <= 1, 'a number > 0 and at most 1');

/** What the numbers of each schedule must be. */
const words: { readonly [T in Schedule['type']]: Words } = {
  step: { initial: rate, every: positive, factor: between(0) },
  exponential: { initial: rate, every: positive, factor: atMost1 },
  cosine: { initial: rate, steps: positive, minimum: rate },
  oneCycle: {
    maximum: rate,
    steps: positive,
    warmupShare: between(0, 1),
    divide: positive,
    finalDivide: positive,
  },
  warmup: { steps: positive, to: any },
};

/** @throws {ValueError} unless the rate is a number ≥ 0 or a schedule of such */
export function checkRate<R extends LearningRate>(where: string, given: R): R {
  const value = given as LearningRate;
  if (typeof value === 'number') {
    if (value >= 0 && value <= MOST) return given;
    throw new ValueError(`${where} must be a number ≥ 0 that float32 holds, not ${shown(value)}`);
  }
  if (!Object.hasOwn(words, value?.type)) {
    const known = Object.keys(words).join(', schedules.');
    throw new ValueError(
      `${where} must be a number or one of schedules.${known}, not ${shown(value)}${typeof value === 'function' ? ': callbacks.learningRateScheduler takes a function of the epoch' : ''}`,
    );
  }
  const { type, ...numbers } = value;
  checkOptions<object>(`schedules.${type}`, numbers, required(words[type]));
  if (value.type === 'warmup') checkRate('schedules.warmup: to', value.to);
  return given;
}

/** @throws {ValueError} unless learning rates can be multiplied by it */
export function checkFactor(factor: number): number {
  if (typeof factor === 'number' && factor >= 0 && isFloat32(factor)) return factor;
  throw new ValueError(
    `learningRateFactor: must be a number ≥ 0 that float32 holds, not ${shown(factor)}`,
  );
}
