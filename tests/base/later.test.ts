// Code that is loaded later: once, and where its file cannot be had, the error says what needed it and the way out.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Later } from '../../src/base/later.js';
import { EngineError } from '../../src/index.js';
import { rejects } from '../helpers/models.js';

test('it is loaded when it is first asked for, once', async () => {
  let loads = 0;
  const module = { five: 5 };
  const later = new Later(async () => {
    loads++;
    return module;
  });
  assert.is(loads, 0);
  for (let i = 0; i < 3; i++) assert.is(await later.get('f'), module);
  assert.is(loads, 1);
});

test('what is handed over is not loaded', async () => {
  const later = new Later<object>(() => Promise.reject(new Error('not to be loaded')));
  const module = {};
  later.provide(module);
  assert.is(await later.get('f'), module);
});

test('a file that is missing is an EngineError with its cause; it may be there the next time', async () => {
  let isThere = false;
  const missing = new URL('./no-such-file.js', import.meta.url).href;
  const later = new Later(() => (isThere ? Promise.resolve(7) : import(missing)));
  const get = () => later.get('model.classify');
  await rejects(get, EngineError, 'model.classify', 'no-such-file', 'service worker');
  isThere = true;
  assert.is(await get(), 7);
});

test.run();
