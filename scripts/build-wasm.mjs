// Compiles assembly/ to the four targets of asconfig.json, two at a time.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const asc = `${root}node_modules/assemblyscript/bin/asc.js`;
const { targets } = JSON.parse(readFileSync(`${root}asconfig.json`, 'utf8'));
await Promise.all(Object.keys(targets).map((target) => promisify(execFile)(process.execPath, [asc, '--config', 'asconfig.json', '--target', target], { cwd: root })));
