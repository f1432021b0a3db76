// The room that looks inside: why the network says so, the journey of the image in hand through its layers, what training
// has changed, what its maps look for, and how it sees a set of images.

import type { App, Panel } from '../app.js';
import { changes } from './changes.js';
import { journey } from './journey.js';
import { patches } from './patches.js';
import { plane } from './plane.js';
import { reasons } from './reasons.js';

export function lookPanel(app: App): Panel {
  const sought = patches(app);
  const looks: Panel[] = [reasons(app), journey(app, sought.choose), changes(app), sought];
  plane(app);
  return {
    refresh(why) {
      for (const look of looks) look.refresh?.(why);
    },
  };
}
