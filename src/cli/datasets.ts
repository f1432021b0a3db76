// Labelled images by where they are: folders with a sub-folder for each class, IDX files, CIFAR files. What a folder
// holds is seen from its names.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FormatError, ValueError } from '../core.js';
import {
  imageFolder,
  type LabelledImages,
  parseCifar10,
  parseCifar100,
  readIdx,
} from '../data/index.js';
import { decodeImage } from '../image/decode.js';
import { listed, readingOf } from './faults.js';
import type { Terminal } from './terminal.js';

/** What a data set's files are for. */
type Part = 'train' | 'validation' | 'test';

/** Files that are one part of a data set. */
export interface Files {
  readonly kind: 'folder' | 'IDX' | 'CIFAR-10' | 'CIFAR-100';
  readonly paths: readonly string[];
}

/** Where the parts of a data set are: of one without parts all is 'train'. */
export type Parts = { readonly [P in Part]?: Files };

/** The least that a command must be told of the data set: images of folders are brought to this shape. */
interface Wanted {
  readonly size: readonly [number, number];
  readonly channels: number;
  /** Class names in place of the files' own. */
  readonly labels?: readonly string[];
}

const IDX_IMAGES = /^(train|t10k|test)-images[-.]idx3-ubyte(\.gz)?$/;

/**
 * Finds the parts of a data set.
 *
 * @param paths a folder, or files
 * @throws {ValueError} for a path that does not exist, and files of no known kind
 */
export async function findParts(paths: readonly string[]): Promise<Parts> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const entry = await stat(path).catch(() => undefined);
      if (!entry) throw new ValueError(`there is no file or folder '${path}'`);
      return entry.isDirectory();
    }),
  );
  if (!found.includes(true)) return { train: filesOf(paths) };
  if (paths.length > 1)
    throw new ValueError(
      `'${paths[found.indexOf(true)]}' is a folder: give one folder, or files alone`,
    );
  return partsOf(paths[0]);
}

function filesOf(paths: readonly string[]): Files {
  if (paths.every((path) => path.endsWith('.bin'))) {
    // CIFAR-100 has one file for each part, CIFAR-10 batches.
    const isFine = paths.every((path) => /(^|[\\/])(train|test)\.bin$/.test(path));
    return { kind: isFine ? 'CIFAR-100' : 'CIFAR-10', paths };
  }
  const [images, labels = labelsBeside(images)] = paths;
  if (paths.length > 2)
    throw new ValueError('of IDX files give two, images and labels, or the images alone');
  return { kind: 'IDX', paths: [images, labels] };
}

/** 'train-images-idx3-ubyte' has its labels in 'train-labels-idx1-ubyte'. */
function labelsBeside(images: string): string {
  const labels = images.replace(/images(?=[^\\/]*$)/, 'labels').replace(/idx3(?=[^\\/]*$)/, 'idx1');
  if (labels !== images) return labels;
  throw new ValueError(
    `'${images}' is no data set that is known: give a folder with a folder for each class, IDX files (images and labels), or CIFAR's .bin files`,
  );
}

async function partsOf(folder: string): Promise<Parts> {
  const names = (await readdir(folder)).sort();
  const below = (name: string): string => join(folder, name);
  const parts: { [P in Part]?: Files } = {};
  for (const name of names) {
    const [, part] = IDX_IMAGES.exec(name) ?? [];
    if (part) parts[part === 'train' ? 'train' : 'test'] = filesOf([below(name)]);
  }
  if (parts.train || parts.test) return parts;
  const batches = names.filter((name) => /^data_batch_\d+\.bin$/.test(name)).map(below);
  if (batches.length > 0) {
    const test = names.includes('test_batch.bin') ? filesOf([below('test_batch.bin')]) : undefined;
    return { train: filesOf(batches), test };
  }
  if (names.includes('train.bin') && names.includes('test.bin'))
    return { train: filesOf([below('train.bin')]), test: filesOf([below('test.bin')]) };
  // As ImageNet and many others are laid out.
  const has = (name: string): Files | undefined =>
    names.includes(name) ? { kind: 'folder', paths: [below(name)] } : undefined;
  const validation = has('val') ?? has('valid') ?? has('validation');
  const test = has('test');
  const train = has('train');
  if (train && (validation || test)) return { train, validation, test };
  return { train: { kind: 'folder', paths: [folder] } };
}

/**
 * The shape of the images where the files fix it; undefined for folders, whose images are resized.
 *
 * @throws {FormatError} for files of another format
 */
export async function fixedShape(files: Files): Promise<readonly number[] | undefined> {
  if (files.kind === 'folder') return undefined;
  if (files.kind !== 'IDX') return [32, 32, 3];
  const { shape } = await idx(files.paths[0], 'images');
  return imageShape(shape, files.paths[0]);
}

