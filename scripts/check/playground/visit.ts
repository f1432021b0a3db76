// Uses the playground in any browser, through its own elements only: trains, draws, looks into the network, keeps it
// and loads it. What needs a real mouse, files, or a failing network is checked in Chromium only.

import assert from 'node:assert/strict';
import type { Visit } from '../browsers/index.js';
import { PATIENCE, type Predictions, say, watchPredictions } from './page.js';

/** What the visit found in the page. */
interface Seen {
  /** As the browser reports them, which need not be true. */
  cores: number;
  engine: string;
  notices: string;
  before: number;
  after: number;
  accuracy: number;
  verdict: string;
  /** The drawing as the network that was trained saw it, and as the one that was kept and loaded again. */
  images: number[][];
  /** What each took it for. */
  probabilities: number[][];
  /** The tabs whose panels are shown when they are clicked. */
  shown: string[];
  tabs: string[];
}

/** Uses the page; stands alone. */
async function use({ epochs, patience }: { epochs: number; patience: number }): Promise<Seen> {
  const $ = <E extends HTMLElement = HTMLElement>(selector: string): E => {
    const found = document.querySelector<E>(selector);
    if (!found) throw new Error(`the page has no ${selector}`);
    return found;
  };
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const end = performance.now() + patience;
    while (!isSo()) {
      if (performance.now() > end) throw new Error(`${what}: ${document.body.innerText}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const text = (selector: string): string => $(selector).textContent ?? '';
  const says = (selector: string, pattern: RegExp) =>
    until(`${selector} says ${pattern}`, () => pattern.test(text(selector)));
  const epoch = () => Number.parseInt(text('#epoch'), 10);
  const start = $<HTMLButtonElement>('#start');

  await until('Start can be pressed', () => !start.disabled);
  const [engine, notices] = [text('#engine'), text('#notices')];
  // It trains as long as anything is looked at.
  $<HTMLInputElement>('#epochs').value = '100000';
  start.click();
  await until('the first loss', () => Number(text('#loss')) > 0);
  const before = Number(text('#loss'));
  await until('epochs', () => epoch() > epochs);
  const [after, accuracy] = [Number(text('#loss')), Number.parseFloat(text('#test-accuracy'))];

  const tabs = [...document.querySelectorAll('[role=tab]')].map(({ id }) => id.slice(4));
  const shown = tabs.filter((name) => {
    $(`#tab-${name}`).click();
    return $(`#${name}`).offsetHeight > 0;
  });
  const hasInk = (selector: string) => {
    const canvas = document.querySelector<HTMLCanvasElement>(selector);
    if (!canvas?.width) return false;
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(pixels?.data).size > 8;
  };
  $('#tab-look').click();
  await until('filters', () => hasInk('#filter-maps canvas'));
  $('#tab-look').click();
  await until('activations', () => hasInk('#journey figure:nth-child(3) canvas'));
  $('#tab-convolve').click();
  await until('a filtered image', () => hasInk('#image-after'));
  start.click();
  await until('the pause', () => start.textContent === 'Go on');

  $('#tab-train').click();
  const sheet = $<HTMLCanvasElement>('#sheet');
  // There is no pointer behind the events that could be captured.
  sheet.setPointerCapture = () => {};
  const { predictions } = globalThis as unknown as { predictions: Predictions };
  const [images, probabilities]: number[][][] = [[], []];
  const draw = async () => {
    const { left, top, width, height } = sheet.getBoundingClientRect();
    const point = (type: string, x: number, y: number) =>
      sheet.dispatchEvent(
        new PointerEvent(type, {
          clientX: left + x * width,
          clientY: top + y * height,
          pointerId: 1,
        }),
      );
    const before = predictions.asked;
    $('#clear').click();
    point('pointerdown', 0.5, 0.15);
    for (let i = 1; i <= 16; i++) point('pointermove', 0.5 - i * 0.002, 0.15 + i * 0.044);
    point('pointerup', 0.47, 0.85);
    // The whole stroke is there before the next frame, which asks.
    await until('the answer', () => predictions.asked > before && predictions.waiting.size === 0);
    images.push(predictions.image);
    probabilities.push(bars());
  };
  const bars = () =>
    [...document.querySelectorAll<HTMLElement>('#probabilities li')].map((row) =>
      Number(row.style.getPropertyValue('--share')),
    );
  await draw();
  const verdict = text('#verdict');

  $('#tab-files').click();
  $('#keep').click();
  await says('#files-message', /^Kept/);
  $('#reset').click();
  await until('a network that knows nothing', () => text('#epoch') === '–');
  $('#tab-files').click();
  $('#kept').click();
  await says('#files-message', /The kept model was loaded/);
  $('#tab-train').click();
  await draw();
  const cores = navigator.hardwareConcurrency;
  return {
    cores,
    engine,
    notices,
    before,
    after,
    accuracy,
    verdict,
    images,
    probabilities,
    shown,
    tabs,
  };
}

/** Visits the page: an isolated page must use all cores, another one must use one. */
export async function checkVisit(visit: Visit, address: string, isolated: boolean): Promise<void> {
  const epochs = 3;
  const { result } = await visit(address, async (tab) => {
    await tab.evaluate(watchPredictions);
    return tab.evaluate(use, { epochs, patience: PATIENCE });
  });
  const { cores, engine, notices, before, after, accuracy, verdict, shown, tabs } = result;
  say(`${engine}: loss ${before} → ${after}, test accuracy ${accuracy} %`);
  assert.match(engine, new RegExp(`^${isolated ? Math.min(16, cores) : 1} thread`));
  if (!isolated) assert.match(notices, /Cross-Origin-Opener-Policy/);
  // By chance it is ln 10.
  assert(after < Math.log(10) / 4, 'the loss falls');
  assert(accuracy > 90, 'it has learned');
  assert.deepEqual(shown, tabs, 'each tab shows its panel');
  assert.equal(verdict, '1', 'a stroke is recognized');
  const [[drawn, again], [trained, kept]] = [result.images, result.probabilities];
  assert.deepEqual(again, drawn, 'the same drawing');
  assert.deepEqual(kept, trained, 'the same predictions of the network that was kept');
}
