// How the pixel that is pointed at came about: the window that it saw, the filter over it, and the sum.

import { bar, byId, element, onClick, setText } from '../dom.js';
import { type Field, mapsField, markOf, type Pixel } from '../field.js';
import type { Explanation, Spot, Stage } from '../inside.js';
import { type Colours, endsOf, legend } from '../pictures.js';
import { Squares } from '../squares.js';
import { foremost, numeral, product } from '../sums.js';
import { partText, reasonText, termsOf } from '../wording.js';

/** A pixel, and all that is known of it. */
interface Shown {
  readonly spot: Spot;
  readonly stage: Stage;
  readonly explanation: Explanation;
  /** Whether it stays when the pointer leaves. */
  readonly isHeld: boolean;
}

interface Events {
  /** What a stage is called; -1 is the image. */
  titleOf(stage: number): string;
  /** What a pixel is called in its stage. */
  placeOf(spot: Spot): string;
  /** Another pixel of the map is pointed at, or pressed. */
  point(pixel: Pixel, isPressed: boolean): void;
  /** Another window is wanted. */
  ask(): void;
  close(): void;
  /** What the map looks for is wanted. */
  seek(): void;
}

/** A picture with its caption. */
function pictured(content: HTMLElement): { figure: HTMLElement; say(text: string): void } {
  const text = element('span');
  return {
    figure: element('figure', {}, content, element('figcaption', {}, text)),
    say(given) {
      if (text.textContent !== given) text.textContent = given;
    },
  };
}

/** A map with its scale. */
function largeMap(colours?: Colours) {
  const field = mapsField(colours);
  const scale = legend(colours);
  const { figure, say } = pictured(field.place);
  figure.classList.add('large-map');
  figure.append(scale.place);
  return {
    figure,
    field,
    say,
    draw: (maps: Parameters<Field['draw']>[0]) => scale.set(field.draw(maps)),
  };
}

/** Products and maps that add most, as bars. */
function contributions({ reason }: Explanation): HTMLElement[] {
  if (reason.kind !== 'products') return [];
  const terms = termsOf(reason);
  const isMaps = reason.sums.length > 1;
  const values = isMaps ? [...reason.sums] : terms.map(({ pixel, weight }) => pixel * weight);
  const { first } = foremost(values);
  const nameOf = (index: number): string => {
    if (isMaps) return `map ${reason.first + index + 1}`;
    return `number ${index + 1}: ${product(terms[index])}`;
  };
  return first.map(({ index, value }) => {
    const { row, set } = bar(nameOf(index));
    set(Math.abs(value / first[0].value) || 0, numeral(value));
    row.classList.toggle('below-zero', value < 0);
    return row;
  });
}

