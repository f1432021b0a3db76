// `wasmgrad evaluate`: how often a model is right, and what it mistakes for what.

import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { metrics } from '../core.js';
import { readClassifier } from './classifier.js';
import { command, flag, text, UsageError } from './command.js';
import { engineOptions, startEngine } from './engine.js';
import { inputOptions } from './formats.js';
import { ranked, scoresOf, thresholdOf } from './scores.js';
import { readTest, testFiles } from './testset.js';

const evaluateOptions = {
  labels: text('FILE', 'class names of the data, a line for each'),
  plot: text('FILE.svg', 'the confusion matrix as a picture'),
  json: flag('JSON: accuracies, and the matrix as numbers'),
};
const options = { ...inputOptions, ...evaluateOptions, ...engineOptions };

/** Classes whose matrix still fits a terminal. */
const MOST_COLUMNS = 20;
/** Confusions that are listed where the matrix is too large. */
const WORST = 10;

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** The most frequent confusions, a line for each. */
function worst(matrix: readonly (readonly number[])[], names: readonly string[]): string[] {
  return matrix
    .flatMap((row, right) => row.map((count, predicted) => ({ count, right, predicted })))
    .filter(({ count, right, predicted }) => count > 0 && right !== predicted)
    .sort((a, b) => b.count - a.count)
    .slice(0, WORST)
    .map(
      ({ count, right, predicted }) => `${count} × ${names[right]}, taken for ${names[predicted]}`,
    );
}

export const evaluate = command({
  usage: 'evaluate MODEL DATA…',
  about: `Measures a model on labelled images: how often its best answer is right (top-1), how often the right one is among
its five best (top-5), and which classes it mistakes for which. DATA is a folder with a folder for each class, IDX
files, CIFAR's .bin files, or a folder of these; where that has a part for tests, it is taken. Classes are those
of the model with the same names.`,
  options,
  sections: { Options: evaluateOptions, Model: inputOptions, Engine: engineOptions },
  words: { least: 2, most: Number.POSITIVE_INFINITY },
  examples: [
    ['evaluate model.wasmgrad test/', 'photos in a folder for each class'],
    ['evaluate digits.wasmgrad mnist/', "MNIST's test digits (t10k) in a folder of its files"],
    ['evaluate model.wasmgrad test/ --plot confusion.svg', 'the matrix as a picture'],
    ['evaluate model.wasmgrad test/ --json | jq .top1', 'for other programs'],
  ],
  async run([path, ...paths], { labels, plot, json, inputShape, ...engine }, terminal) {
    if (!(plot ?? '.svg').endsWith('.svg'))
      throw new UsageError(`--plot must end in .svg, not '${plot}'`);
    const files = await testFiles(paths, labels);
    await startEngine(engine);
    const model = await readClassifier(path, inputShape, terminal);
    const set = await readTest(files, model, terminal);
    const right = set.labels;
    const { length } = right;
    const rows = scoresOf(model, set, (done) => terminal.status(`${done} of ${length} images`));
    const threshold = thresholdOf(model);
    const ranks = rows.map((row) => ranked(row, threshold));
    const top = (k: number): number =>
      ranks.filter((classes, i) => classes.slice(0, k).includes(right[i])).length / length;
    const count = ranks[0].length;
    const names = set.classes;
    const confusion = metrics.confusionMatrix(
      right,
      ranks.map(([best]) => best),
      { classes: names },
    );
    if (plot !== undefined) {
      const vis = await import('../vis/index.js');
      await writeFile(plot, vis.confusion(confusion, { classes: names, title: basename(path) }));
    }
    const { matrix, precision, recall, f1 } = confusion;
    const figures = { images: length, top1: top(1), top5: count > 5 ? top(5) : null };
    if (json) {
      const all = { ...figures, labels: names, matrix, precision, recall, f1 };
      terminal.print(JSON.stringify(all));
      return 0;
    }
    const table = `${confusion}`;
    const columns = Math.max(...table.split('\n').map((line) => line.length));
    const isTooWide = columns > terminal.resultColumns;
    if (count <= MOST_COLUMNS && !isTooWide) terminal.print(`${table}\n`);
    else for (const line of worst(matrix, names)) terminal.print(line);
    const top5 = figures.top5 === null ? '' : `   top-5 ${percent(figures.top5)}`;
    terminal.print(`${length} images   top-1 ${percent(figures.top1)}${top5}`);
    if (count <= MOST_COLUMNS && isTooWide)
      terminal.note(`the whole matrix has ${columns} columns: pipe it into less -S`);
    return 0;
  },
});
