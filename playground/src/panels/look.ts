// The room that looks inside: why the network says so, what its layers make of the image in hand, its filters, what its
// maps look for, and how it sees a set of images.

import type { App, Panel } from '../app.js';
import { activations } from './activations.js';
import { filters } from './filters.js';
import { patches } from './patches.js';
import { plane } from './plane.js';
import { reasons } from './reasons.js';

export function lookPanel(app: App): Panel {
  const sought = patches(app);
  const looks: Panel[] = [reasons(app), activations(app, sought.choose), filters(app), sought];
  plane(app);
  return {
    refresh(why) {
      for (const look of looks) look.refresh?.(why);
    },
  };
}
