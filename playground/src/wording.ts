// What the worker explains of a number, in words.

import type { Explanation, Reason } from './inside.js';
import { activationName } from './kinds.js';
import { joined, listed, mapSummands, numeral, productSummands, type Term } from './sums.js';

type Products = Extract<Reason, { kind: 'products' }>;

/** The numbers of the window times their weights; the padding adds nothing. */
export const termsOf = ({ window, weights }: Products): readonly Term[] =>
  Array.from(window.numbers, (pixel, i) => ({ pixel: pixel || 0, weight: weights[i] }));

/** What an activation makes of a number. */
function after(activation: string, before: number, value: number): string {
  if (activation === 'linear') return '';
  const same = numeral(before) === numeral(value);
  return `, and ${activationName(activation)} ${same ? 'leaves it' : `makes it ${numeral(value)}`}`;
}

function productsText(reason: Products, value: number): string {
  const { sums, first, bias, sum, activation } = reason;
  const summands =
    sums.length > 1
      ? mapSummands([...sums], (index) => `map ${first + index + 1}`)
      : productSummands(termsOf(reason));
  const all = bias === undefined ? summands : [...summands, `bias ${numeral(bias)}`];
  return `${numeral(sum)} = ${joined(all)}${after(activation, sum, value)}.`;
}

/** Of a sum over several maps, what the one adds whose window is shown. */
export function partText(reason: Reason): string {
  if (reason.kind !== 'products' || reason.sums.length === 1) return '';
  const { sums, map, first } = reason;
  const terms = joined(productSummands(termsOf(reason)));
  return `Map ${first + map + 1} adds ${numeral(sums[map])} = ${terms}.`;
}

/** What a source is called: its layer, and its pixel. */
export interface SourceName {
  readonly title: string;
  readonly place: string;
}

/** How a number came about. @param names of the sources */
export function reasonText({ value, reason }: Explanation, names: readonly SourceName[]): string {
  const result = numeral(value);
  switch (reason.kind) {
    case 'products':
      return productsText(reason, value);
    case 'pooling': {
      const numbers = [...reason.window.numbers].filter((number) => !Number.isNaN(number));
      return `${result} = the ${reason.choice} of ${listed(numbers)}.`;
    }
    case 'activation': {
      const { activation, x } = reason;
      const why = x < 0 ? 'what is below zero becomes zero' : 'what is above zero stays';
      const rule = activation === 'relu' ? `: ${why}` : '';
      return `${result} = ${activationName(activation)} of ${numeral(x)}${rule}.`;
    }
    case 'softmax':
      return `${result} = e^${numeral(reason.x)} / ${numeral(reason.total)}, the sum of e to the power of each score.`;
    case 'norm': {
      const { x, mean, deviation, gamma, beta } = reason;
      const scaled = `(${joined([numeral(x), numeral(-mean)])}) / ${numeral(deviation)} · ${numeral(gamma)}`;
      return `${result} = ${joined([scaled, numeral(beta)])}: minus the mean, by the deviation, times gamma, plus beta.`;
    }
    case 'sum':
      return `${result} = ${joined(reason.numbers.map(numeral))}: ${names.map(({ title }) => title).join(' plus ')}.`;
    case 'copy':
      return `${result} as it is in ${names[0].title}, ${names[0].place}.`;
    default:
      return 'How this kind of layer computes is not shown here. The window is what this number saw of the image.';
  }
}
