// How the command line shows things: paths for shells, bars in narrow terminals, many words in a line.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listed, optionsNamed, readingOf } from '../../src/cli/faults.js';
import { fitted } from '../../src/cli/loop.js';
import { quoted } from '../../src/cli/terminal.js';
import { FormatError, ValueError } from '../../src/index.js';
import { rejects } from '../helpers/models.js';

test('paths are one word for a shell', () => {
  assert.is(quoted('a/model-1.best.wasmgrad'), 'a/model-1.best.wasmgrad');
  assert.is(quoted('Zürich/模型.wasmgrad'), 'Zürich/模型.wasmgrad');
  if (!existsSync('/bin/sh') || process.platform === 'win32') return;
  const words = ['my model', "Anna's", '$HOME', 'a&b', 'a;b', 'a"b', '*', 'back\\slash', '~'];
  for (const path of words) {
    const said = execFileSync('/bin/sh', ['-c', `printf %s ${quoted(path)}`], { encoding: 'utf8' });
    assert.is(said, path);
  }
});

test('a bar gives its columns to what stands behind it', () => {
  const line = (bar: string): string => `epoch 1/2  ${bar}  9 images/s  loss 0.5`;
  const half = '━'.repeat(12) + '─'.repeat(12);
  assert.is(fitted(line(half), 80), line(half));
  assert.is(fitted(line(half), line(half).length), line('━'.repeat(12) + '─'.repeat(11)));
  assert.is(fitted(line(half), 50), line('━'.repeat(8) + '─'.repeat(8)));
  assert.is(fitted(line(half), 50).length, 49);
  assert.is(fitted(line(half), 20), line('━'.repeat(4) + '─'.repeat(4)));
  assert.is(fitted(line('─'.repeat(24)), 20), line('─'.repeat(8)));
  assert.is(fitted(line('━'.repeat(24)), 20), line('━'.repeat(8)));
  assert.is(fitted('no bar', 80), 'no bar');
});

test('of many words the first, and how many there are', () => {
  assert.is(listed(['a', 'b']), 'a, b');
  assert.is(listed(Array.from('abcdefghijklm')), 'a, b, c, d, e, f, g, h, i, j, k, l, … (13)');
});

test('a fault names the file once', async () => {
  for (const [path, said, told] of [
    ['a.png', 'io.readImage: cut off', "'a.png': cut off"],
    ['a', "imageFolder: there are no images in 'a/b'", "there are no images in 'a/b'"],
  ]) {
    const seen = await readingOf(path, async () => {
      throw new ValueError(said);
    }).catch(({ message }) => message);
    assert.is(seen, told);
  }
});

test("what asks for a function's option asks for that of the command line", async () => {
  for (const [said, typed] of [
    ['readOnnx(bytes, { inputShape: [224, 224, 3] }); or', '--input-shape 224x224x3; or'],
    ['readTfjs(source, { inputShape: [batch, height, width, channels] })', '--input-shape NxHxWxC'],
    ['inputShape says 3 where the file has 4', '--input-shape says 3 where the file has 4'],
  ])
    await rejects(
      () =>
        optionsNamed(async () => {
          throw new ValueError(said);
        }),
      FormatError,
      typed,
    );
});

test.run();
