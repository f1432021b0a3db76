// SVG and HTML as text: whether every element is closed.

import * as assert from 'uvu/assert';

/** Elements that HTML never closes. */
const EMPTY = ['meta', 'img'];

/** Fails unless every element is closed, in order. */
export function checkWellFormed(text: string): void {
  const open: string[] = [];
  const bare = text.replace(/<style>.*?<\/style>|<!doctype html>/gs, '');
  for (const [, closing, name, empty] of bare.matchAll(
    /<(\/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*?(\/?)>/g,
  )) {
    if (closing) assert.is(open.pop(), name);
    else if (!empty && !EMPTY.includes(name)) open.push(name);
  }
  assert.equal(open, []);
}
