// The network on screen as code.

import type { App, Panel } from '../app.js';
import { byId, onClick, say } from '../dom.js';
import { form, trainingOptions } from '../settings.js';
import { packages, snippet } from '../snippet.js';

export function codePanel(app: App): Panel {
  const code = byId('snippet', HTMLElement);
  const refresh = (): void => {
    const { network, dataset } = app;
    if (!network) return;
    byId('code-package', HTMLElement).textContent = packages[dataset];
    const isValid = form.checkValidity();
    copy.disabled = !isValid;
    if (!isValid) {
      code.textContent = '';
      say('copy-message', 'A number of the training is missing or out of bounds.', true);
      return;
    }
    if (!code.textContent) say('copy-message', '');
    code.textContent = snippet(network, dataset, trainingOptions());
  };
  const copy = onClick('copy', async () => {
    try {
      await navigator.clipboard.writeText(code.textContent ?? '');
      say('copy-message', 'Copied.');
    } catch {
      getSelection()?.selectAllChildren(code);
      say('copy-message', 'The browser refused: the code is marked, copy it by keyboard.', true);
    }
  });
  return {
    refresh(why) {
      if (why === 'shown') say('copy-message', '');
      if (why !== 'progress') refresh();
    },
  };
}
