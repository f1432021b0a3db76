// What of training is loaded when it is first called.

import { Later } from '../base/later.js';

export const augmenting = new Later(() => import('./augmentedfeed.js'));
export const iterating = new Later(() => import('./datasetfeed.js'));
