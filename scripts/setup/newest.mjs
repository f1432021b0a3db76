// Finds when files were last changed: that decides whether something must be built again.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The time of the newest change in the given paths; 0 if there are no files. */
export function newest(...paths) {
  return Math.max(
    0,
    ...paths.map((path) => {
      const full = root + path;
      if (!existsSync(full)) return 0;
      const stat = statSync(full);
      if (!stat.isDirectory()) return stat.mtimeMs;
      return newest(...readdirSync(full).map((name) => `${path}/${name}`));
    }),
  );
}
