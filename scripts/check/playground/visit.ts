// The playground in any browser, through nothing but its own elements: it trains, draws, looks into the network, keeps
// it and loads it. What needs a real mouse, files, or a network that fails is checked in Chromium.

import assert from 'node:assert/strict';
import type { Visit } from '../browsers/index.js';
import { PATIENCE, say } from './page.js';

/** What is seen in the page. */
interface Seen {
  /** As the browser tells them, which need not be true. */
  cores: number;
  engine: string;
  notices: string;
  before: number;
  after: number;
  accuracy: number;
  verdict: string;
  /** Of the drawing, by the network that was trained, and by the one that was kept and loaded again. */
  probabilities: number[][];
  /** Tabs whose panels are shown when they are clicked, of all. */
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
  $('#tab-filters').click();
  await until('filters', () => hasInk('#filter-maps canvas'));
  $('#tab-activations').click();
  await until('activations', () => hasInk('#activation-maps figure:nth-child(3) canvas'));
  $('#tab-images').click();
  await until('a filtered image', () => hasInk('#image-after'));
  start.click();
  await until('the pause', () => start.textContent === 'Go on');

  $('#tab-draw').click();
  const sheet = $<HTMLCanvasElement>('#sheet');
  // There is no pointer behind the events that could be captured.
  sheet.setPointerCapture = () => {};
  // Each stretch of a stroke may ask anew: how often, and what is not answered yet.
  let questions = 0;
  const asked = new Set<number>();
  const heard = new WeakSet<Worker>();
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, transfer) {
    if (!heard.has(this)) this.addEventListener('message', ({ data }) => asked.delete(data.id));
    heard.add(this);
    if (message.call === 'predict') {
      questions++;
      asked.add(message.id);
    }
    return postMessage.call(this, message, transfer as StructuredSerializeOptions);
  };
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
    const before = questions;
    $('#clear').click();
    point('pointerdown', 0.5, 0.15);
    for (let i = 1; i <= 16; i++) point('pointermove', 0.5 - i * 0.002, 0.15 + i * 0.044);
    point('pointerup', 0.47, 0.85);
    await until('the last answer', () => questions > before && asked.size === 0);
    // It is shown a little later; frames do not come to a page that nobody sees.
    await new Promise((shown) => setTimeout(shown, 300));
    await until('nothing asked since', () => asked.size === 0);
  };
  const bars = () =>
    [...document.querySelectorAll<HTMLElement>('#probabilities li')].map((row) =>
      Number(row.style.getPropertyValue('--share')),
    );
  await draw();
  await says('#verdict', /^1$/);
  const verdict = text('#verdict');
  const probabilities = [bars()];

  $('#tab-files').click();
  $('#keep').click();
  await says('#files-message', /^Kept/);
  $('#reset').click();
  await until('a network that knows nothing', () => text('#epoch') === '–');
  $('#tab-files').click();
  $('#kept').click();
  await says('#files-message', /The kept model was loaded/);
  $('#tab-draw').click();
  await draw();
  await until('the same verdict', () => text('#verdict') === verdict);
  probabilities.push(bars());
  const cores = navigator.hardwareConcurrency;
  return { cores, engine, notices, before, after, accuracy, verdict, probabilities, shown, tabs };
}

/** Visits the page: all cores are to be at work where it is isolated, else one. */
export async function checkVisit(visit: Visit, address: string, isolated: boolean): Promise<void> {
  const epochs = 3;
  const { result } = await visit(address, (tab) =>
    tab.evaluate(use, { epochs, patience: PATIENCE }),
  );
  const { cores, engine, notices, before, after, accuracy, probabilities, shown, tabs } = result;
  say(`${engine}: loss ${before} → ${after}, test accuracy ${accuracy} %`);
  assert.match(engine, new RegExp(`^${isolated ? Math.min(16, cores) : 1} thread`));
  if (!isolated) assert.match(notices, /Cross-Origin-Opener-Policy/);
  // By chance it is ln 10; how much of the fall the first look has missed is not known.
  assert(after < before && after < Math.log(10) / 4, 'the loss falls');
  assert(accuracy > 90, 'it has learned');
  assert.deepEqual(shown, tabs, 'each tab shows its panel');
  const [trained, kept] = probabilities;
  assert.deepEqual(kept, trained, 'the same predictions of the network that was kept');
}
