// `wasmgrad predict`: labels and probabilities of images.

import { fstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import process from 'node:process';
import type { Answer } from '../core.js';
import { readClassifier } from './classifier.js';
import { command, flag, UsageError, whole } from './command.js';
import { engineOptions, startEngine } from './engine.js';
import { inputOptions } from './formats.js';
import { imageReader, imagesAt } from './images.js';
import type { Terminal } from './terminal.js';

const predictOptions = {
  topK: whole('how many answers for each image: 3 by default'),
  json: flag('a line of JSON for each image'),
  csv: flag('a table for spreadsheets: file, rank, label, index, probability'),
};
const options = { ...inputOptions, ...predictOptions, ...engineOptions };

/** Bytes of the model, times images, from which on starting threads is worth its time. */
const WORTH_THREADS = 32 << 20;

/** Writes the answers of one image. */
type Show = (file: string, answers: readonly Answer[]) => void;

const percent = (probability: number): string => `${(100 * probability).toFixed(1)} %`;

/** A value of a CSV file (RFC 4180). */
const quoted = (value: string): string =>
  /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;

const asJson =
  (terminal: Terminal): Show =>
  (file, answers) =>
    terminal.print(JSON.stringify({ file, answers }));

function asCsv(terminal: Terminal): Show {
  terminal.print('file,rank,label,index,probability');
  return (file, answers) =>
    answers.forEach(({ label, index, probability }, i) => {
      terminal.print([quoted(file), i + 1, quoted(label), index, probability].join(','));
    });
}

function asText(terminal: Terminal, files: readonly string[]): Show {
  const width = Math.max(...files.map((file) => file.length));
  return (file, [best, ...others]) => {
    const first = terminal.result('bold', `${best.label} ${percent(best.probability)}`);
    const rest = others.map(({ label, probability }) => `${label} ${percent(probability)}`);
    const line = [first, ...rest.map((text) => terminal.result('dim', text))].join('   ');
    terminal.print(`${file.padEnd(width)}   ${line}`);
  };
}

export const predict = command({
  usage: 'predict MODEL IMAGE…',
  about: `Says what is on images. Labels and preprocessing are those that the model's file has, as 'wasmgrad train'
puts them in. An image may be a file, a folder (all images in it and below), or - for standard input.
An image that cannot be read is reported and left out; the exit code is then 1.`,
  options,
  sections: { Output: predictOptions, Model: inputOptions, Engine: engineOptions },
  words: { least: 2, most: Number.POSITIVE_INFINITY },
  examples: [
    ['predict model.wasmgrad cat.jpg', 'one image'],
    ['predict model.wasmgrad holidays/ --top-k 1', 'the best label of every image of a folder'],
    ['predict model.wasmgrad holidays/ --json | jq -r .answers[0].label', 'for other programs'],
    ['predict model.wasmgrad holidays/ --csv > labels.csv', 'for a spreadsheet'],
  ],
  async run([path, ...paths], { topK = 3, json, csv, inputShape, ...engine }, terminal) {
    if (json && csv) throw new UsageError('give --json or --csv, not both');
    const files = await imagesAt(paths);
    const { size } = await stat(path);
    // Loaded together: each waits for the disk.
    const [read] = await Promise.all([
      imageReader(),
      startEngine(engine, size * files.length < WORTH_THREADS ? 1 : undefined),
    ]);
    const model = await readClassifier(path, inputShape, terminal);
    const show = json ? asJson(terminal) : csv ? asCsv(terminal) : asText(terminal, files);
    // What is piped to another program comes to the same terminal later, in the midst of progress.
    const showsProgress = files.length > 1 && !fstatSync(process.stdout.fd).isFIFO();
    let failed = 0;
    for (const [i, file] of files.entries()) {
      if (showsProgress) terminal.status(`${i + 1} of ${files.length}: ${basename(file)}`);
      try {
        show(file, await model.classify(await read(file), { topK }));
      } catch (error) {
        failed++;
        terminal.note(`${terminal.styled('red', 'error:')} ${(error as Error).message}`);
      }
    }
    terminal.status('');
    return failed > 0 ? 1 : 0;
  },
});
