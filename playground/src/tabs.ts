// Tabs, by mouse and by keyboard: arrows go from one to the next, Home and End to the ends.

import { notice, type Panel } from './app.js';
import { byId } from './dom.js';

/** The room that is shown, and what shows another one. */
export interface Tabs {
  readonly name: string;
  readonly panel: Panel;
  open(name: string): void;
}

/**
 * Shows one of the panels at a time, first none.
 *
 * @param panels by the ids of their elements
 * @param changed is told when another one is shown
 */
export function tabs(panels: Readonly<Record<string, Panel>>, changed: () => void): Tabs {
  const names = Object.keys(panels);
  const buttons = names.map((name) => byId(`tab-${name}`, HTMLButtonElement));
  let [current] = names;
  const open = (name: string): void => {
    if (name !== current) panels[current].leave?.();
    current = name;
    names.forEach((other, i) => {
      const chosen = other === name;
      buttons[i].setAttribute('aria-selected', String(chosen));
      buttons[i].tabIndex = chosen ? 0 : -1;
      byId(other, HTMLElement).hidden = !chosen;
    });
    document.body.dataset.room = name;
    panels[name].refresh?.('shown');
    changed();
  };
  const steps: Record<string, (i: number) => number> = {
    ArrowRight: (i) => (i + 1) % names.length,
    ArrowLeft: (i) => (i + names.length - 1) % names.length,
    Home: () => 0,
    End: () => names.length - 1,
  };
  buttons.forEach((button, i) => {
    button.addEventListener('click', () => open(names[i]));
    button.addEventListener('keydown', (event) => {
      const to = steps[event.key]?.(i);
      if (to === undefined) return;
      event.preventDefault();
      open(names[to]);
      buttons[to].focus();
    });
  });
  return {
    get name() {
      return current;
    },
    get panel() {
      return panels[current];
    },
    open,
  };
}

/**
 * A panel whose code comes when it is first shown: nothing in it can be used before.
 *
 * @param came is told of its id then
 */
export function later(
  id: string,
  load: () => Promise<Panel>,
  came: (id: string) => void = () => {},
): Panel {
  const place = byId(id, HTMLElement);
  place.inert = true;
  let panel: Panel | undefined;
  let isLoading = false;
  let isShown = false;
  const come = async (): Promise<void> => {
    if (isLoading) return;
    isLoading = true;
    try {
      panel = await load();
      place.inert = false;
      came(id);
      if (isShown) panel.refresh?.('shown');
    } catch {
      notice('This room did not load.', 'Check the connection, and open it again.', 'problem');
    }
    isLoading = false;
  };
  return {
    refresh(why) {
      if (why === 'shown') isShown = true;
      if (panel) panel.refresh?.(why);
      else if (why === 'shown') come();
    },
    leave() {
      isShown = false;
      panel?.leave?.();
    },
  };
}
