// What of models is loaded when it is first called.

import { Later } from '../base/later.js';

export const classifying = new Later(() => import('./classify.js'));
export const differentiating = new Later(() => import('./gradients.js'));
