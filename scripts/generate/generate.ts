// Writes the files that are generated from others; with --check, says which are not current instead.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const check = process.argv.includes('--check');

const generated = [
  ['scripts/generate/tiles.ts', 'assembly/gemm/tile.ts'],
  ['scripts/generate/depthtile.ts', 'assembly/conv/depthtile.ts'],
  ['scripts/generate/kernels.ts', 'bindings/kernels.ts'],
] as const;

for (const [generator, file] of generated) {
  const text = execFileSync(process.execPath, ['--import', 'tsx', generator], {
    cwd: root,
    encoding: 'utf8',
  });
  if (!check) {
    writeFileSync(root + file, text);
  } else if (readFileSync(root + file, 'utf8') !== text) {
    console.error(`${file} is not what ${generator} makes: run \`npm run generate\``);
    process.exitCode = 1;
  }
}
