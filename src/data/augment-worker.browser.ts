// Where the augmenting worker starts in a browser.

import { type Port, serve } from './serve.js';

serve(globalThis as unknown as Port);
