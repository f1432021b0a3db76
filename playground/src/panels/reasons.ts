// Why the network says so: which pixels of the image in hand move the score of a class.

import type { App, Panel } from '../app.js';
import { datasets, SIDE } from '../datasets.js';
import { byId, fill, onClick, oneAtATime, percent, say } from '../dom.js';
import type { ReasonsRequest } from '../messages.js';
import { drawHeat, drawMaps, drawPixels, legend } from '../pictures.js';

const methods: Readonly<Record<ReasonsRequest['method'], string>> = {
  gradient: 'Gradient',
  smoothGrad: 'SmoothGrad: the mean over noisy copies',
  guided: 'Guided backpropagation',
  integratedGradients: 'Integrated gradients',
  occlusion: 'Occlusion: what hiding a square does',
};

const IMAGES = 1000;
/** What is said, and no class of its own. */
const SAID = 'said';

export function reasons(app: App): Panel {
  const target = byId('reason-class', HTMLSelectElement);
  const method = byId('reason-method', HTMLSelectElement);
  const canvas = (id: string) => byId(id, HTMLCanvasElement);
  const [input, saliency, heat] = ['hand-input', 'saliency', 'heat'].map(canvas);
  const scale = legend('signs');
  byId('saliency-scale', HTMLElement).replaceChildren(scale.place);
  fill(method, methods);
  let classes: readonly string[] = [];

  const refresh = oneAtATime(
    async () => {
      const { image, network, dataset } = app;
      if (!network || !image) return;
      if (classes !== datasets[dataset].classes) {
        classes = datasets[dataset].classes;
        const all = classes.map((name, i) => [String(i), name]);
        fill(target, { [SAID]: 'what it says' });
        for (const [value, name] of all) target.add(new Option(name, value));
      }
      const { pixels, title } = image;
      drawPixels(input, pixels);
      const probabilities = await app.worker.ask('predict', pixels);
      const share = Math.max(...probabilities);
      const said = probabilities.indexOf(share);
      const found = await app.worker.ask('reasons', {
        pixels,
        method: method.value as ReasonsRequest['method'],
        target: target.value === SAID ? undefined : Number(target.value),
      });
      say('reason-message', `${title}. The network says ${classes[said]}, ${percent(share)}.`);
      const map = { title: '', count: 1, of: 1, height: SIDE, width: SIDE, data: found.saliency };
      scale.set(drawMaps(saliency, map, 1, 'signs'));
      if (found.heat) drawHeat(heat, pixels, found.heat);
      byId('heat-figure', HTMLElement).hidden = !found.heat;
    },
    (error) => say('reason-message', error.message, true),
  );
  let index = 0;
  const go = (by: number) => async () => {
    index = (index + by + IMAGES) % IMAGES;
    await app.takeSample(index);
  };
  onClick('previous-image', go(-1));
  onClick('next-image', go(1));
  for (const choice of [target, method]) choice.addEventListener('change', refresh);
  return {
    refresh(why) {
      // Each takes about a step: once an epoch does.
      if (why !== 'progress') refresh();
    },
  };
}
