// Where the augmenting worker starts in Node, Deno and Bun.

import { parentPort } from 'node:worker_threads';
import { type Port, serve } from './serve.js';

serve(parentPort as unknown as Port);
