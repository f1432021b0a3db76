// The architecture's one rule: src knows bindings, bindings know assembly, nothing points back. And
// no test file may stay silent.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('..', import.meta.url));

function filesBelow(folder: string): string[] {
  return readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const read = (file: string): string => readFileSync(root + file, 'utf8');

/** The room each relative import of a file leads to. */
function roomsOf(file: string): string[] {
  return [...read(file).matchAll(/from '(\.[^']*)'/g)].map(([, path]) => {
    const target = new URL(path, `file:///${file}`).pathname;
    return target.split('/')[1];
  });
}

const allowed: Record<string, readonly string[]> = {
  assembly: ['assembly'],
  bindings: ['bindings', 'build'],
  src: ['src', 'bindings'],
};

for (const [room, neighbours] of Object.entries(allowed)) {
  test(`${room} imports only from ${neighbours.join(' and ')}`, () => {
    const files = filesBelow(room).filter((file) => file.endsWith('.ts'));
    assert.ok(files.length > 5, 'the room was found');
    for (const file of files) {
      for (const target of roomsOf(file))
        assert.ok(neighbours.includes(target), `${file} → ${target}`);
    }
  });
}

test('pointers stay out of src: no layer touches linear memory', () => {
  for (const file of filesBelow('src').filter((name) => name.endsWith('.layer.ts'))) {
    assert.not.match(read(file), /\.address|\.memory\b/, file);
  }
});

test('every test file runs its suite', () => {
  const files = filesBelow('tests').filter((file) => file.endsWith('.test.ts'));
  for (const file of files) assert.match(read(file), /\n(test|suite)\.run\(\);\n$/, file);
});

test('every file says what it is for', () => {
  for (const folder of [
    'assembly',
    'bindings',
    'src',
    'tests',
    'scripts',
    'examples',
    'playground/src',
  ]) {
    for (const file of filesBelow(folder).filter((name) => /\.m?[tj]s$/.test(name))) {
      assert.match(read(file), /^(\/\/\/ <reference[^\n]*\n)*\/\/ \S/, file);
    }
  }
});

test('the version is that of package.json', () => {
  const { version } = JSON.parse(read('package.json'));
  assert.match(read('src/runtime/runtime.ts'), `const VERSION = '${version}'`);
});

test.run();
