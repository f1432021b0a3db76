// The layers for arrays of any rank are loaded when a model first has one.

import { Later } from '../../base/later.js';

export const arraysLayers = new Later(() => import('./index.js'));
