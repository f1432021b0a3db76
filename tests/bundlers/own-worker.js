// A worker of the page's own.

import { serveTraining } from 'wasmgrad/worker';

serveTraining(self);
