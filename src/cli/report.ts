// `wasmgrad report`: all that is to be seen of a model, as one HTML file.

import { stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { purpose, Random } from '../base/random.js';
import type { Model } from '../core.js';
import type { LabelledImages } from '../data/index.js';
import type { ReportOptions } from '../vis/index.js';
import { readClassifier } from './classifier.js';
import { command, text, UsageError, whole } from './command.js';
import { engineOptions, startEngine } from './engine.js';
import { inputOptions } from './formats.js';
import { Interrupts } from './interrupts.js';
import { historyOf, logPath, normsOf, readJournal } from './journal.js';
import { inputOf } from './scores.js';
import type { Terminal } from './terminal.js';
import { readTest, testFiles } from './testset.js';

const reportOptions = {
  output: text('FILE.html', 'the report: report.html by default', 'o'),
  title: text('TEXT', "what stands above it: the model's name by default"),
  images: whole('how many images, at most: 10000 by default, fewer of large ones'),
  labels: text('FILE', 'class names of the data, a line for each'),
  log: text(
    'FILE',
    "the log of the training, for its curves: by default the model's name with .jsonl",
  ),
};
const options = { ...inputOptions, ...reportOptions, ...engineOptions };

/** Images where nothing else is asked for; and numbers that all of them may have, a quarter of a gigabyte. */
const [IMAGES, NUMBERS] = [10_000, 2 ** 26];

/** Some of the images where there are too many: at random, but always the same. */
function someOf(set: LabelledImages, most: number): LabelledImages {
  const { images, labels, shape } = set;
  const size = images.length / labels.length;
  const count = Math.min(most, Math.max(1, Math.floor(NUMBERS / size)));
  if (count >= labels.length) return set;
  const order = Int32Array.from(labels.keys());
  new Random(0, purpose.shuffle).shuffle(order);
  const chosen = order.subarray(0, count).sort();
  const some = new Uint8Array(count * size);
  for (const [i, index] of chosen.entries())
    some.set(images.subarray(index * size, (index + 1) * size), i * size);
  return {
    ...set,
    images: some,
    labels: chosen.map((index) => labels[index]),
    shape: [count, ...shape.slice(1)],
  };
}

/** What is known of the training, if there is a log of it. */
async function trainingAt(model: string, given: string | undefined) {
  // The best epoch has the log of its training.
  const path = given ?? logPath(model.replace(/\.best(\.[^.\\/]+)$/, '$1'));
  const isThere = given !== undefined || (await stat(path).catch(() => undefined))?.isFile();
  const epochs = isThere ? readJournal(path).epochs : [];
  return epochs.length > 0 ? { history: historyOf(epochs), gradientNorms: normsOf(epochs) } : {};
}

const BAR = 24;

/** A bar, the time that is left, and what is being done; in terminals. */
function progress(terminal: Terminal): (done: number, what: string) => void {
  const began = performance.now();
  return (done, what) => {
    const filled = Math.round(BAR * done);
    const seconds = (((performance.now() - began) / 1000) * (1 - done)) / done;
    const time = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
    const left = done > 0.02 ? `${time} left  ` : '';
    const bar = '━'.repeat(filled) + '─'.repeat(BAR - filled);
    terminal.status(`${bar}  ${Math.floor(100 * done)} %  ${left}${what}`);
  };
}

/** The report's text; undefined after Ctrl-C. */
async function made(
  model: Model,
  set: LabelledImages,
  how: Pick<ReportOptions, 'title' | 'history' | 'gradientNorms'>,
  terminal: Terminal,
): Promise<{ text?: string; code?: number }> {
  const vis = await import('../vis/index.js');
  const stop = new AbortController();
  const interrupts = new Interrupts(() => stop.abort());
  const x = inputOf(model, set.images);
  try {
    const text = await vis.report(
      model,
      { x, y: set.labels },
      { ...how, classes: set.classes, signal: stop.signal, onProgress: progress(terminal) },
    );
    return { text };
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
    return { code: interrupts.code };
  } finally {
    terminal.status('');
    interrupts.close();
  }
}

export const report = command({
  usage: 'report MODEL DATA…',
  about: `Writes one HTML file, without anything beside it, that shows what a model learned and where it is wrong: curves of
the training, confusion matrix, the worst mistakes, which pixels speak for its answers, what shifts and darkness
change, filters and maps, the patches that units answer to, images made for the classes, neighbours, all images in
the plane, layers and their costs. It can be read on a phone and printed. DATA is what 'evaluate' takes: where it has a part for tests, that is shown.`,
  options,
  sections: { Options: reportOptions, Model: inputOptions, Engine: engineOptions },
  words: { least: 2, most: Number.POSITIVE_INFINITY },
  examples: [
    ['report model.best.wasmgrad photos/', 'writes report.html, with the curves of model.jsonl'],
    ['report digits.wasmgrad mnist/ -o digits.html', "MNIST's test digits"],
    ['report model.wasmgrad photos/ --images 500', 'a part of the images, sooner'],
  ],
  async run([path, ...paths], values, terminal) {
    const {
      output = 'report.html',
      title,
      images = IMAGES,
      labels,
      log,
      inputShape,
      ...engine
    } = values;
    if (!/\.html?$/.test(output))
      throw new UsageError(`--output must end in .html, not '${output}'`);
    const files = await testFiles(paths, labels);
    const training = await trainingAt(path, log);
    await startEngine(engine);
    const model = await readClassifier(path, inputShape, terminal);
    const all = await readTest(files, model, terminal);
    const set = someOf(all, images);
    const [count, of] = [set.labels.length, all.labels.length];
    if (count < of) terminal.note(`${count} of ${of} images, chosen at random`);
    const { text, code } = await made(model, set, { title, ...training }, terminal);
    if (text === undefined) return code;
    await writeFile(output, text);
    terminal.print(`${output}   ${(text.length / 2 ** 20).toFixed(1)} MiB, ${count} images`);
    terminal.note(`open it in a browser: ${basename(output)} needs nothing beside it`);
    return 0;
  },
});