/** @throws {FormatError} for IDX files that hold no images */
function imageShape(shape: readonly number[], path: string): readonly number[] {
  const [, ...image] = shape;
  if (image.length === 2) return [...image, 1];
  if (image.length === 3) return image;
  throw new FormatError(
    `'${path}' holds numbers of shape [${shape.join(', ')}], not images [n, height, width]`,
  );
}

async function idx(path: string, what: string) {
  const bytes = await readFile(path).catch((cause) => {
    throw new ValueError(`the file of the ${what}, '${path}', cannot be read`, { cause });
  });
  try {
    return await readIdx(bytes);
  } catch (cause) {
    throw new FormatError(`'${path}': ${(cause as Error).message}`, { cause });
  }
}

/**
 * Reads one part of a data set.
 *
 * @throws {FormatError} {@link ValueError} for files that are damaged, of another format, or do not fit
 */
export async function readPart(
  files: Files,
  wanted: Wanted,
  terminal: Terminal,
): Promise<LabelledImages> {
  const set = await read(files, wanted, terminal);
  const [, ...shape] = set.shape;
  const expected = [...wanted.size, wanted.channels];
  if (shape.some((side, i) => side !== expected[i])) {
    throw new ValueError(
      `the images of '${files.paths[0]}' are ${shape.join('×')}, but the model takes ${expected.join('×')}: ${files.kind} files are not resized; take a model of that shape`,
    );
  }
  const { labels } = wanted;
  if (!labels) return set;
  const most = set.labels.reduce((most, label) => Math.max(most, label), 0);
  if (labels.length <= most)
    throw new ValueError(`there are ${labels.length} labels, but the classes go up to ${most}`);
  return { ...set, classes: labels };
}

async function read(
  { kind, paths }: Files,
  { size, channels }: Wanted,
  terminal: Terminal,
): Promise<LabelledImages> {
  if (kind === 'folder') return readFolder(paths[0], size, channels, terminal);
  terminal.status(`reading ${paths.join(', ')}`);
  if (kind === 'IDX') return readPair(paths);
  const all = await Promise.all(paths.map((path) => readFile(path)));
  try {
    return kind === 'CIFAR-10' ? parseCifar10(all) : parseCifar100(all);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    const why = cause.message.replace(/^parseCifar\d+: /, '');
    const named = why.replace(/files\[(\d+)\]/, (_, file) => `'${paths[Number(file)]}'`);
    throw new FormatError(named, { cause });
  }
}

async function readFolder(
  folder: string,
  size: readonly [number, number],
  channels: number,
  terminal: Terminal,
): Promise<LabelledImages> {
  if (channels !== 1 && channels !== 3)
    throw new ValueError(`images have 1 or 3 channels, but the model takes ${channels}`);
  let read = 0;
  return readingOf(folder, () =>
    imageFolder(folder, {
      size,
      channels,
      // As `classify` does, so that training and prediction see the same.
      cropToAspectRatio: true,
      decode: (bytes) => {
        terminal.status(`reading images of ${folder}: ${++read}`);
        return decodeImage(bytes);
      },
    }),
  );
}

async function readPair([imagesPath, labelsPath]: readonly string[]): Promise<LabelledImages> {
  const images = await idx(imagesPath, 'images');
  const labels = await idx(labelsPath, 'labels');
  const count = images.shape[0];
  if (labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new FormatError(
      `'${imagesPath}' has ${count} images, but '${labelsPath}' numbers of shape [${labels.shape.join(', ')}]`,
    );
  }
  const most = labels.data.reduce((most, label) => Math.max(most, label), 0);
  return {
    images: images.data,
    shape: [count, ...imageShape(images.shape, imagesPath)],
    labels: Int32Array.from(labels.data),
    classes: Array.from({ length: most + 1 }, (_, k) => `${k}`),
  };
}

/** Class names of a file with a line for each. @throws {ValueError} for a file that cannot be read */
export async function readLabels(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new ValueError(`the labels, '${path}', cannot be read`, { cause });
  });
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}

/** The paths from the root, so that they mean the same in any folder. */
export const absolute = (paths: readonly string[]): string[] => paths.map((path) => resolve(path));

/**
 * A set with the numbers that another's classes have.
 *
 * @throws {ValueError} for classes that the other does not have
 */
export function inClasses(set: LabelledImages, classes: readonly string[]): LabelledImages {
  const map = set.classes.map((name) => classes.indexOf(name));
  const unknown = set.classes.filter((_, k) => map[k] < 0);
  if (unknown.length > 0)
    throw new ValueError(
      `the validation images have classes that the training images lack: ${listed(unknown)}`,
    );
  return { ...set, classes, labels: set.labels.map((label) => map[label]) };
}
