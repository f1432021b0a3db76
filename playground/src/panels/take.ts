// What a visitor takes along: the model as a file, and the code.

import type { App, Panel } from '../app.js';
import { codePanel } from './code.js';
import { filesPanel } from './files.js';

export function takePanel(app: App): Panel {
  filesPanel(app);
  return codePanel(app);
}
