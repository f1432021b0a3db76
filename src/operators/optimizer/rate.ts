// Learning rates as plain descriptions, and their values step by step.

import { cosPi, power, shrinkingPower } from '../../base/arithmetic.js';
import { ValueError } from '../../base/errors.js';
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
      // The steps on which the rate is highest, and lowest: between two steps, as PyTorch has it.
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

/** The numbers of each schedule, and whether they may be 0. */
const numbers = {
  step: { initial: true, every: false, factor: true },
  exponential: { initial: true, every: false, factor: false },
  cosine: { initial: true, steps: false, minimum: true },
  oneCycle: { maximum: true, steps: false, warmupShare: true, divide: false, finalDivide: false },
  warmup: { steps: false },
} as const;

/** @throws {ValueError} unless the rate is a number ≥ 0 or a schedule of such */
export function checkRate<R extends LearningRate>(rate: R): R {
  const value = rate as LearningRate;
  const fail = (what: string): never => {
    throw new ValueError(`learningRate: ${what}`);
  };
  if (typeof value === 'number') {
    const fits = typeof value === 'number' && value >= 0 && value <= MOST;
    return fits ? rate : fail(`must be a number ≥ 0 that float32 holds, not ${shown(value)}`);
  }
  if (!Object.hasOwn(numbers, value?.type)) {
    const known = Object.keys(numbers).join(', schedules.');
    fail(`must be a number or one of schedules.${known}, not ${shown(value)}`);
  }
  for (const [name, mayBeZero] of Object.entries(numbers[value.type])) {
    const number = value[name as keyof typeof value] as unknown;
    const isRate = name === 'initial' || name === 'maximum' || name === 'minimum';
    const fits = Number.isFinite(number) && (!isRate || (number as number) <= MOST);
    if (fits && ((number as number) > 0 || (mayBeZero && number === 0))) continue;
    fail(
      `schedules.${value.type}: ${name} must be a number ${mayBeZero ? '≥' : '>'} 0, not ${shown(number)}`,
    );
  }
  if (value.type === 'warmup') checkRate(value.to);
  if (value.type === 'exponential' && value.factor > 1)
    fail(`schedules.exponential: factor must be at most 1, not ${value.factor}`);
  if (value.type === 'oneCycle' && value.warmupShare > 1) {
    fail(`schedules.oneCycle: warmupShare must be at most 1, not ${shown(value.warmupShare)}`);
  }
  return rate;
}

/** @throws {ValueError} unless learning rates can be multiplied by it */
export function checkFactor(factor: number): number {
  if (Number.isFinite(factor) && factor >= 0) return factor;
  throw new ValueError(`learningRateFactor: must be a number ≥ 0, not ${shown(factor)}`);
}
