// Where the training worker starts in a browser.

import { serveTraining } from './serve.js';

serveTraining(globalThis);
