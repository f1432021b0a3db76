// Code that is loaded later: where its file cannot be had, the error says what needed it and the way out.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { later } from '../../src/base/later.js';
import { EngineError } from '../../src/index.js';
import { rejects } from '../helpers/models.js';

test('what a module exports is passed on', async () => {
  assert.is(await later('f', Promise.resolve(5)), 5);
});

test('a file that is missing is an EngineError with its cause', async () => {
  const missing = new URL('./no-such-file.js', import.meta.url).href;
  await rejects(
    () => later('model.classify', import(missing)),
    EngineError,
    'model.classify',
    'no-such-file',
    'service worker',
  );
});

test.run();
