// The architecture's rules: a floor imports only from the floors below it, no import leads in a circle, and pointers
// stay out of src. And no test file may stay silent.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('..', import.meta.url));

function filesBelow(folder: string): string[] {
  return readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.name === 'node_modules' || entry.name === 'dist') return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const sources = (folder: string): string[] =>
  filesBelow(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));

const read = (file: string): string => readFileSync(root + file, 'utf8');

/** The files that a file imports, types and `import()` included. */
function importsOf(file: string): string[] {
  const paths = [...read(file).matchAll(/(?:from|import)\s*\(?\s*'([^']*)'/g)].map(
    ([, path]) => path,
  );
  return paths.flatMap((path) => {
    // Of what Node and browsers have in two versions, both.
    if (path.startsWith('#platform/'))
      return ['.ts', '.browser.ts'].map((end) => path.slice('#platform/'.length) + end);
    if (!path.startsWith('.')) return [];
    const target = new URL(path, `file:///${file}`).pathname.slice(1);
    const source = `${target.replace(/\.js$/, '')}.ts`;
    return existsSync(root + source) ? source : target;
  });
}

/** A folder of `src/`, or the file where it has none. */
const floorOf = (file: string): string => file.split('/')[1];

/** What each floor is for: CONTRIBUTING.md. A floor imports from itself and from those before it. */
const floors = [
  'base',
  'platform',
  'program',
  'tensor',
  'network',
  'operators',
  'lowering',
  'image',
  'data',
  'training',
  'model',
  'zoo',
  'runtime',
  'worker',
  // The doors of the package, and a room that uses them alone.
  'core.ts',
  'io',
  'vis',
  'index.ts',
  // The room for TF.js, which nothing uses.
  'tfjs',
  // Leaf rooms, behind the doors.
  'cli',
];

test('a floor of src imports only from the floors below it', () => {
  for (const file of sources('src')) {
    const own = floors.indexOf(floorOf(file));
    assert.ok(own >= 0, `${file} is on no floor`);
    for (const target of importsOf(file).filter((path) => path.startsWith('src/'))) {
      assert.ok(floors.indexOf(floorOf(target)) <= own, `${file} → ${target}`);
    }
  }
});

/** What a leaf room may use of others: the doors, and seams that are no door yet. */
const entrances = [
  'core.ts',
  'index.ts',
  'data/index.ts',
  'io/index.ts',
  'vis/index.ts',
  'zoo/index.ts',
].map((path) => `src/${path}`);
const seams: Readonly<Record<string, readonly string[]>> = {
  cli: ['src/image/decode.ts', 'src/data/listing.ts'],
};

for (const [room, own] of Object.entries(seams)) {
  test(`${room} uses public entries, and nothing uses it`, () => {
    for (const file of sources('src')) {
      for (const target of importsOf(file).filter((path) => path.startsWith('src/'))) {
        const from = floorOf(file);
        const to = floorOf(target);
        if (from === to) continue;
        assert.is.not(to, room, `${file} → ${target}`);
        const isOpen = to === 'base' || entrances.includes(target) || own.includes(target);
        assert.ok(from !== room || isOpen, `${file} → ${target}`);
      }
    }
  });
}

test('nothing uses the room for TF.js', () => {
  for (const file of sources('src').filter((path) => floorOf(path) !== 'tfjs'))
    for (const target of importsOf(file))
      assert.is.not(floorOf(target), 'tfjs', `${file} → ${target}`);
});

/** Circles of a graph, each as the nodes that it leads through. */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const walk = (node: string, way: readonly string[]): void => {
    const start = way.indexOf(node);
    if (start >= 0) circles.push([...way.slice(start), node]);
    if (start >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...way, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return circles;
}

test('the search for circles finds one', () => {
  const graph = new Map([
    ['a', ['b', 'c']],
    ['b', ['c']],
    ['c', ['d']],
    ['d', ['b']],
  ]);
  assert.equal(circlesOf(graph), [['b', 'c', 'd', 'b']]);
});

for (const room of ['src', 'bindings', 'bench']) {
  test(`no import in ${room} leads in a circle`, () => {
    const graph = new Map(sources(room).map((file) => [file, importsOf(file)]));
    assert.equal(circlesOf(graph), []);
  });
}

test('no families of operators lean on each other', () => {
  const family = (file: string): string => file.split('/').slice(0, 3).join('/');
  const graph = new Map<string, string[]>();
  for (const file of sources('src/operators')) {
    const targets = importsOf(file).map(family);
    const others = targets.filter((other) => other !== family(file));
    graph.set(family(file), [...(graph.get(family(file)) ?? []), ...others]);
  }
  assert.equal(circlesOf(graph), []);
});

const allowed: Record<string, readonly string[]> = {
  assembly: ['assembly'],
  bindings: ['bindings', 'build'],
  src: ['src', 'bindings'],
};

for (const [room, neighbours] of Object.entries(allowed)) {
  test(`${room} imports only from ${neighbours.join(' and ')}`, () => {
    const files = sources(room);
    assert.ok(files.length > 5, 'the room was found');
    for (const file of files) {
      for (const target of importsOf(file)) {
        assert.ok(neighbours.includes(target.split('/')[0]), `${file} → ${target}`);
      }
    }
  });
}

test('pointers stay out of src: no layer touches linear memory', () => {
  const layers = sources('src').filter((name) => name.endsWith('.layer.ts'));
  assert.ok(layers.length > 10, 'the layers were found');
  for (const file of layers) assert.not.match(read(file), /\.address|\.memory\b/, file);
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
