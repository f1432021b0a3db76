// Reads folders of images with one sub-folder per class, as torchvision and Keras do. In Node, Deno and Bun only.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, OutOfMemoryError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { namingAsync } from '../base/namingasync.js';
import { any, callable, checkOptions, checkValue, flag, text } from '../base/options.js';
import { pairOf } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { Decoder, ImageFolder, ImageFolderOptions } from './imagefolder.js';
import { listImages } from './listing.js';
import { centreCrop, type DecodedImage, resize, withChannels } from './resize.js';
import { sharpDecoder } from './sharp.js';

const where = 'data.imageFolder';
const words = { size: any, cropToAspectRatio: flag, channels: any, decode: callable };

/** Images that are decoded at the same time. */
const AT_ONCE = 16;

/** See `imageFolder` of index.ts. */
export async function imageFolder(
  directory: string,
  options: ImageFolderOptions = {},
): Promise<ImageFolder> {
  const { size, cropToAspectRatio = false, channels = 3 } = checkOptions(where, options, words);
  naming(where, () => checkValue('directory', directory, text));
  checkValues(options, channels);
  const wanted = size === undefined ? undefined : naming(where, () => pairOf('size', size));
  const { classes, files, labels } = await namingAsync(where, () => listImages(directory));
  const { decode = await sharpDecoder(where) } = options;
  const load = async (file: string) =>
    withChannels(await decodeFile(join(directory, file), file, decode), channels);

  const [height, width] = wanted ?? sidesOf(await load(files[0]));
  const bytes = height * width * channels;
  const images = allocate(files.length, bytes);
  const place = async (file: string, index: number) => {
    const image = await load(file);
    const to = images.subarray(index * bytes, (index + 1) * bytes);
    const [tall, wide] = sidesOf(image);
    if (tall === height && wide === width) to.set(image.data);
    else if (wanted) {
      const ratio = cropToAspectRatio ? [height, width] : [tall, wide];
      resize(to, image, [height, width], centreCrop(image, ratio));
    } else {
      throw new FormatError(
        `${where}: '${file}' is ${tall}×${wide}, but '${files[0]}' is ${height}×${width}: give the size that all shall have, as in { size: [${height}, ${width}] }`,
      );
    }
  };
  for (let first = 0; first < files.length; first += AT_ONCE) {
    const some = files.slice(first, first + AT_ONCE);
    await Promise.all(some.map((file, i) => place(file, first + i)));
  }
  return { images, shape: [files.length, height, width, channels], labels, classes, files };
}

const sidesOf = ({ height, width }: DecodedImage): [number, number] => [height, width];

function checkValues({ size, cropToAspectRatio }: ImageFolderOptions, channels: number): void {
  if (channels !== 1 && channels !== 3) {
    throw new ValueError(`${where}: channels must be 1 (grey) or 3 (RGB), not ${shown(channels)}`);
  }
  if (cropToAspectRatio && size === undefined) {
    throw new ValueError(`${where}: cropToAspectRatio takes a size: { size: [height, width] }`);
  }
}

async function decodeFile(path: string, name: string, decode: Decoder): Promise<DecodedImage> {
  let image: DecodedImage;
  try {
    image = await decode(await readFile(path), name);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${where}: '${name}' cannot be decoded (${why})`, { cause });
  }
  const { data, width, height, channels } = Object(image) as DecodedImage;
  const isBytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray;
  const isWhole = [width, height, channels].every((side) => Number.isInteger(side) && side > 0);
  if (isBytes && isWhole && channels <= 4 && data.length === width * height * channels)
    return image;
  throw new FormatError(
    `${where}: decode must return { data, width, height, channels }, 1 to 4 channels and as many bytes of data as these multiply to; for '${name}' it returned ${width}×${height}×${channels} and ${data?.length} bytes`,
  );
}

function allocate(count: number, bytes: number): Uint8Array {
  try {
    return new Uint8Array(count * bytes);
  } catch (cause) {
    const size = ((count * bytes) / 2 ** 30).toFixed(1);
    throw new OutOfMemoryError(
      `${where}: there is no memory for ${count} images of ${bytes} bytes, ${size} GiB: take a smaller size, or read batch by batch in a generator`,
      { cause },
    );
  }
}