/** Sets up the place of explanations. */
export function explained(events: Events) {
  const place = byId('explained', HTMLElement);
  const below = byId('explained-below', HTMLSelectElement);
  const sources = { image: largeMap('grey'), first: largeMap(), second: largeMap() };
  const own = largeMap();
  const seen = new Squares();
  const weights = new Squares();
  const largest = element('ul', { className: 'bars largest' });
  const most = element('figure', {}, element('figcaption', {}, 'What adds most'), largest);
  const figures = {
    seen: pictured(seen.place),
    weights: pictured(weights.place),
  };
  byId('explained-pictures', HTMLElement).append(
    ...Object.values(sources).map(({ figure }) => figure),
    ...Object.values(figures).map(({ figure }) => figure),
    most,
    own.figure,
  );
  figures.weights.say('The filter over it');
  own.field.place.classList.add('pressable');
  for (const event of ['pointerdown', 'pointermove'] as const)
    own.field.place.addEventListener(event, (pointer) => {
      const pixel = own.field.at(pointer);
      if (pixel) events.point(pixel, pointer.buttons > 0);
    });
  below.addEventListener('change', events.ask);
  onClick('explained-patches', events.seek);
  onClick('explained-close', events.close);

  /** Offers the maps that a sum goes over. */
  const offer = (first: number, count: number): void => {
    byId('explained-choice', HTMLElement).hidden = count < 2;
    const names = Array.from({ length: count }, (_, i) => `map ${first + i + 1}`);
    const wanted = ['the map that adds most', ...names];
    if (wanted.join() === [...below.options].map(({ text }) => text).join()) return;
    below.replaceChildren(...wanted.map((name, i) => new Option(name, i ? String(i - 1) : '')));
  };

  const showSources = ({ reason, sources: all }: Explanation): void => {
    for (const { figure } of Object.values(sources)) figure.hidden = true;
    for (const [i, { map, ...source }] of all.slice(0, 2).entries()) {
      if (!map) continue;
      const isImage = source.stage < 0;
      const later = i === 0 ? sources.first : sources.second;
      const { figure, field, say, draw } = isImage ? sources.image : later;
      const unit = reason.kind === 'products' ? reason.first + reason.map : source.unit;
      figure.hidden = false;
      draw(map);
      field.mark([{ ...source, unit: 0 }]);
      say(isImage ? 'The image' : `Map ${(unit ?? 0) + 1} of ${events.titleOf(source.stage)}`);
    }
  };

  const showNumbers = (explanation: Explanation): void => {
    const { reason, value } = explanation;
    const { map } = explanation.sources[0];
    const isGrid = 'window' in reason && map !== undefined;
    figures.seen.figure.hidden = !isGrid;
    figures.weights.figure.hidden = !isGrid || reason.kind !== 'products';
    const bars = contributions(explanation);
    largest.replaceChildren(...bars);
    most.hidden = reason.kind !== 'products' || (isGrid && reason.sums.length < 2);
    if (!isGrid) return;
    const { height, width } = reason.window;
    figures.seen.say(`What it saw, ${height} × ${width}`);
    // Of the whole map, so that what is faint there is faint here.
    const [, fullest] = endsOf(map.data, 'signs');
    seen.show(reason.window, fullest, (number) => reason.kind === 'pooling' && number === value);
    if (reason.kind !== 'products') return;
    const filter = { ...reason.window, numbers: reason.weights };
    weights.show(filter, endsOf(filter.numbers, 'signs')[1]);
  };

  /** Its own map, to point at more finely. */
  const showOwn = ({ unit, row, column }: Spot, stage: Stage): void => {
    const { height, width, data } = stage;
    const size = height * width;
    own.figure.hidden = size === 1;
    if (size === 1) return;
    own.draw({ ...stage, count: 1, data: data.slice(unit * size, (unit + 1) * size) });
    own.field.mark([markOf({ unit: 0, row, column })]);
    own.say(`Map ${unit + 1}, which it makes`);
  };

  return {
    /** The map whose window is wanted, of those that are summed. */
    get below(): number | undefined {
      return below.value === '' ? undefined : Number(below.value);
    },
    /** Which of all is that again. */
    forget(): void {
      below.value = '';
    },
    show({ spot, stage, explanation, isHeld }: Shown): void {
      const { reason, value } = explanation;
      place.hidden = false;
      const sums = reason.kind === 'products' ? reason.sums.length : 0;
      offer(reason.kind === 'products' ? reason.first : 0, sums);
      const names = explanation.sources.map((source) => ({
        title: events.titleOf(source.stage),
        place: events.placeOf({
          ...source,
          unit: source.unit ?? 0,
          row: source.top,
          column: source.left,
        }),
      }));
      const title = `${events.titleOf(spot.stage)}, ${events.placeOf(spot)}: ${numeral(value)}`;
      setText('explained-title', title);
      setText('explained-sum', reasonText(explanation, names));
      setText('explained-part', partText(reason));
      setText('explained-held', isHeld ? 'Held: press it again, or Escape, to let go.' : '');
      byId('explained-patches', HTMLElement).hidden = stage.height * stage.width === 1;
      showSources(explanation);
      showNumbers(explanation);
      showOwn(spot, stage);
    },
    hide(): void {
      place.hidden = true;
    },
  };
}
