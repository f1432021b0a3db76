// docs/cli.md: every command of it is run, one after another in one folder, as a reader would.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { firstOfMnist, inFolder, photos, program, runAll, write } from '../helpers/cli.js';

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
  await inFolder(async (folder) => {
    const renamed = async (left: string, right: string) =>
      Object.fromEntries(
        Object.entries(await photos(12, 12)).map(([name, png]) => [
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
      writeFileSync(join(folder, 'mnist', name), firstOfMnist(name, 1000));
    // What stdin is for needs a shell of the kind that the lines are for; the others one process does.
    const [piped, others] = [true, false].map((isPiped) =>
      lines.filter((line) => line.includes(' < ') === isPiped),
    );
    const commands = others.map((line) => line.replace('npx wasmgrad ', '').split(' > ')[0]);
    // One thread, as there are other tests at the same time.
    const outcomes = runAll(
      commands.map((command) => [...command.split(' '), '--threads', '1']),
      folder,
    );
    for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
      assert.is(code, 0, `${others[i]}: ${stderr}`);
      assert.ok(stdout !== '' || others[i].includes('convert'), `${others[i]} says nothing`);
      if (others[i].endsWith(' > labels.csv')) assert.match(stdout, /^file,rank,label/);
    }
    for (const line of existsSync('/bin/sh') ? piped : []) {
      const command = line.replace('npx wasmgrad', `'${process.execPath}' '${program}'`);
      const { status, stdout } = spawnSync('/bin/sh', ['-c', command], {
        cwd: folder,
        encoding: 'utf8',
      });
      assert.is(status, 0, line);
      assert.is.not(stdout, '', line);
    }
  });
});

test.run();
