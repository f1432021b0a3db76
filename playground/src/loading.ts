// How a worker gets the images. The files are IDX, as MNIST's own are.

import { normalize, readIdx } from 'wasmgrad/data';
import { type DatasetName, datasets } from './datasets.js';

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
  const response = await fetch(new URL(`../data/${file}.gz`, import.meta.url), { signal }).catch(
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
