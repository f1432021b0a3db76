// Where the augmenting worker starts in Node, Deno and Bun.

import { parentPort } from 'node:worker_threads';
import { serveBatches } from './serve.js';

serveBatches(parentPort!);
