// What a map looks for: the parts of test images that it answers to most.

import type { App } from '../app.js';
import { datasets } from '../datasets.js';
import { byId, element, onClick, say, short } from '../dom.js';
import type { Patches } from '../messages.js';
import { layerTitle } from '../networks.js';

/** What is said where the answer is of the network before. */
const GONE = 'Another network has taken its place: press the button once more.';

function figureOf(
  { label, value, width, height, data }: Patches[number],
  classes: readonly string[],
) {
  const canvas = element('canvas', { width, height });
  canvas.getContext('2d')?.putImageData(new ImageData(data, width, height), 0, 0);
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `Part of an image of ${classes[label]}, ${width} × ${height}`);
  return element(
    'li',
    {},
    element('div', { className: 'patch' }, canvas, `${classes[label]}, ${short(value)}`),
  );
}

/** @returns what shows the patches of a map */
export function patches(app: App): {
  choose(layer: string, unit: number): void;
  refresh(): void;
} {
  const layer = byId('patch-layer', HTMLSelectElement);
  const unit = byId('patch-unit', HTMLInputElement);
  let listed: object | undefined;
  /** The layers with maps of the network on screen. */
  const list = async (): Promise<void> => {
    const { network, image } = app;
    if (!network || !image || listed === network) return;
    listed = network;
    const maps = await app.worker.ask('activations', image.pixels);
    layer.replaceChildren(
      ...maps.flatMap(({ title, height }, i) =>
        height > 1 ? [new Option(layerTitle(network, i, title), title)] : [],
      ),
    );
    byId('patches', HTMLElement).replaceChildren();
  };
  const show = async (): Promise<void> => {
    say('patch-message', 'Looking through 500 test images …');
    const { network, dataset } = app;
    try {
      const number = unit.valueAsNumber || 1;
      const found = await app.worker.ask('patches', { layer: layer.value, unit: number - 1 });
      if (app.network !== network) throw new Error(GONE);
      const { classes } = datasets[dataset];
      const answered = found.filter(({ value }) => value > 0);
      byId('patches', HTMLElement).replaceChildren(
        ...answered.map((one) => figureOf(one, classes)),
      );
      const name = layer.selectedOptions[0]?.text;
      const what =
        answered.length > 0
          ? 'what it sees where it answers most; below, the class and how strong the answer is.'
          : 'it answers to none of these images.';
      say('patch-message', `Map ${number} of ${name}: ${what}`);
    } catch (error) {
      say('patch-message', app.network === network ? (error as Error).message : GONE, true);
    }
  };
  onClick('show-patches', show);
  return {
    choose(name, number) {
      layer.value = name;
      unit.value = String(number + 1);
      byId('patches', HTMLElement).scrollIntoView({ block: 'center' });
      show();
    },
    refresh: () => list().catch(() => {}),
  };
}
