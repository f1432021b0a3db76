// Files of images: IDX, gzipped too, and CIFAR's records; what is said of broken ones. Normalization.

import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { data, FormatError, ShapeError, ValueError } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { rejects } from '../helpers/models.js';

// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
const any = (value: unknown): any => value;

const text = (content: string) => new TextEncoder().encode(content);

const bytes = (count: number, seed = 1) =>
  Uint8Array.from({ length: count }, (_, i) => (i * 37 + i ** 2 * seed) % 256);

/** An IDX file. */
const idx = (shape: number[], body: Uint8Array) =>
  Uint8Array.from([
    0,
    0,
    8,
    shape.length,
    ...shape.flatMap((n) => [0, 0, n >> 8, n & 255]),
    ...body,
  ]);

test('IDX: shape and numbers, gzipped or not', async () => {
  const shape = [3, 5, 300];
  const body = bytes(4500);
  const file = idx(shape, body);
  for (const read of [data.parseIdx(file), await data.readIdx(file)]) {
    assert.equal(read.shape, shape);
    assert.equal(read.data, body);
  }
  const unpacked = await data.readIdx(gzipSync(file));
  assert.equal(unpacked.shape, shape);
  assert.equal([...unpacked.data], [...body]);
  // As a view into a larger file.
  const larger = new Uint8Array([9, 9, ...gzipSync(idx([2], bytes(2))), 9]);
  assert.equal([...(await data.readIdx(larger.subarray(2, -1))).data], [...bytes(2)]);
});

test('IDX: what is broken', async () => {
  const file = idx([2, 3], bytes(6));
  const zipped = gzipSync(idx([100], bytes(100)));
  const damaged = Uint8Array.from(zipped, (byte, i) => (i === 30 ? byte ^ 255 : byte));
  const bad: [Uint8Array, ...string[]][] = [
    [file.subarray(0, -1), '6 numbers', '[2, 3]', '5 found'],
    [Uint8Array.from([...file, 0]), '7 found'],
    [file.subarray(0, 9), 'header'],
    [file.subarray(0, 3), 'not an IDX file', '00 00 08'],
    [any('file'), 'Uint8Array', 'readFile'],
    // What it is instead.
    [new Uint8Array(0), 'not an IDX file', 'empty'],
    [Uint8Array.from([0, 0, 13, 1, 0, 0, 0, 0]), 'float32', 'unsigned bytes'],
    [Uint8Array.from([0, 0, 7, 1, 0, 0, 0, 0]), 'begins with 00 00 07 01'],
    [bytes(20), 'not an IDX file', 'begins with 00 26 4e'],
    [text('not found'), "begins with 'not found'"],
    [text('<!DOCTYPE html><title>404</title>'), 'HTML', 'address'],
    [text('PK\x03\x04'), 'zip', 'unpack'],
    [text('version https://git-lfs.github.com/spec/v1'), 'git lfs pull'],
  ];
  for (const [content, ...parts] of bad) {
    await rejects(() => data.parseIdx(content), FormatError, ...parts);
    await rejects(() => data.readIdx(content), FormatError, ...parts);
  }
  await rejects(() => data.parseIdx(zipped), FormatError, 'gzip', 'readIdx');
  for (const broken of [zipped.subarray(0, -1), zipped.subarray(0, 20), damaged])
    await rejects(() => data.readIdx(broken), FormatError, 'gzip', 'broken');
  await rejects(() => data.readIdx(gzipSync(bytes(50))), FormatError, 'not an IDX file');
  await rejects(() => data.readIdx(gzipSync(zipped)), FormatError, 'not an IDX file', 'gzip');
  await rejects(() => data.readIdx(gzipSync('')), FormatError, 'empty');
  for (const length of [2, 9])
    await rejects(() => data.readIdx(gzipSync(file.subarray(0, length))), FormatError);
});

/** `size` bytes of zeros after the given ones, gzipped. The end is broken: who unpacks all of it finds that out. */
function bomb(head: number[], size: number): Uint8Array {
  const all = Buffer.concat([Uint8Array.from(head), Buffer.alloc(size)]);
  const packed = gzipSync(all, { level: 1 });
  packed.subarray(-8).fill(0xff);
  return packed;
}

