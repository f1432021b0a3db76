// The licences of all that is shipped: the packages that are installed with this one, of which dist/browser has parts, and
// what lies in their wasm files. `npm run licences` lists them, `-- --write` writes THIRD-PARTY.md, `-- --check` compares.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FILE = `${root}THIRD-PARTY.md`;

/** Licences that ask for no more than to be named. */
const ALLOWED = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'Zlib', 'IJG', '0BSD'];

/** What packages carry in wasm, which their package.json does not say. */
const inside: Readonly<Record<string, readonly [library: string, licences: string]>> = {
  '@cwasm/jpeg-turbo': ['libjpeg-turbo', 'IJG AND BSD-3-Clause AND Zlib'],
  '@cwasm/webp': ['libwebp', 'BSD-3-Clause'],
};

/** Of AssemblyScript's library, parts are in the kernels. */
const COMPILED = ['assemblyscript'];

interface Part {
  readonly name: string;
  readonly version: string;
  readonly licences: string;
  readonly text?: string;
}

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

function partOf(name: string): Part {
  const folder = `${root}node_modules/${name}`;
  const { version, license } = json(`${folder}/package.json`);
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file && readFileSync(`${folder}/${file}`, 'utf8').trim();
  return { name, version, licences: license, text };
}

/** Packages that come with some, themselves first. */
function withTheirs(names: readonly string[], found = new Set<string>()): Set<string> {
  for (const name of names) {
    if (found.has(name)) continue;
    found.add(name);
    const { dependencies = {} } = json(`${root}node_modules/${name}/package.json`);
    withTheirs(Object.keys(dependencies), found);
  }
  return found;
}

const { dependencies } = json(`${root}package.json`);
const names = [...withTheirs(Object.keys(dependencies)), ...COMPILED].sort();
const parts = names.flatMap((name): Part[] => {
  const part = partOf(name);
  const [library, licences] = inside[name] ?? [];
  return library && licences
    ? [part, { name: `${library}, in ${name}`, version: part.version, licences }]
    : [part];
});

for (const { name, licences } of parts)
  for (const licence of licences.split(' AND '))
    assert(ALLOWED.includes(licence), `${name} has the licence ${licence}, which is not allowed`);

const table = [
  '| part | version | licence |',
  '|---|---|---|',
  ...parts.map(({ name, version, licences }) => `| ${name} | ${version} | ${licences} |`),
];
const texts = parts.flatMap(({ name, text }) =>
  text ? [`## ${name}`, '', '```', text, '```', ''] : [],
);
const content = [
  '# What others have made, and its licences',
  '',
  'wasmgrad itself has the MIT licence ([LICENSE](LICENSE)). These parts come with it; `npm run licences -- --write` made',
  'this list. Texts follow where a package has one.',
  '',
  ...table,
  '',
  ...texts,
].join('\n');

const [how] = process.argv.slice(2);
if (how === '--write') writeFileSync(FILE, `${content.trimEnd()}\n`);
else if (how === '--check')
  assert.equal(
    readFileSync(FILE, 'utf8'),
    `${content.trimEnd()}\n`,
    'THIRD-PARTY.md is old: npm run licences -- --write',
  );
else console.log(table.join('\n'));
