// Where the training worker starts in Node, Deno and Bun.

import { parentPort } from 'node:worker_threads';
import { serveTraining } from './serve.js';

serveTraining(parentPort!);
