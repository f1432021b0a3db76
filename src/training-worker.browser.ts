// Where the training worker starts in a browser.

import { type Port, serveTraining } from './worker/serve.js';

serveTraining(globalThis as unknown as Port);
