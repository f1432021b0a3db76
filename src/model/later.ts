// The modules of this folder that are loaded when they are first needed.

import { Later } from '../base/later.js';

export const classifying = new Later(() => import('./classify.js'));
export const differentiating = new Later(() => import('./gradients.js'));
export const tuning = new Later(() => import('./tune.js'));
