// Learning rates as plain descriptions, and their values step by step.

import { cosPi, power } from './arithmetic.js';
import { ValueError } from './errors.js';

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
  | { readonly type: 'warmup'; readonly steps: number; readonly to: number | Schedule };

/** A fixed rate or one that changes. */
export type LearningRate = number | Schedule;

/** The rate for a step, counted from 0. */
export function rateAt(rate: LearningRate, at: number): number {
  if (typeof rate === 'number') return rate;
  switch (rate.type) {
    case 'step':
      return rate.initial * power(rate.factor, Math.floor(at / rate.every));
    case 'cosine': {
      const share = Math.min(1, at / rate.steps);
      return rate.minimum + ((rate.initial - rate.minimum) * (1 + cosPi(share))) / 2;
    }
    case 'warmup':
      if (at >= rate.steps) return rateAt(rate.to, at - rate.steps);
      return (rateAt(rate.to, 0) * (at + 1)) / rate.steps;
  }
}

/** The numbers of each schedule, and whether they may be 0. */
const numbers = {
  step: { initial: true, every: false, factor: true },
  cosine: { initial: true, steps: false, minimum: true },
  warmup: { steps: false },
} as const;

/** @throws {ValueError} unless the rate is a number ≥ 0 or a schedule of such */
export function checkRate<R extends LearningRate>(rate: R): R {
  const value = rate as LearningRate;
  const fail = (what: string): never => {
    throw new ValueError(`learningRate: ${what}`);
  };
  if (typeof value === 'number') {
    return value >= 0 && Number.isFinite(value) ? rate : fail(`must be a number ≥ 0, not ${value}`);
  }
  if (!Object.hasOwn(numbers, value?.type)) {
    const known = Object.keys(numbers).join(', schedules.');
    fail(`must be a number or one of schedules.${known}, not ${JSON.stringify(value)}`);
  }
  for (const [name, mayBeZero] of Object.entries(numbers[value.type])) {
    const number = value[name as keyof typeof value] as unknown;
    if (Number.isFinite(number) && ((number as number) > 0 || (mayBeZero && number === 0)))
      continue;
    fail(
      `schedules.${value.type}: ${name} must be a number ${mayBeZero ? '≥' : '>'} 0, not ${number}`,
    );
  }
  if (value.type === 'warmup') checkRate(value.to);
  return rate;
}
