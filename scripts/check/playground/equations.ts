// What the checks of the journey run in the page: it keeps what the worker explains, and works it out again from what the
// layers make.

import type { Explanation, Spot, Stage } from '../../../playground/src/inside.js';

/** What the page was told last: what the layers make, and how a pixel came about. */
export interface Heard {
  stages: readonly Stage[];
  spot: Spot | undefined;
  explanation: Explanation | undefined;
}

/** Runs in the page before its own scripts: keeps what the worker answers. Stands alone. */
export function listen(): void {
  const heard: Heard = { stages: [], spot: undefined, explanation: undefined };
  Object.assign(globalThis, { heard });
  const asked = new Map<number, { call: string; given: Spot }>();
  const known = new WeakSet<Worker>();
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, transfer) {
    if (!known.has(this))
      this.addEventListener('message', ({ data: { id, got } }) => {
        const { call, given } = asked.get(id) ?? {};
        asked.delete(id);
        if (call === 'activations' && got) heard.stages = got;
        if (call === 'explain' && got) Object.assign(heard, { spot: given, explanation: got });
      });
    known.add(this);
    asked.set(message.id, message);
    return postMessage.call(this, message, transfer as StructuredSerializeOptions);
  };
}

/** Runs in the page: both sides of each equation that must hold for what it was told last. Stands alone. */
export function equations(): readonly { what: string; is: number; ought: number }[] {
  const { stages, spot, explanation } = (globalThis as unknown as { heard: Required<Heard> }).heard;
  if (!spot || !explanation) throw new Error('nothing was explained');
  const numberAt = (stage: number, unit: number, row: number, column: number): number => {
    const { height, width, data } = stages[stage];
    return data[(unit * height + row) * width + column];
  };
  const found: { what: string; is: number; ought: number }[] = [];
  const equal = (what: string, is: number, ought: number) => found.push({ what, is, ought });
  const { value, reason, sources } = explanation;
  const [source] = sources;
  equal('the pixel of the map', value, numberAt(spot.stage, spot.unit, spot.row, spot.column));
  const below = (at: number): number =>
    numberAt(sources[at].stage, sources[at].unit ?? spot.unit, sources[at].top, sources[at].left);
  const isImage = source.stage < 0;
  if ('window' in reason && !isImage) {
    const { height, width, numbers } = reason.window;
    const unit = reason.kind === 'products' ? reason.first + reason.map : (source.unit ?? 0);
    const maps = stages[source.stage];
    // Of a filter with gaps, the window is larger than its numbers are many.
    const [down, across] = [
      (source.height - 1) / Math.max(1, height - 1),
      (source.width - 1) / Math.max(1, width - 1),
    ];
    numbers.forEach((number, i) => {
      const row = source.top + Math.floor(i / width) * down;
      const column = source.left + (i % width) * across;
      const isInside = row >= 0 && row < maps.height && column >= 0 && column < maps.width;
      if (maps.height * maps.width === 1) equal('the vector', number, maps.data[i]);
      else if (!isInside) equal('beyond the edge', Number(Number.isNaN(number)), 1);
      else if (unit < maps.count)
        equal(
          `the window, ${height} × ${width}`,
          number,
          numberAt(source.stage, unit, row, column),
        );
    });
  }
  switch (reason.kind) {
    case 'products': {
      const { window, weights, sums, map, bias = 0, sum, activation } = reason;
      const products = [...window.numbers].map((number, i) => (number || 0) * weights[i]);
      const total = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
      equal('what a map adds', total(products), sums[map]);
      equal('the sum', total([...sums]) + bias, sum);
      equal('the sum and the pixel', activation === 'relu' ? Math.max(0, sum) : sum, value);
      break;
    }
    case 'pooling': {
      const numbers = [...reason.window.numbers].filter((number) => !Number.isNaN(number));
      const mean = numbers.reduce((all, one) => all + one, 0) / numbers.length;
      equal('the pool', reason.choice === 'mean' ? mean : Math.max(...numbers), value);
      break;
    }
    case 'activation':
      equal('ReLU', Math.max(0, reason.x), value);
      equal('its x', reason.x, below(0));
      break;
    case 'softmax':
      equal('the share', Math.exp(reason.x) / reason.total, value);
      equal('its x', reason.x, below(0));
      break;
    case 'norm': {
      const { x, mean, deviation, gamma, beta } = reason;
      equal('the norm', ((x - mean) / deviation) * gamma + beta, value);
      equal('its x', x, below(0));
      break;
    }
    case 'sum':
      equal('the sum of maps', reason.numbers[0] + reason.numbers[1], value);
      reason.numbers.forEach((number, i) => {
        equal('a summand', number, below(i));
      });
      break;
    case 'copy':
      if (!isImage && (source.unit ?? 0) < stages[source.stage].count)
        equal('the same number', value, below(0));
      break;
    default:
      equal('the layer without an explanation', Number(stages[spot.stage].type === 'lrn'), 1);
  }
  return found;
}