test('gzip: no more is unpacked than the header announces, and nothing of what is no IDX file', async () => {
  const size = 2 ** 25;
  const bombs: [Uint8Array, ...string[]][] = [
    [bomb([], size), 'not an IDX file', 'begins with 00 00 00'],
    [bomb([0, 0, 8, 1, 0, 0, 0, 9], size), '9 numbers', 'more found'],
    // 2³² − 1 squared, in a few bytes.
    [bomb([0, 0, 8, 2, ...new Array(8).fill(255)], size), 'cannot hold so many'],
    [bomb([0, 0, 8, 255, ...new Array(1020).fill(255)], size), 'Infinity numbers'],
  ];
  for (const [file, ...parts] of bombs) {
    await rejects(() => data.readIdx(file), FormatError, 'readIdx', ...parts);
    await rejects(() => data.readIdx(file.slice(0, -9)), FormatError, 'readIdx', ...parts);
  }
  const short = gzipSync(Uint8Array.from([0, 0, 8, 1, 0, 0, 1, 0, ...bytes(200)]));
  await rejects(() => data.readIdx(short), FormatError, '256 numbers', '200 found');
});

test('bytes as they come: buffers, and views of all kinds', async () => {
  const file = idx([2, 3], bytes(6));
  const forms = [
    file.buffer,
    new DataView(file.buffer),
    new Uint8ClampedArray(file),
    Buffer.from(file),
  ];
  for (const form of forms) {
    assert.equal([...data.parseIdx(form).data], [...bytes(6)]);
    assert.equal([...(await data.readIdx(form)).data], [...bytes(6)]);
  }
  // Of another realm, as of a frame.
  const elsewhere = runInNewContext('new ArrayBuffer(size)', { size: file.length });
  new Uint8Array(elsewhere).set(file);
  assert.equal([...data.parseIdx(elsewhere).data], [...bytes(6)]);
  const zipped = gzipSync(file);
  const whole = Uint8Array.from(zipped).buffer;
  assert.equal([...(await data.readIdx(whole)).data], [...bytes(6)]);
  const cifar = records([[3]]);
  assert.equal(data.parseCifar10(cifar.buffer).images, data.parseCifar10(cifar).images);
  assert.equal(data.parseCifar10([cifar.buffer, cifar]).shape, [2, 32, 32, 3]);
});

/** CIFAR records: labels, then each channel's plane. */
function records(labels: number[][]): Uint8Array {
  return Uint8Array.from(labels.flatMap((own, i) => [...own, ...bytes(3072, i + 1)]));
}

/** The pixels of record i, channel after channel, in NHWC. */
function pixels(i: number): number[] {
  const planes = bytes(3072, i + 1);
  return Array.from({ length: 3072 }, (_, at) => planes[(at % 3) * 1024 + Math.floor(at / 3)]);
}

test('CIFAR-10: several files are one set, channels last', () => {
  const file = records([[3], [9], [0]]);
  const { images, shape, labels, classes } = data.parseCifar10([file, records([[1]])]);
  assert.equal(shape, [4, 32, 32, 3]);
  assert.equal([...labels], [3, 9, 0, 1]);
  assert.instance(labels, Int32Array);
  assert.equal([...images], [0, 1, 2, 0].flatMap(pixels));
  assert.equal([classes.length, classes[0], classes[9]], [10, 'airplane', 'truck']);
  const single = data.parseCifar10(file);
  assert.equal(single.images, images.subarray(0, 3 * 3072));
});

test('CIFAR-100: coarse and fine labels', () => {
  const { images, shape, labels, classes, coarseLabels, coarseClasses } = data.parseCifar100(
    records([
      [19, 99],
      [0, 4],
    ]),
  );
  assert.equal(shape, [2, 32, 32, 3]);
  assert.equal([...labels], [99, 4]);
  assert.equal([...coarseLabels], [19, 0]);
  assert.equal([...images], [0, 1].flatMap(pixels));
  assert.equal([classes.length, classes[4], classes[99]], [100, 'beaver', 'worm']);
  assert.equal([coarseClasses.length, coarseClasses[0]], [20, 'aquatic_mammals']);
});

test('CIFAR: what is broken', async () => {
  const one = records([[1]]);
  const bad: [() => unknown, ...string[]][] = [
    [() => data.parseCifar10([one, one.subarray(1)]), 'files[1]', '3072 bytes', '3073'],
    [() => data.parseCifar10(new Uint8Array(0)), 'files[0]', '0 bytes'],
    [() => data.parseCifar10([]), 'no files'],
    [() => data.parseCifar10([one, records([[2], [10]])]), 'record 1', 'files[1]', '10', '0 to 9'],
    [() => data.parseCifar10(gzipSync('')), 'files[0]', 'gzip', 'unpack'],
    [() => data.parseCifar10(text('<html>')), 'HTML'],
    [() => data.parseCifar10(any('file')), 'Uint8Array'],
    [() => data.parseCifar10([one, any(null)]), 'files[1]', 'Uint8Array'],
    [() => data.parseCifar100(one), 'parseCifar100', '3073 bytes', '3074'],
    [() => data.parseCifar100(records([[20, 0]])), 'record 0', '20', '0 to 19'],
    [() => data.parseCifar100(records([[0, 100]])), 'record 0', '100', '0 to 99'],
  ];
  for (const [call, ...parts] of bad) await rejects(call, FormatError, ...parts);
});

