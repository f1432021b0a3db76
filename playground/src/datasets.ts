// The data sets: what they are called, and how a worker gets them. The files are IDX, as MNIST's own are.

import { normalize, readIdx } from 'wasmgrad/data';

export interface Dataset {
  readonly title: string;
  readonly classes: readonly string[];
  /** Mean and deviation of the training pixels, from 0 to 1. */
  readonly normalization: { readonly mean: number; readonly std: number };
}

export const datasets = {
  mnist: {
    title: 'MNIST digits',
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    normalization: { mean: 0.1307, std: 0.3081 },
  },
  fashion: {
    title: 'Fashion-MNIST',
    classes: [
      't-shirt',
      'trouser',
      'pullover',
      'dress',
      'coat',
      'sandal',
      'shirt',
      'sneaker',
      'bag',
      'ankle boot',
    ],
    normalization: { mean: 0.286, std: 0.353 },
  },
} as const satisfies Record<string, Dataset>;

export type DatasetName = keyof typeof datasets;

/** Height and width of all images here. */
export const SIDE = 28;
export const PIXELS = SIDE * SIDE;

/** Images as bytes and as numbers to train on, with their classes. */
interface Part {
  readonly pixels: Uint8Array;
  readonly x: Float32Array;
  readonly y: Int32Array;
}

export interface LoadedData {
  readonly name: DatasetName;
  readonly train: Part;
  readonly test: Part;
}

async function read(file: string, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(new URL(`./data/${file}.gz`, import.meta.url), { signal }).catch(
    () => {
      throw new Error(
        `data/${file}.gz could not be fetched. Check the connection, and choose the images again.`,
      );
    },
  );
  if (!response.ok)
    throw new Error(
      `data/${file}.gz could not be loaded (${response.status}): serve the whole folder that \`npm run playground -- --build\` made.`,
    );
  return (await readIdx(new Uint8Array(await response.arrayBuffer()))).data;
}

let loading: AbortController | undefined;

/** Loads images; those that are still being loaded are not wanted any more, and fail. */
export async function loadDataset(name: DatasetName): Promise<LoadedData> {
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  const part = async (which: 'train' | 'test'): Promise<Part> => {
    const [pixels, labels] = await Promise.all(
      ['images', 'labels'].map((what) => read(`${name}-${which}-${what}.idx`, signal)),
    );
    const x = normalize(pixels, datasets[name].normalization);
    return { pixels, x, y: Int32Array.from(labels) };
  };
  const [train, test] = await Promise.all([part('train'), part('test')]);
  // Read to the end, they are still not wanted.
  signal.throwIfAborted();
  return { name, train, test };
}
