// docs/cli.md: every command of it is run, one after another in one folder, as a reader would.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inFolder, mnist, photos, program, write } from '../helpers/cli.js';

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code]) => code);
const lines = blocks
  .flatMap((code) => code.trimEnd().split('\n'))
  .filter((line) => line.startsWith('npx wasmgrad '));
const [, network] = /^```json\n(.*?)^```$/ms.exec(page) as RegExpExecArray;

test('every command is shown', () => {
  for (const [, name] of page.matchAll(/^\| \[`(\w+)`\]/gm))
    assert.ok(
      lines.some(
        (line) => line.startsWith(`npx wasmgrad ${name} `) || line === `npx wasmgrad ${name}`,
      ),
      name,
    );
});

test('every command runs', async () => {
  // A shell of the kind that the lines are for.
  if (!existsSync('/bin/sh')) return;
  await inFolder(async (folder) => {
    const renamed = async (left: string, right: string) =>
      Object.fromEntries(
        Object.entries(await photos(12)).map(([name, png]) => [
          name.replace('upright', left).replace('level', right),
          png,
        ]),
      );
    const cats = await renamed('dogs', 'cats');
    write(join(folder, 'photos'), cats);
    write(join(folder, 'flowers'), await renamed('roses', 'tulips'));
    const names = Array.from({ length: 10 }, (_, k) => `digit ${k}\n`).join('');
    write(folder, { 'network.json': network, 'names.txt': names, 'mnist/readme.txt': '' });
    for (const name of ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'])
      symlinkSync(mnist(name), join(folder, 'mnist', name));
    for (const line of lines) {
      const command = line.replace('npx wasmgrad', `'${process.execPath}' '${program}'`);
      const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], {
        cwd: folder,
        encoding: 'utf8',
      });
      assert.is(status, 0, `${line}: ${stderr}`);
      assert.ok(stdout !== '' || /convert|>/.test(line), `${line} says nothing`);
    }
    assert.match(readFileSync(join(folder, 'labels.csv'), 'utf8'), /^file,rank,label/);
  });
});

test.run();
