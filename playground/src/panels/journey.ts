// The journey of the image in hand, as the data flow: what each layer makes of it, live, the last one as scores of the
// classes; and for a pixel that is pointed at, how it came about.

import type { App, Panel } from '../app.js';
import { datasets, SIDE } from '../datasets.js';
import { byId, element, oneAtATime, setText } from '../dom.js';
import { type Mark, mapsField, markOf, type Pixel } from '../field.js';
import type { Explanation, Maps, Spot, Stage } from '../inside.js';
import { layerTitle } from '../networks.js';
import { legend } from '../pictures.js';
import { foremost, numeral } from '../sums.js';
import { termsOf } from '../wording.js';
import { explained } from './explained.js';
import { type Station, station } from './station.js';

/** From this width on there is room for an explanation before one is asked for. */
const WIDE = '(min-width: 901px)';

/** The image as the network reads it, where its journey begins. */
function imageStop() {
  const field = mapsField('grey');
  const scale = legend('grey');
  const line = element('p', { className: 'small' });
  const caption = element(
    'figcaption',
    {},
    element('strong', {}, 'The image'),
    ' ',
    element('span', { className: 'size' }, `${SIDE} × ${SIDE} pixels`),
    ' ',
    scale.place,
  );
  return {
    figure: element('figure', {}, caption, element('div', {}, field.place, line)),
    field,
    draw(pixels: Uint8Array, { mean, std }: { readonly mean: number; readonly std: number }): void {
      const data = Float32Array.from(pixels, (byte) => (byte / 255 - mean) / std);
      scale.set(field.draw({ title: '', count: 1, of: 1, height: SIDE, width: SIDE, data }));
      const [black, white] = [-mean / std, (1 - mean) / std].map(numeral);
      line.textContent = `As the network reads it, with mean 0 and deviation 1: black is ${black}, white ${white}.`;
    },
  };
}

/** The pixel with the largest number. */
function strongest({ height, width, data }: Maps): Pixel {
  const at = data.reduce((best, value, i) => (value > data[best] ? i : best), 0);
  const place = at % (height * width);
  const unit = Math.floor(at / (height * width));
  return { unit, row: Math.floor(place / width), column: place % width };
}

/** What is marked in the stages below: windows, or of a vector the numbers that add most. */
function marksOf({ reason, sources }: Explanation): readonly (Mark & { readonly stage: number })[] {
  if (reason.kind !== 'products' || sources[0].map) return sources;
  const { first } = foremost(termsOf(reason).map(({ pixel, weight }) => pixel * weight));
  return first.map(({ index }) => ({ ...sources[0], unit: index }));
}

/** @param seek is told of the map whose patches are wanted */
export function journey(app: App, seek: (layer: string, unit: number) => void): Panel {
  const place = byId('journey', HTMLElement);
  const image = imageStop();
  let stages: readonly Stage[] = [];
  let stations: Station[] = [];
  let drawn = '';
  let spot: Spot | undefined;
  let isHeld = false;
  let said: Spot | undefined;

  const titleOf = (stage: number): string =>
    stage < 0 || !app.network ? 'the image' : layerTitle(app.network, stage, stages[stage].title);
  const classesOf = (stage: number): readonly string[] | undefined => {
    const { classes } = datasets[app.dataset];
    const { height, width, count } = stages[stage];
    const isLast = stage === stages.length - 1 && height * width === 1 && count === classes.length;
    return isLast ? classes : undefined;
  };
  const placeOf = ({ stage, unit, row, column }: Spot): string => {
    const named = stage < 0 ? undefined : stages[stage];
    if (named?.height === 1 && named.width === 1) {
      const name = classesOf(stage)?.[unit];
      return name === undefined ? `number ${unit + 1}` : `score of ${name}`;
    }
    const place = `row ${row + 1}, column ${column + 1}`;
    return stage < 0 ? place : `map ${unit + 1}, ${place}`;
  };

  const mark = (marks: readonly (Mark & { readonly stage: number })[]): void => {
    for (const [i, { field }] of [image, ...stations].entries())
      field.mark(marks.filter(({ stage }) => stage === i - 1));
  };
  const explain = oneAtATime(async () => {
    const asked = spot;
    if (!asked || !app.image) return;
    const { pixels } = app.image;
    const request = { ...asked, pixels, below: panel.below };
    const explanation = await app.worker.ask('explain', request);
    const stage = stages[asked.stage];
    if (asked !== spot || !stage) return;
    panel.show({ spot: asked, stage, explanation, isHeld });
    mark([...marksOf(explanation), { ...markOf(asked), stage: asked.stage }]);
    if (said === asked) return;
    said = asked;
    const texts = ['explained-title', 'explained-sum'].map(
      (id) => byId(id, HTMLElement).textContent,
    );
    setText('explained-said', texts.join('. '));
  });
  const choose = (next: Spot): void => {
    if (next.stage !== spot?.stage) panel.forget();
    spot = next;
    explain();
  };
  const close = (): void => {
    spot = undefined;
    isHeld = false;
    mark([]);
    panel.hide();
  };
  const panel = explained({
    titleOf,
    placeOf,
    point({ row, column }, isPressed) {
      if (!spot || (isHeld && !isPressed)) return;
      const next = { ...spot, row, column };
      if (!isSame(next, spot.stage)) choose(next);
    },
    ask: explain,
    close,
    seek: () => spot && seek(stages[spot.stage].title, spot.unit),
  });
  const isSame = (pixel: Pixel, stage: number): boolean =>
    spot?.stage === stage && placeOf(spot) === placeOf({ ...pixel, stage });
  const pointingAt = (stage: number) => ({
    point(pixel: Pixel): void {
      if (!isHeld && !isSame(pixel, stage)) choose({ ...pixel, stage });
    },
    press(pixel: Pixel): void {
      isHeld = !isHeld || !isSame(pixel, stage);
      choose({ ...pixel, stage });
    },
    go: (pixel: Pixel) => choose({ ...pixel, stage }),
    release(): void {
      isHeld = false;
      explain();
    },
    chosen: () => (spot?.stage === stage ? spot : strongest(stages[stage])),
  });

  const build = (): void => {
    stations = stages.map((stage, i) => station(titleOf(i), stage, classesOf(i), pointingAt(i)));
    place.replaceChildren(image.figure, ...stations.map(({ figure }) => figure));
  };
  const refresh = oneAtATime(async () => {
    const { image: picture, network, dataset } = app;
    if (!network || !picture) return;
    stages = await app.worker.ask('activations', picture.pixels);
    const names = [
      dataset,
      ...stages.map(({ title, type, of, height, width }) => [title, type, of, height, width]),
    ].join();
    const isNew = drawn !== names;
    if (isNew) {
      drawn = names;
      close();
      build();
    }
    image.draw(picture.pixels, datasets[dataset].normalization);
    for (const [i, stage] of stages.entries()) stations[i].draw(stage);
    if (isNew && matchMedia(WIDE).matches) choose({ ...strongest(stages[0]), stage: 0 });
    explain();
  });
  return { refresh };
}
