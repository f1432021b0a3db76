// The binary versions of CIFAR-10 and CIFAR-100 (cs.toronto.edu/~kriz/cifar.html): records of labels,
// one byte each, and 3072 bytes of 32×32 pixels, all red ones, all green ones, all blue ones.

import { FormatError } from '../base/errors.js';
import { type Bytes, bytesOf } from '../base/filebytes.js';
import { beginning, fileKind } from '../base/filekind.js';
import { about, naming } from '../base/naming.js';
import type { Shape } from '../base/shape.js';
import type { LabelledImages } from './pixels.js';

/** CIFAR-100: `labels` are the 100 classes; each coarse class has 5 of them. */
export interface CoarseLabelledImages extends LabelledImages {
  readonly coarseLabels: Int32Array;
  readonly coarseClasses: readonly string[];
}

const SIDE = 32;
const PIXELS = SIDE * SIDE;
const CHANNELS = 3;

/**
 * Reads CIFAR-10: `data_batch_1.bin` to `data_batch_5.bin`, or `test_batch.bin`, as one set.
 *
 * @throws {FormatError} for files that are not a whole number of records, and labels out of range
 */
export function parseCifar10(files: Bytes | readonly Bytes[]): LabelledImages {
  const { labels, ...set } = naming('parseCifar10', () => readRecords(files, [cifar10Classes]));
  return { ...set, labels: labels[0], classes: cifar10Classes };
}

/**
 * Reads CIFAR-100: `train.bin` or `test.bin`.
 *
 * @throws {FormatError} for files that are not a whole number of records, and labels out of range
 */
export function parseCifar100(files: Bytes | readonly Bytes[]): CoarseLabelledImages {
  const names = [cifar100CoarseClasses, cifar100Classes];
  const { labels, ...set } = naming('parseCifar100', () => readRecords(files, names));
  const coarse = { coarseLabels: labels[0], coarseClasses: cifar100CoarseClasses };
  return { ...set, labels: labels[1], classes: cifar100Classes, ...coarse };
}

/** @param classes the class names of each label that a record begins with */
function readRecords(
  given: Bytes | readonly Bytes[],
  classes: readonly (readonly string[])[],
): { images: Uint8Array; shape: Shape; labels: Int32Array[] } {
  const list = (Array.isArray(given) ? given : [given]) as readonly Bytes[];
  const files = list.map((file, i) => about(`files[${i}]`, () => bytesOf(file)));
  const size = classes.length + CHANNELS * PIXELS;
  const counts = files.map((bytes, file) => countRecords(bytes, file, size));
  const count = counts.reduce((sum, records) => sum + records, 0);
  if (count === 0) throw new FormatError(`there are no images in no files`);
  const images = new Uint8Array(count * CHANNELS * PIXELS);
  const labels = classes.map(() => new Int32Array(count));
  let image = 0;
  files.forEach((bytes, file) => {
    for (let record = 0; record < counts[file]; record++, image++) {
      const start = record * size;
      classes.forEach((names, kind) => {
        const label = bytes[start + kind];
        if (label >= names.length) {
          throw new FormatError(
            `record ${record} of files[${file}] has label ${label}, which is not from 0 to ${names.length - 1}: is this the binary version?`,
          );
        }
        labels[kind][image] = label;
      });
      interleave(images, image * CHANNELS * PIXELS, bytes, start + classes.length);
    }
  });
  return { images, shape: [count, SIDE, SIDE, CHANNELS], labels };
}

function countRecords(bytes: Uint8Array, file: number, size: number): number {
  if (bytes.length > 0 && bytes.length % size === 0) return bytes.length / size;
  const kind = fileKind(bytes);
  const what = kind
    ? `it is ${kind.what}: ${kind.wayOut}`
    : `it begins with ${beginning(bytes)}: is this the binary version, and whole?`;
  throw new FormatError(
    `files[${file}] has ${bytes.length} bytes, which is no whole number of records of ${size}; ${what}`,
  );
}

/** Reorders one image from [channels, height, width] to [height, width, channels]. */
function interleave(to: Uint8Array, at: number, from: Uint8Array, start: number): void {
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    for (let channel = 0; channel < CHANNELS; channel++) {
      to[at + pixel * CHANNELS + channel] = from[start + channel * PIXELS + pixel];
    }
  }
}

const list = (names: string): readonly string[] => Object.freeze(names.trim().split(/\s+/));

const cifar10Classes = list('airplane automobile bird cat deer dog frog horse ship truck');

const cifar100CoarseClasses = list(`
  aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices
  household_furniture insects large_carnivores large_man-made_outdoor_things
  large_natural_outdoor_scenes large_omnivores_and_herbivores medium_mammals
  non-insect_invertebrates people reptiles small_mammals trees vehicles_1 vehicles_2`);

const cifar100Classes = list(`
  apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
  camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup
  dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower
  leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid
  otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray
  road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
  sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
  wardrobe whale willow_tree wolf woman worm`);
