// The room that looks inside: what the layers make of the image in hand, and the filters.

import type { App, Panel } from '../app.js';
import { activations } from './activations.js';
import { filters } from './filters.js';

export function lookPanel(app: App): Panel {
  const looks = [activations(app), filters(app)];
  return {
    refresh(why) {
      for (const look of looks) look.refresh?.(why);
    },
  };
}
