// Python with NumPy and Pillow, against which files are held: Debian's, where there is none elsewhere.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const modules = 'numpy, PIL';

const found = ['/usr/bin/python3', 'python3'].find(
  (command) => spawnSync(command, ['-c', `import ${modules}`]).status === 0,
);

/**
 * Whether there is one; prints what is left out otherwise.
 *
 * @param what as in 'files against NumPy'
 */
export function hasPython(what: string): boolean {
  if (!found)
    console.log(
      `not tested: ${what}, because no python3 has ${modules} (apt install python3-numpy python3-pil)`,
    );
  return found !== undefined;
}

/** Runs a program in a folder. Returns what it prints. @throws what it complains of */
export function python(folder: string, code: string): string {
  const { status, stdout, stderr } = spawnSync(found as string, ['-c', code], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** Lends a folder. */
export async function withFolder(use: (folder: string) => unknown): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wasmgrad-files-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
