// Where the augmenting worker starts in a browser.

import { serveBatches } from './serve.js';

serveBatches(globalThis);
