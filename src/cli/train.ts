// `wasmgrad train`: trains a network of the zoo, one of JSON, or a model file on a data set, and saves it with labels and
// preprocessing, so that `predict` needs nothing else.

import { stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { backendInfo, loadCheckpoint, type Model, type Shape, ValueError } from '../core.js';
import { type LabelledImages, split } from '../data/index.js';
import { Batches } from './batches.js';
import { choice, command, flag, share, size, text, UsageError, type Values } from './command.js';
import {
  absolute,
  type Files,
  findParts,
  fixedShape,
  inClasses,
  readLabels,
  readPart,
} from './datasets.js';
import { engineOptions, startEngine } from './engine.js';
import { BASE } from './finetune.js';
import { inputOptions, isNative, NATIVE } from './formats.js';
import {
  type Begin,
  type Epoch,
  historyOf,
  Journal,
  logPath,
  normsOf,
  readJournal,
} from './journal.js';
import { bestOf, type Paths, train as runTraining, shown } from './loop.js';
import { plot } from './plot.js';
import { type Blueprint, blueprint, preprocessingFor } from './prepare.js';
import {
  augmentationOf,
  augmentationOptions,
  compileOptions,
  trainingOptions,
} from './settings.js';
import { quoted, type Terminal } from './terminal.js';

const runOptions = {
  output: text(
    'FILE',
    `the model: model${NATIVE} by default; the best epoch and the log are beside it`,
    'o',
  ),
  force: flag('overwrite the model of an earlier training'),
  resume: text('FILE', 'go on with the training of this model, with the same options and data'),
  log: text(
    'FILE',
    "the log, a line of JSON for each epoch: by default the model's name with .jsonl",
  ),
  plot: text(
    'FILE.svg',
    'loss, accuracy, learning rate and gradient norms of the epochs as curves, at the end',
  ),
};
const modelOptions = {
  model: text(
    'MODEL',
    'a network of the zoo, layers as .json, or a model file to fine-tune: by default lenet5 for IDX files of small grey images, else resnet20',
  ),
  ...inputOptions,
  size: size(
    'sides that images of folders are resized to: by default those of the model, 64 where none is named',
  ),
  freeze: text(
    'LAYER',
    `layers up to this one do not learn; '${BASE}': all but the last with weights`,
  ),
  normalize: choice(
    ['measured', 'imagenet', 'none'],
    'mean and deviation of the pixels: measured, the default, of these images; of ImageNet; none, from 0 to 1. A model file brings its own',
  ),
};
const dataOptions = {
  validation: text('DATA', 'images that are measured after each epoch; else some are split off'),
  validationSplit: share('the share of the images that is split off: 0.2 by default, 0 for none'),
  labels: text('FILE', 'class names, a line for each'),
  monitor: choice(
    ['loss', 'accuracy'],
    'what the best epoch and early stopping go by: loss by default',
  ),
};
const options = {
  ...runOptions,
  ...modelOptions,
  ...dataOptions,
  ...trainingOptions,
  ...augmentationOptions,
  ...engineOptions,
};
type TrainValues = Values<typeof options>;

/** What may be given with --resume: it changes nothing of what was trained already. */
const RESUMABLE = [
  'resume',
  'epochs',
  'earlyStopping',
  'log',
  'plot',
  'threads',
  'simd',
  'revectorize',
];

/** A training as it is begun, or gone on with. */
interface Run {
  readonly values: TrainValues;
  readonly data: readonly string[];
  readonly newest: string;
  readonly log: string;
  /** What a log tells of the training before it was stopped. */
  readonly before?: ReturnType<typeof readJournal>;
}

/** 'model.wasmgrad' becomes 'model.best.wasmgrad'. */
const bestPath = (path: string): string => path.replace(/(\.[^.\\/]+)$/, '.best$1');

async function newRun(words: readonly string[], values: TrainValues): Promise<Run> {
  const { output = `model${NATIVE}`, force, log = logPath(output) } = values;
  if (words.length === 0)
    throw new UsageError(
      'which data? Give a folder with a folder for each class, IDX or CIFAR files',
    );
  if (!isNative(output))
    throw new UsageError(
      `--output must end in ${NATIVE}, not '${output}': a training goes on from such files alone; 'wasmgrad convert' makes others of them`,
    );
  const exists = (await stat(output).catch(() => undefined)) !== undefined;
  if (exists && !force)
    throw new UsageError(
      `'${output}' is there already: --resume ${quoted(output)} goes on with it, --force overwrites it, --output names another`,
    );
  const { validation, labels } = values;
  const paths = {
    validation: validation && resolve(validation),
    labels: labels && resolve(labels),
  };
  return { values: { ...values, ...paths }, data: absolute(words), newest: output, log };
}

function resumedRun(words: readonly string[], given: TrainValues, newest: string): Run {
  const log = given.log ?? logPath(newest);
  const bad = Object.keys(given).find((name) => !RESUMABLE.includes(name));
  if (bad !== undefined)
    throw new UsageError(`--resume goes on with the options of before: leave out '${bad}'`);
  const before = readJournal(log);
  const { data, ...recorded } = before.begin.settings;
  const values = { ...(recorded as TrainValues), ...given };
  return { values, data: words.length > 0 ? absolute(words) : data, newest, log, before };
}

/** The images for training and validation. */
async function readSets(
  { values, data }: Run,
  shapeOf: (fixed: Shape | undefined) => Promise<Shape>,
  terminal: Terminal,
): Promise<{ train: LabelledImages; validation?: LabelledImages }> {
  const parts = await findParts(data);
  const files = parts.train ?? (parts.test as Files);
  const [height, width, channels] = await shapeOf(await fixedShape(files));
  const labels = values.labels === undefined ? undefined : await readLabels(values.labels);
  const wanted = { size: [height, width], channels, labels } as const;
  const train = await readPart(files, wanted, terminal);
  if (train.classes.length < 2)
    throw new ValueError(
      `all images are of one class, '${train.classes[0]}': there is nothing to tell apart; of a folder, each sub-folder is a class`,
    );
  const given = values.validation === undefined ? undefined : await findParts([values.validation]);
  const held = given ? (given.validation ?? given.test ?? given.train) : parts.validation;
  if (held)
    return { train, validation: inClasses(await readPart(held, wanted, terminal), train.classes) };
  const { validationSplit = 0.2, seed = 0 } = values;
  if (validationSplit === 0) return { train };
  try {
    return split(train, { validationSplit, seed });
  } catch (cause) {
    if (!(cause instanceof ValueError)) throw cause;
    throw new ValueError(
      'there are too few images to split some off for validation: give more of each class, or --validation-split 0',
      { cause },
    );
  }
}

/** The model, the data, and what a log begins with. */
async function prepare(run: Run, terminal: Terminal) {
  const { values, before } = run;
  const resumed = before && (await loadCheckpoint(run.newest));
  let plan: Blueprint | undefined;
  const { train, validation } = await readSets(
    run,
    async (fixed) => {
      if (resumed) return resumed.inputShape;
      plan = await blueprint(values, fixed);
      return plan.shape;
    },
    terminal,
  );
  const { classes } = train;
  const begin: Begin = {
    event: 'begin',
    version: backendInfo().version,
    time: new Date().toISOString(),
    settings: { ...values, data: run.data },
    samples: train.labels.length,
    validation: validation?.labels.length ?? 0,
    classes,
  };
  if (before) checkSame(before.begin, begin);
  const model = resumed ?? (plan as Blueprint).make(classes);
  const normalize = preprocessingFor(model, resumed ? {} : values, train);
  const { batchSize = 32, seed = 0, classWeights = false } = values;
  const random = augmentationOf(values, normalize, seed);
  const batches = new Batches(train, { ...random, batchSize, seed, classWeights });
  if (!resumed) {
    model.labels = classes;
    model.preprocessing = normalize;
    model.compile(compileOptions(values, batches.perEpoch));
  }
  return { model, batches, train, validation, normalize, begin };
}

/** @throws {ValueError} for other data than the training was begun with */
function checkSame(before: Begin, now: Begin): void {
  const words = ['samples', 'validation', 'classes'] as const;
  const changed = words.find((word) => JSON.stringify(before[word]) !== JSON.stringify(now[word]));
  if (changed === undefined) return;
  throw new ValueError(
    `the data have changed since the training began: ${changed} were ${before[changed]}, now ${now[changed]}`,
  );
}

/** The curves of loss and accuracy. */
function curves(epochs: readonly Epoch[], columns: number): string {
  const curve = (name: string, mark: string) => ({
    name,
    mark,
    values: epochs.map(({ logs }) => logs[name] ?? Number.NaN),
  });
  const charts = ['loss', 'accuracy'].map((name) => {
    const all = [curve(`val_${name}`, '●'), curve(name, '·')];
    return plot(
      all.filter(({ values }) => values.some(Number.isFinite)),
      columns,
    );
  });
  return charts.join('\n\n');
}

/** Writes the curves of all metrics and gradients as a picture. */
async function writeCurves(path: string, title: string, epochs: readonly Epoch[]): Promise<void> {
  const vis = await import('../vis/index.js');
  await writeFile(path, vis.plot(historyOf(epochs), { title, gradientNorms: normsOf(epochs) }));
}

/** Says what is trained on what. */
function announce(model: Model, train: LabelledImages, begin: Begin, terminal: Terminal): void {
  const learned = model.weights.filter(({ trainable }) => trainable);
  const count = learned.reduce((all, { tensor }) => all + tensor.size, 0);
  const { threads } = backendInfo();
  terminal.note(
    `${model.name}: ${count.toLocaleString('en')} parameters to learn, ${threads} threads`,
  );
  const { samples, validation, classes } = begin;
  const shape = train.shape.slice(1).join('×');
  terminal.note(
    `${samples} images ${shape} of ${classes.length} classes, ${validation} more for validation`,
  );
}

/** Shows what came of it, and where it is. @param watched the log that the best epoch goes by */
function conclude(
  epochs: readonly Epoch[],
  watched: string,
  paths: Paths,
  terminal: Terminal,
): void {
  if (terminal.isInteractive && epochs.length > 1)
    terminal.note(`\n${curves(epochs, Math.min(60, terminal.columns - 12))}\n`);
  const last = epochs[epochs.length - 1];
  const best = bestOf(epochs, watched);
  terminal.printParts([paths.newest, ...shown(last.logs)]);
  if (best && best !== last)
    terminal.printParts([paths.best, ...shown(best.logs), `(epoch ${best.epoch})`]);
  const model = quoted(best ? paths.best : paths.newest);
  terminal.note(`next: npx wasmgrad predict ${model} IMAGE`);
  terminal.note(`  or: npx wasmgrad report ${model} DATA`);
}

export const train = command({
  usage: 'train DATA…',
  about: `Trains a network to tell classes of images apart, and saves it after each epoch with its labels and preprocessing:
'wasmgrad predict' needs nothing else. DATA is a folder with a folder for each class (or with train/ and val/ that
have these), IDX files like MNIST's, CIFAR's .bin files, or a folder of such files.

Written are model.wasmgrad, the newest state; model.best.wasmgrad, the epoch with the best validation; and
model.jsonl, the log. Ctrl-C saves at once and says how to go on; the result is then the same, bit by bit, as
without the break. A second Ctrl-C ends without saving.`,
  options,
  sections: {
    Run: runOptions,
    Model: modelOptions,
    Data: dataOptions,
    Training: trainingOptions,
    'Augmentation of the training images, at random': augmentationOptions,
    Engine: engineOptions,
  },
  words: { least: 0, most: Number.POSITIVE_INFINITY },
  examples: [
    ['train photos/', 'a folder with a folder for each class: photos/cats/1.jpg, photos/dogs/…'],
    [
      'train photos/ --flip horizontal --crop 4 --epochs 30',
      'more epochs, mirrored and shifted images',
    ],
    ['train mnist/ --epochs 3 --output digits.wasmgrad', "MNIST's files in a folder: LeNet-5"],
    [
      'train cifar/ --model resnet20 --optimizer sgd --momentum 0.9 --learning-rate 0.1 --schedule cosine',
      'CIFAR-10 as in the paper of ResNet',
    ],
    [
      'train flowers/ --model model.best.wasmgrad --freeze base -o flowers.wasmgrad',
      'fine-tune: a new last layer on what was learned',
    ],
    ['train photos/ --plot curves.svg', 'the curves as a picture'],
    ['train --resume model.wasmgrad', 'go on after Ctrl-C'],
    ['train --resume model.wasmgrad --epochs 50', 'go on for longer'],
  ],
  async run(words, values, terminal) {
    const run =
      values.resume === undefined
        ? await newRun(words, values)
        : resumedRun(words, values, values.resume);
    const { epochs = 10, gradientAccumulation = 1, averageDecay, monitor = 'loss' } = run.values;
    // Options that do not fit each other are told before the data are read.
    compileOptions(run.values, 1);
    if (!(run.values.plot ?? '.svg').endsWith('.svg'))
      throw new UsageError(`--plot must end in .svg, not '${run.values.plot}'`);
    augmentationOf(run.values, {}, 0);
    await startEngine(run.values);
    const { model, batches, train, validation, normalize, begin } = await prepare(run, terminal);
    const journal = new Journal(run.log);
    const past = run.before?.epochs.filter(({ epoch }) => epoch <= model.epoch) ?? [];
    if (!run.before) journal.begin(begin);
    else if (model.epoch >= epochs) {
      const done = model.epoch;
      throw new UsageError(
        `all ${done} epochs are done, and --epochs counts them: --epochs ${2 * done} goes on`,
      );
    } else {
      const { epoch, step } = model;
      journal.goOn({ event: 'resume', time: begin.time, epoch, step });
    }
    announce(model, train, begin, terminal);
    const paths = { newest: run.newest, best: bestPath(run.newest) };
    const watched = validation ? `val_${monitor}` : monitor;
    const outcome = await runTraining(
      {
        ...{ model, batches, validation, normalize, epochs, journal, past, paths },
        batchSize: run.values.batchSize ?? 32,
        accumulation: gradientAccumulation,
        isAveraged: averageDecay !== undefined,
        monitor: watched,
        patience: run.values.earlyStopping,
      },
      terminal,
    );
    const { plot: picture } = run.values;
    if (picture !== undefined && outcome.epochs.length > 0) {
      await writeCurves(picture, model.name, outcome.epochs);
      terminal.note(`curves: ${picture}`);
    }
    if (outcome.stopped !== undefined) {
      terminal.note(
        `stopped in epoch ${model.epoch + 1}, after step ${model.step}; saved. Go on with\n  npx wasmgrad train --resume ${quoted(run.newest)}`,
      );
      return outcome.stopped;
    }
    conclude(outcome.epochs, watched, paths, terminal);
    return 0;
  },
});