test('normalize: (pixel · scale − mean) / std, by channel', () => {
  const images = bytes(24);
  const plain = data.normalize(images);
  assert.instance(plain, Float32Array);
  assert.equal(
    plain,
    Float32Array.from(images, (v) => v * (1 / 255)),
  );
  const mean = [0.1, 0.2, 0.3];
  const std = [1, 0.5, 0.25];
  assert.equal(
    data.normalize(images, { mean, std }),
    Float32Array.from(images, (v, i) => (v * (1 / 255) - mean[i % 3]) / std[i % 3]),
  );
  assert.equal(
    data.normalize(Float32Array.of(1, 2, 3, 4), { mean: 1, std: [2, 4], scale: 2 }),
    Float32Array.of(0.5, 0.75, 2.5, 1.75),
  );
  assert.equal(data.normalize(new Uint8Array(0)).length, 0);
});

test('normalize: options that make no sense', async () => {
  const x = bytes(6);
  const bad: [() => unknown, typeof ValueError | typeof ShapeError, ...string[]][] = [
    [() => data.normalize(any([1, 2])), ValueError, 'Uint8Array', 'Array'],
    [() => data.normalize(any(null)), ValueError, 'null'],
    [() => data.normalize(x, any({ deviation: 1 })), ValueError, "'deviation'", 'std'],
    [() => data.normalize(x, { mean: [0, 0], std: [1, 1, 1] }), ValueError, 'mean', '3', '[0, 0]'],
    [() => data.normalize(x, { mean: [] }), ValueError, 'mean', '[]'],
    [() => data.normalize(x, { mean: Number.NaN }), ValueError, 'mean'],
    [() => data.normalize(x, { mean: any('0') }), ValueError, 'mean', "'0'"],
    [() => data.normalize(x, { std: 0 }), ValueError, 'std', '0'],
    [() => data.normalize(x, { std: [1, -1] }), ValueError, 'std', '-1'],
    [() => data.normalize(x, { std: Number.POSITIVE_INFINITY }), ValueError, 'std'],
    [() => data.normalize(x, { scale: 0 }), ValueError, 'scale', '0'],
    [() => data.normalize(x, { scale: Number.NaN }), ValueError, 'scale'],
    [() => data.normalize(x, { mean: [0, 0, 0, 0] }), ShapeError, '6 pixels', '4 channels'],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
});

test('normalize: what was normalized is not divided again, and means are those of scaled pixels', async () => {
  const pixels = bytes(300);
  const once = data.normalize(pixels, { mean: 0.5, std: 0.25 });
  const floats = ['Float32Array', 'scale: 1 }', 'scale: 1 / 255 }'];
  await rejects(() => data.normalize(once), ValueError, ...floats);
  await rejects(() => data.normalize(once, { mean: 0.5 }), ValueError, ...floats);
  assert.equal(data.normalize(once, { scale: 1 }), once);
  assert.equal(
    data.normalize(Float32Array.from(pixels), { mean: 0.5, std: 0.25, scale: 1 / 255 }),
    once,
  );
  // ImageNet's numbers in bytes, as Caffe and older Keras have them.
  const caffe = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] };
  await rejects(
    () => data.normalize(pixels, caffe),
    ValueError,
    'mean',
    '123.675',
    '0.485',
    'scale: 1',
  );
  await rejects(
    () => data.normalize(pixels, { std: 255 }),
    ValueError,
    'std',
    'from 0 to 1',
    'scale',
  );
  await rejects(() => data.normalize(pixels, { mean: -0.5 }), ValueError, 'mean', '-0.5');
  const rgb = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  close(data.normalize(pixels, { ...caffe, scale: 1 }), data.normalize(pixels, rgb), {
    atol: 1e-5,
  });
  // From −1 to 1, and inverted: the ends of the range are means too.
  assert.equal([...data.normalize(Uint8Array.of(0, 255), { scale: 2 / 255, mean: 1 })], [-1, 1]);
  assert.equal([...data.normalize(Uint8Array.of(0, 255), { scale: -1 / 255, mean: -1 })], [1, 0]);
  // The same on the way to training.
  const set = (images: data.Pixels, normalize: data.NormalizeOptions) => () =>
    new data.Augmenter(images, [10, 10, 3], data.augment({ normalize }), { worker: false }).close();
  await rejects(set(once, { mean: 0.5 }), ValueError, 'Float32Array', 'scale: 1');
  await rejects(set(pixels, caffe), ValueError, 'normalize', '123.675');
  set(pixels, rgb)();
  set(once, { scale: 1 })();
});

test.run();
