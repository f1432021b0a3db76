// Legends: what the colours of a scale mean.

import { ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkOptions, checkValue, finite, required, text } from '../base/options.js';
import { Tensor } from '../core.js';
import { anyScale, endsOf, type Range, type Scale, stopsOf } from './colors.js';
import { checkFinite } from './picture.js';
import { escaped, NOTE, numeral, round, svg } from './svg.js';

/** Options of `vis.legend`. */
export interface LegendOptions {
  /** What the numbers are, above the colours. */
  label?: string;
}

/** The width, or more where the words above are long; a letter's width. */
const [WIDTH, MARGIN, STRIP, LETTER] = [240, 14, 12, 6.5];

/**
 * The legend of a colour scale: an SVG file's text with its colours and the numbers that they mean.
 *
 * @param what the numbers that were coloured, of any shape, or the two at the scale's ends
 * @param scale 'viridis' by default
 * @throws {ValueError} for an unknown scale, and for no numbers
 * @throws {NumericError} for numbers that are not finite
 */
export function legend(
  what: Tensor | Required<Range>,
  scale: Scale = 'viridis',
  options: LegendOptions = {},
): string {
  return naming('vis.legend', () => {
    checkValue('scale', scale, anyScale);
    const { label = '' } = checkOptions('vis.legend', options, { label: text });
    const [low, high] = rangeOf(what, scale);
    const top = label ? 22 : 8;
    const bottom = top + STRIP;
    const wide = Math.max(WIDTH - 2 * MARGIN, Math.ceil(LETTER * label.length));
    const colors = stopsOf(scale);
    const stops = colors.map(
      (color, i) => `<stop offset="${round(i / (colors.length - 1))}" stop-color="${color}"/>`,
    );
    const numbers = [low, (low + high) / 2, high].map((value, i) => {
      const anchor = ['start', 'middle', 'end'][i];
      return `<text x="${MARGIN + (i / 2) * wide}" y="${bottom + 16}" text-anchor="${anchor}" fill="${NOTE}">${numeral(value)}</text>`;
    });
    // Pages with several legends have several gradients of one name, which are the same.
    const id = `scale-${scale}`;
    const body = [
      label ? `<text x="${MARGIN}" y="14">${escaped(label)}</text>` : '',
      `<linearGradient id="${id}">${stops.join('')}</linearGradient>`,
      `<rect x="${MARGIN}" y="${top}" width="${wide}" height="${STRIP}" fill="url(#${id})"/>`,
      ...numbers,
    ];
    const words = `${label || 'Colours'}: from ${numeral(low)} to ${numeral(high)}`;
    return svg(wide + 2 * MARGIN, bottom + 24, words, body.join(''));
  });
}

function rangeOf(what: Tensor | Required<Range>, scale: Scale): readonly [number, number] {
  if (!(what instanceof Tensor)) {
    const words = required({ min: finite, max: finite });
    const { min, max } = checkOptions<Required<Range>>('vis.legend', what, words);
    return [min, max];
  }
  if (what.size === 0) throw new ValueError('the tensor has no numbers');
  checkFinite('the tensor', what);
  return endsOf(what.numbers, scale, {});
}
