// Tabs, by mouse and by keyboard: arrows go from one to the next, Home and End to the ends.

import type { Panel } from './app.js';
import { byId } from './dom.js';

/** Shows one of the panels at a time. @param panels by the ids of their elements */
export function tabs(panels: Readonly<Record<string, Panel>>): () => Panel {
  const names = Object.keys(panels);
  const buttons = names.map((name) => byId(`tab-${name}`, HTMLButtonElement));
  let current = names[0];
  const select = (name: string): void => {
    if (name !== current) panels[current].leave?.();
    current = name;
    names.forEach((other, i) => {
      const chosen = other === name;
      buttons[i].setAttribute('aria-selected', String(chosen));
      buttons[i].tabIndex = chosen ? 0 : -1;
      byId(other, HTMLElement).hidden = !chosen;
    });
    panels[name].refresh?.('shown');
  };
  const steps: Record<string, (i: number) => number> = {
    ArrowRight: (i) => (i + 1) % names.length,
    ArrowLeft: (i) => (i + names.length - 1) % names.length,
    Home: () => 0,
    End: () => names.length - 1,
  };
  buttons.forEach((button, i) => {
    button.addEventListener('click', () => select(names[i]));
    button.addEventListener('keydown', (event) => {
      const to = steps[event.key]?.(i);
      if (to === undefined) return;
      event.preventDefault();
      select(names[to]);
      buttons[to].focus();
    });
  });
  select(current);
  return () => panels[current];
}
