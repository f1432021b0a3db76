// Formats assembly/ with biome. AssemblyScript allows decorators where TypeScript does not, so they are turned into
// comments for biome. With --check, only lists files that are not formatted. Leaves out generated files.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourcesOf } from '../generate/assembly.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const check = process.argv.includes('--check');

const hide = (text: string): string =>
  text.replace(/^(@(?!unmanaged)\w+(?:\(.*?\))?)/gm, (decorator) => `/*${decorator}*/`);
const show = (text: string): string => text.replace(/^\/\*(@.*?)\*\//gm, '$1');

const sources = sourcesOf(new URL('../../assembly/', import.meta.url)).filter(
  ({ text }) => !text.startsWith('// Generated'),
);
const folder = mkdtempSync(join(root, '.format-'));
try {
  for (const { path, text } of sources) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), hide(text));
  }
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  execFileSync(process.execPath, [biome, 'format', '--write', '--log-level=error', folder], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const { path, text } of sources) {
    const formatted = show(readFileSync(join(folder, path), 'utf8'));
    if (formatted === text) continue;
    if (check) {
      console.error(`assembly/${path} is not formatted: run \`npm run format\``);
      process.exitCode = 1;
    } else writeFileSync(join(root, 'assembly', path), formatted);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
