// Room among what lives at the same time: the lowest place that is free, as a search through all places finds it.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Occupancy } from '../../src/program/occupancy.js';
import { picker } from '../helpers/cases.js';

interface Life {
  readonly begin: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}

/** The lowest place, from 0 upwards one by one. */
function naive(lives: readonly Life[], bytes: number, first: number, last: number): number {
  const rivals = lives.filter((life) => life.first <= last && first <= life.last);
  const isFree = (place: number): boolean =>
    rivals.every(({ begin, end }) => end <= place || begin >= place + bytes || begin === end);
  let place = 0;
  while (!isFree(place)) place++;
  return place;
}

test('the lowest free place of random lives is what a naive search finds', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const pick = picker(seed);
    const integer = (from: number, to: number): number =>
      pick(Array.from({ length: to - from + 1 }, (_, i) => from + i));
    const times = integer(1, 40);
    const occupancy = new Occupancy(times);
    const lives: Life[] = [];
    for (let n = 0; n < 60; n++) {
      const [one, other] = [integer(0, times - 1), integer(0, times - 1)];
      const [first, last] = [Math.min(one, other), Math.max(one, other)];
      const bytes = integer(0, 9);
      const begin = occupancy.lowest(bytes, first, last);
      assert.is(begin, naive(lives, bytes, first, last), `seed ${seed}, life ${n}`);
      // Now and then elsewhere, which leaves gaps.
      const end = begin + bytes + integer(0, 2);
      occupancy.take(begin, end, first, last);
      lives.push({ begin, end, first, last });
    }
  }
});

test('of one time, of none taken and of no bytes', () => {
  const occupancy = new Occupancy(1);
  assert.is(occupancy.lowest(5, 0, 0), 0);
  occupancy.take(0, 5, 0, 0);
  assert.is(occupancy.lowest(5, 0, 0), 5);
  assert.is(occupancy.lowest(0, 0, 0), 0);
});

test.run();
