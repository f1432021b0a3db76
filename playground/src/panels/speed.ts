// What threads, fused arithmetic and Winograd's algorithm gain: each measured in a worker of its own.

import type { InitOptions } from 'wasmgrad/core';
import type { App, Panel } from '../app.js';
import { Client } from '../client.js';
import { bar, byId, element, onClick, say } from '../dom.js';
import type { SpeedRequest } from '../messages.js';
import { callOf, isCalls, isConvolution, type LayerSpec, presets } from '../networks.js';
import { form, trainingOptions } from '../settings.js';

interface Setting {
  readonly label: string;
  readonly options?: InitOptions;
  readonly algorithm?: SpeedRequest['algorithm'];
}

interface Comparison {
  readonly title: string;
  readonly settings: readonly Setting[];
}

/** What is compared; nothing that is the same twice. */
function comparisons(threads: number, layers: readonly LayerSpec[]): Comparison[] {
  const list: Comparison[] = [
    {
      title: 'SIMD',
      settings: [
        { label: 'strict: same bits anywhere', options: { simd: 'strict' } },
        { label: 'relaxed: fused multiply-add', options: { simd: 'relaxed' } },
      ],
    },
  ];
  if (threads > 1)
    list.unshift({
      title: 'Threads',
      settings: [
        { label: '1 thread', options: { threads: 1 } },
        { label: `${threads} threads`, options: { threads } },
      ],
    });
  if (hasConvolution(layers))
    list.push({
      title: 'Convolution',
      settings: [
        { label: 'direct', algorithm: 'direct' },
        { label: 'auto: Winograd where that is faster', algorithm: 'auto' },
      ],
    });
  return list;
}

/** Whether a network has convolutions: which of them Winograd's algorithm computes, the library decides. */
const hasConvolution = (layers: readonly LayerSpec[]): boolean =>
  layers
    .map(callOf)
    .some(
      (call) =>
        isConvolution(call) ||
        (isCalls(call.options.layers) && call.options.layers.some(isConvolution)),
    );

/** Whether the training rests because of what is measured. */
let isPausedHere = false;

async function measure(
  { options = {}, algorithm = 'auto' }: Setting,
  request: Omit<SpeedRequest, 'algorithm'>,
): Promise<number> {
  const worker = new Client();
  try {
    await worker.ask('init', options);
    return await worker.ask('speed', { ...request, algorithm });
  } finally {
    worker.end();
  }
}

/** Measures one setting after the other, and draws its bar. */
async function compare(
  { title, settings }: Comparison,
  request: Omit<SpeedRequest, 'algorithm'>,
): Promise<void> {
  const bars = settings.map(({ label }) => bar(label));
  const list = element('ul', { className: 'bars speeds' }, ...bars.map(({ row }) => row));
  byId('speeds', HTMLElement).append(element('h2', {}, title), list);
  const speeds: number[] = [];
  for (const [i, setting] of settings.entries()) {
    bars[i].set(0, '…');
    try {
      speeds.push(await measure(setting, request));
    } catch (error) {
      speeds.push(0);
      bars[i].set(0, (error as Error).message);
      continue;
    }
    const most = Math.max(...speeds);
    speeds.forEach((speed, j) => {
      if (speed) bars[j].set(speed / most, `${Math.round(speed).toLocaleString('en')} images/s`);
    });
  }
}

/** What the figures do not show, and why. */
function remarks(app: App, layers: readonly LayerSpec[]): string {
  const list: string[] = [];
  if (!crossOriginIsolated)
    list.push(
      'Threads are not compared: without the headers named at the top this page has only one.',
    );
  else if (app.threads === 1) list.push('Threads are not compared: this machine has one core.');
  if (!hasConvolution(layers))
    list.push(
      `Winograd’s algorithm is for convolutions, and this network has none: choose “${presets.plain.title}” to compare it.`,
    );
  return list.join(' ');
}

async function run(app: App): Promise<void> {
  const { dataset, network } = app;
  const layers = network?.layers;
  if (!layers) {
    say('speed-message', 'This network came from a file: choose one of the ready ones.', true);
    return;
  }
  // The browser says which number is missing or out of bounds.
  if (!form.reportValidity()) return;
  const { batchSize } = trainingOptions();
  byId('speeds', HTMLElement).replaceChildren();
  say('speed-message', 'Measuring …');
  await whilePaused(app, async () => {
    for (const comparison of comparisons(app.threads, layers))
      await compare(comparison, { layers, dataset, batchSize });
  });
  say('speed-message', `Batches of ${batchSize}. ${remarks(app, layers)}`);
}

/** Does something while the training rests; it goes on only if nobody ended or resumed it meanwhile. */
async function whilePaused(app: App, work: () => Promise<void>): Promise<void> {
  isPausedHere = await app.pause();
  try {
    await work();
  } finally {
    if (isPausedHere) await app.resume();
  }
}

export function speedPanel(app: App): Panel {
  const button = onClick('measure', async () => {
    button.disabled = true;
    await run(app).catch((error) => say('speed-message', (error as Error).message, true));
    button.disabled = false;
  });
  app.listen('status', (status) => {
    if (status !== 'paused') isPausedHere = false;
  });
  return {};
}
