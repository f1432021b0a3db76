// Where the training worker starts in a browser.

import { serveTraining } from './worker/serve.js';

serveTraining(globalThis);
