// Prints how many milliseconds `init` takes: what startup.ts runs in new processes.

import { dispose } from '../src/index.js';
import { start } from './start.js';

const began = performance.now();
await start();
console.log(performance.now() - began);
dispose();
