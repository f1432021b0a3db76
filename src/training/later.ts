// The modules of this folder that are loaded when they are first needed.

import { Later } from '../base/later.js';

export const augmenting = new Later(() => import('./augmentedfeed.js'));
export const iterating = new Later(() => import('./datasetfeed.js'));
/** Files of a machine, or of a browser's site. */
export const filing = new Later(() => import('#platform/src/platform/files'));
export const drawing = new Later(() => import('./sparklines.js'));
export const comparing = new Later(() => import('./unseen.js'));
