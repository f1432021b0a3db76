// Packs the library and installs it into an empty project, as users get it.

import { execFileSync, type StdioOptions } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs npm; shows its output only if it fails. */
export function npm(args: string[], cwd: string): string {
  try {
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
    return execFileSync('npm', args, { cwd, encoding: 'utf8', timeout: 900_000, stdio });
  } catch (error) {
    throw new Error((error as Error).message);
  }
}

/** What `npm pack` reports of a tarball. */
export interface Packed {
  filename: string;
  size: number;
  files: unknown[];
}

/**
 * Packs the library, installs the tarball into a new project, and removes the project after `use`.
 *
 * @param use gets the project's directory and npm's report of the tarball
 * @param from a directory whose files the project begins with, its locked dependencies included
 */
export async function withPackage<Result>(
  use: (project: string, packed: Packed) => Result | Promise<Result>,
  from?: string,
): Promise<Result> {
  const project = mkdtempSync(`${tmpdir()}/wasmgrad-`);
  try {
    const pack = ['pack', '--json', '--pack-destination', project];
    const [packed] = JSON.parse(npm(pack, root)) as Packed[];
    const install = ['--no-audit', '--no-fund'];
    if (from) {
      cpSync(from, project, { recursive: true });
      npm(['ci', ...install], project);
    } else {
      const empty = { name: 'project', type: 'module', private: true };
      writeFileSync(`${project}/package.json`, JSON.stringify(empty));
    }
    npm(['install', ...install, `./${packed.filename}`], project);
    return await use(project, packed);
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}
