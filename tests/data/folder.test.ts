// Folders of images: what becomes of files, sizes and kinds of pixels, against naive resampling, and
// what is said of folders that are not as they should be.

import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { data, EngineError, FormatError, OutOfMemoryError, ValueError } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { rejects } from '../helpers/models.js';
import { resized } from '../helpers/reference/image.js';

// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
const any = (value: unknown): any => value;

/** Lends a directory with the given files. */
async function withFiles(
  files: Record<string, Uint8Array | string>,
  use: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'wasmgrad-images-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, name)), { recursive: true });
      await writeFile(join(directory, name), content);
    }
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const noise = (count: number, seed: number) =>
  Uint8Array.from({ length: count }, (_, i) => ((i + 7) * (i + seed) * 97 + 13 * seed) % 256);

/** Our own format, so that tests say what is in a file: height, width, channels, then the bytes. */
const raw = (height: number, width: number, channels: number, seed = 1) =>
  Uint8Array.from([height, width, channels, ...noise(height * width * channels, seed)]);

const decode: data.Decoder = ([height, width, channels, ...bytes]) => ({
  data: Uint8Array.from(bytes),
  height,
  width,
  channels,
});

test('classes are folders, in order of names; labels and files follow', async () => {
  const files = {
    'dogs/2.png': raw(2, 3, 3, 1),
    'dogs/10.png': raw(2, 3, 3, 2),
    'cats/deep/a.JPG': raw(2, 3, 3, 3),
    'cats/b.jpeg': raw(2, 3, 3, 4),
    'cats/.hidden.png': 'no image',
    'cats/notes.txt': 'no image',
    '.git/x.png': 'no image',
    'README.md': 'no class',
  };
  await withFiles(files, async (directory) => {
    await symlink(join(directory, 'cats'), join(directory, 'birds'));
    const {
      images,
      shape,
      labels,
      classes,
      files: found,
    } = await data.imageFolder(directory, {
      decode,
    });
    assert.equal(classes, ['birds', 'cats', 'dogs']);
    assert.equal(
      found,
      [
        'birds/b.jpeg',
        'birds/deep/a.JPG',
        'cats/b.jpeg',
        'cats/deep/a.JPG',
        'dogs/10.png',
        'dogs/2.png',
      ].map((name) => join(...name.split('/'))),
    );
    assert.equal(labels, Int32Array.of(0, 0, 1, 1, 2, 2));
    assert.equal(shape, [6, 2, 3, 3]);
    assert.equal(
      [...images],
      [4, 3, 4, 3, 2, 1].flatMap((seed) => [...noise(18, seed)]),
    );
  });
});

test('more images than are decoded at once, finishing in any order', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `a/${String(i).padStart(2, '0')}.png`);
  const files = Object.fromEntries(names.map((name, i) => [name, raw(1, 2, 1, i)]));
  await withFiles(files, async (directory) => {
    const late: data.Decoder = async (bytes, name) => {
      await new Promise((resolve) => setTimeout(resolve, (bytes[3] * 7) % 5));
      assert.ok(names.includes(name.replaceAll('\\', '/')), name);
      return decode(bytes, name);
    };
    const { images } = await data.imageFolder(directory, { decode: late, channels: 1 });
    assert.equal(
      [...images],
      names.flatMap((_, i) => [...noise(2, i)]),
    );
  });
});

test('channels: grey from colour, colour from grey, alpha dropped', async () => {
  const grey = (r: number, g: number, b: number) => Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  for (const channels of [1, 2, 3, 4]) {
    await withFiles({ 'a/x.png': raw(2, 2, channels, 5) }, async (directory) => {
      const bytes = noise(4 * channels, 5);
      const pixels = [0, 1, 2, 3].map((i) => [...bytes.subarray(i * channels, (i + 1) * channels)]);
      const colour = pixels.map((p) => (channels < 3 ? [p[0], p[0], p[0]] : p.slice(0, 3)));
      const rgb = await data.imageFolder(directory, { decode });
      assert.equal([...rgb.images], colour.flat(), `${channels} to 3`);
      const one = await data.imageFolder(directory, { decode, channels: 1 });
      const expected = pixels.map((p) => (channels < 3 ? p[0] : grey(p[0], p[1], p[2])));
      assert.equal([...one.images], expected, `${channels} to 1`);
      assert.equal(one.shape, [1, 2, 2, 1]);
    });
  }
});

test('sizes: smaller, larger, both; distorted or cut', async () => {
  const shapes = [
    [9, 6],
    [5, 20],
    [1, 1],
    [4, 5],
  ] as const;
  const files = Object.fromEntries(
    shapes.map(([height, width], i) => [`a/${i}.png`, raw(height, width, 3, i)]),
  );
  await withFiles(files, async (directory) => {
    for (const size of [
      [4, 5],
      [8, 3],
      [1, 1],
      [12, 12],
    ] as const) {
      for (const cropToAspectRatio of [false, true]) {
        const options = { size, cropToAspectRatio, decode };
        const { images, shape } = await data.imageFolder(directory, options);
        assert.equal(shape, [4, ...size, 3]);
        const expected = shapes.flatMap(([height, width], i) => {
          const ratio = size[1] / size[0];
          const wide = cropToAspectRatio ? Math.min(width, height * ratio) : width;
          const tall = cropToAspectRatio ? Math.min(height, width / ratio) : height;
          const part = [(height - tall) / 2, (width - wide) / 2, tall, wide] as const;
          return [...resized(noise(height * width * 3, i), [height, width, 3], size, part)];
        });
        // To the nearest byte.
        close(images, expected, { atol: 0.5 + 1e-9 }, `${size} ${cropToAspectRatio}`);
      }
    }
    const square = await data.imageFolder(directory, { size: 2, decode });
    assert.equal(square.shape, [4, 2, 2, 3]);
  });
});

test('real files, by sharp', async () => {
  const pixels = noise(5 * 4 * 3, 9);
  const image = sharp(pixels, { raw: { width: 4, height: 5, channels: 3 } });
  const deep = sharp(
    Uint16Array.from(noise(20, 3), (v) => 257 * v),
    {
      raw: { width: 4, height: 5, channels: 1 },
    },
  );
  const files = {
    'a/1.png': await image.clone().png().toBuffer(),
    'a/2.webp': await image.clone().webp({ lossless: true }).toBuffer(),
    'a/3.jpg': await image.clone().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
    'b/alpha.png': await image.clone().ensureAlpha(0.5).png().toBuffer(),
    'b/deep.png': await deep.toColourspace('grey16').png().toBuffer(),
    // Turned by a quarter, as a camera notes it.
    'b/turned.png': await image
      .clone()
      .rotate(-90)
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer(),
  };
  await withFiles(files, async (directory) => {
    const { images, shape, labels } = await data.imageFolder(directory);
    assert.equal(shape, [6, 5, 4, 3]);
    assert.equal([...labels], [0, 0, 0, 1, 1, 1]);
    const image = (i: number) => images.subarray(i * 60, (i + 1) * 60);
    for (const i of [0, 1, 3, 5]) assert.equal([...image(i)], [...pixels], `file ${i}`);
    close(image(2), pixels, { atol: 6 }, 'JPEG');
    close(
      image(4),
      [...noise(20, 3)].flatMap((v) => [v, v, v]),
      { atol: 1 },
      '16 bits',
    );
  });
});

test('folders and files that are not as they should be', async () => {
  const good = raw(2, 2, 3);
  const throws: data.Decoder = () => {
    throw new Error('no such format');
  };
  const returns = (image: unknown): data.ImageFolderOptions => ({ decode: any(() => image) });
  const bad: [
    Record<string, Uint8Array | string>,
    data.ImageFolderOptions,
    typeof FormatError | typeof ValueError,
    ...string[],
  ][] = [
    [{ 'x.png': good }, { decode }, FormatError, 'no folders', 'cats'],
    [{ 'a/x.png': good, 'b/x.txt': '' }, { decode }, FormatError, 'no images', 'b'],
    [
      { 'a/x.png': good, 'b/y.png': raw(3, 2, 3) },
      { decode },
      FormatError,
      'y.png',
      '3×2',
      'x.png',
      '2×2',
      'size',
    ],
    [{ 'a/x.png': good }, { decode: throws }, FormatError, 'x.png', 'no such format'],
    [{ 'a/x.png': 'no PNG' }, {}, FormatError, 'x.png', 'cannot be decoded'],
    [{ 'a/x.png': '' }, {}, FormatError, 'x.png'],
    [{ 'a/x.png': good }, returns(undefined), FormatError, 'x.png', 'decode must return'],
    [
      { 'a/x.png': good },
      returns({ data: new Uint8Array(11), width: 2, height: 2, channels: 3 }),
      FormatError,
      'x.png',
      '2×2×3',
      '11 bytes',
    ],
    [
      { 'a/x.png': good },
      returns({ data: new Uint8Array(20), width: 2, height: 2, channels: 5 }),
      FormatError,
      '2×2×5',
    ],
    [
      { 'a/x.png': good },
      returns({ data: new Float32Array(12), width: 2, height: 2, channels: 3 }),
      FormatError,
      'bytes',
    ],
    [
      { 'a/x.png': good },
      returns({ data: new Uint8Array(0), width: 0, height: 2, channels: 3 }),
      FormatError,
      '0×2×3',
    ],
    [{ 'a/x.png': good }, { decode, size: 0 }, ValueError, 'size', '0'],
    [{ 'a/x.png': good }, { decode, size: any([1, 2, 3]) }, ValueError, 'size', '[height, width]'],
    [{ 'a/x.png': good }, { decode, channels: any(4) }, ValueError, 'channels', '4'],
    [
      { 'a/x.png': good },
      { decode, cropToAspectRatio: true },
      ValueError,
      'cropToAspectRatio',
      'size',
    ],
    [{ 'a/x.png': good }, { decode: any('sharp') }, ValueError, 'decode', 'function'],
    [{ 'a/x.png': good }, any({ imageSize: 3 }), ValueError, "'imageSize'", 'size'],
  ];
  for (const [files, options, kind, ...parts] of bad) {
    await withFiles(files, (directory) =>
      rejects(() => data.imageFolder(directory, options), kind, 'imageFolder', ...parts),
    );
  }
  await rejects(() => data.imageFolder('/no/such/place', { decode }), ValueError, '/no/such/place');
  await withFiles({ 'a/x.png': good }, (directory) =>
    rejects(
      () => data.imageFolder(directory, { decode, size: 2 ** 26 }),
      OutOfMemoryError,
      '1 images',
      'GiB',
    ),
  );
});

/** Images of a folder that holds these files and links; `where it lies: where it leads`. */
async function found(
  files: Record<string, Uint8Array | string>,
  links: Record<string, string>,
): Promise<[files: string[], labels: number[], classes: readonly string[]]> {
  let result: [string[], number[], readonly string[]] = [[], [], []];
  await withFiles(files, async (directory) => {
    for (const [path, target] of Object.entries(links))
      await symlink(target, join(directory, path));
    const set = await data.imageFolder(directory, { decode });
    result = [set.files.map((file) => file.replaceAll('\\', '/')), [...set.labels], set.classes];
  });
  return result;
}

const one = raw(1, 1, 3);

test('hidden folders and those of other programs are no samples, at any depth', async () => {
  const files = {
    'a/1.png': one,
    'a/.ipynb_checkpoints/1-checkpoint.png': 'no image',
    'a/deep/.cache/x/y.png': 'no image',
    'a/deep/2.png': one,
    'a/deep/._2.png': 'no image',
    'a/deep/__MACOSX/2.png': 'no image',
    'a/@eaDir/1.png/thumb.jpg': 'no image',
    '__MACOSX/a/1.png': 'no image',
    '.ipynb_checkpoints/1.png': 'no image',
    // Folders may have any name.
    'b/set.png/3.png': one,
  };
  assert.equal(await found(files, {}), [
    ['a/1.png', 'a/deep/2.png', 'b/set.png/3.png'],
    [0, 0, 1],
    ['a', 'b'],
  ]);
});

test('links: in circles they add nothing, a folder counts once, and files may be links', async () => {
  const [files] = await found({ 'a/1.png': one }, { 'a/self': '.', 'a/2.png': '1.png' });
  assert.equal(files, ['a/1.png', 'a/2.png']);
  // Two ways to each folder, at forty levels: 2⁴⁰ paths, and a circle from the last to the first.
  const deep: Record<string, Uint8Array> = {};
  const links: Record<string, string> = {};
  let path = 'a';
  for (let level = 0; level < 40; level++) {
    deep[`${path}/${level}.png`] = one;
    links[`${path}/again`] = 'next';
    path += '/next';
  }
  deep[`${path}/last.png`] = one;
  links[`${path}/first`] = `${'../'.repeat(40)}../a`;
  const [all] = await found(deep, links);
  assert.is(all.length, 41);
  assert.not.match(all.join(), 'again');
  // The same images for two classes are asked for.
  const [, labels, classes] = await found({ 'a/1.png': one, 'b/1.png': one }, { 'b/more': '../a' });
  assert.equal(
    [labels, classes],
    [
      [0, 1, 1],
      ['a', 'b'],
    ],
  );
});

test('links that lead nowhere, or to what holds the classes', async () => {
  const bad: [Record<string, string>, ...string[]][] = [
    [{ 'a/2.png': 'missing.png' }, join('a', '2.png'), 'leads nowhere'],
    [{ 'a/deep': '/no/such/place' }, join('a', 'deep'), 'leads nowhere'],
    [{ b: 'missing' }, "'b'", 'leads nowhere'],
    [{ 'a/2.png': '2.png' }, join('a', '2.png'), 'leads back to itself'],
    // Its images would be of other classes.
    [{ 'a/up': '..' }, join('a', 'up'), 'holds all classes'],
    [{ b: '.' }, "'b'", 'holds all classes'],
    [{ 'a/top': '/' }, join('a', 'top'), 'holds all classes'],
  ];
  for (const [links, ...parts] of bad)
    await rejects(() => found({ 'a/1.png': one }, links), FormatError, 'imageFolder', ...parts);
});

/** A grey TIFF of 2 × 1 pixels (TIFF 6.0): a header, its directory of twelve bytes an entry, the pixels. */
function tiff(bits: number, format: number, pixels: Uint8Array): Buffer {
  const tags = [
    [256, 2],
    [257, 1],
    [258, bits],
    [259, 1],
    [262, 1],
    [273, 8 + 2 + 12 * 10 + 4],
    [277, 1],
    [278, 1],
    [279, pixels.length],
    [339, format],
  ];
  const entries = tags.flatMap(([tag, value]) => [
    tag & 255,
    tag >> 8,
    4,
    0,
    1,
    0,
    0,
    0,
    value & 255,
    value >> 8,
    0,
    0,
  ]);
  return Buffer.from([
    0x49,
    0x49,
    42,
    0,
    8,
    0,
    0,
    0,
    tags.length,
    0,
    ...entries,
    0,
    0,
    0,
    0,
    ...pixels,
  ]);
}

test('pixels that are no bytes: sixteen bits are scaled, others refused', async () => {
  const numbers = (array: Float32Array | Uint32Array | Uint16Array) => new Uint8Array(array.buffer);
  await withFiles(
    { 'a/x.tif': tiff(16, 1, numbers(Uint16Array.of(65535, 257))) },
    async (directory) => {
      const { images } = await data.imageFolder(directory, { channels: 1 });
      close(images, [255, 1], { atol: 1 }, 'sixteen bits');
    },
  );
  const refused: [Buffer, string][] = [
    [tiff(32, 3, numbers(Float32Array.of(0.5, 1))), 'float'],
    [tiff(32, 1, numbers(Uint32Array.of(1, 2 ** 32 - 1))), 'uint'],
  ];
  for (const [file, kind] of refused) {
    await withFiles({ 'a/x.tif': file }, (directory) =>
      rejects(
        () => data.imageFolder(directory),
        FormatError,
        'x.tif',
        `type ${kind}`,
        'PNG',
        'decode',
      ),
    );
  }
});

test('images that are not read: the way out', async () => {
  const files = {
    'x.ppm': 'P6\n1 1\n255\nabc',
    'x.png': 'no PNG',
  };
  for (const [name, content] of Object.entries(files)) {
    await withFiles({ [`a/${name}`]: content }, (directory) =>
      rejects(() => data.imageFolder(directory), FormatError, name, 'sharp', 'PNG', '{ decode:'),
    );
  }
  await withFiles({ 'a/x.heic': one }, (directory) =>
    rejects(() => data.imageFolder(directory), FormatError, 'no images', "a'", 'png, jpg'),
  );
});

test('without sharp: PNG, JPEG, WebP and BMP are read, of others the error names it', async () => {
  const code = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(\`
      export async function resolve(name, context, next) {
        if (name === 'sharp') throw new Error('not installed');
        return next(name, context);
      }\`));
    import { imageFolder } from './src/data/folder.ts';
    for (const given of JSON.parse(process.argv[1]))
      await imageFolder(...given).then(
        ({ shape, images }) => console.log(String(shape), images.slice(-3).join()),
        ({ message }) => console.log(message),
      );`;
  const pixel = sharp(Uint8Array.of(9, 90, 200), { raw: { width: 1, height: 1, channels: 3 } });
  // A header of 54 bytes, and a pixel of 24 bits.
  const bmp = Buffer.alloc(58);
  bmp.write('BM');
  [54, 40, 1, 1, 1 + (24 << 16)].forEach((value, i) => {
    bmp.writeUInt32LE(value, 10 + 4 * i);
  });
  bmp.set([200, 90, 9], 54);
  const files = {
    'good/a/1.bmp': bmp,
    'good/a/2.jpg': await pixel.clone().jpeg({ quality: 100 }).toBuffer(),
    'good/a/3.webp': await pixel.clone().webp({ lossless: true }).toBuffer(),
    'good/a/4.png': await pixel.clone().png().toBuffer(),
    'gif/a/x.gif': await pixel.clone().gif().toBuffer(),
    'none/y.txt': 'none',
  };
  await withFiles(files, async (directory) => {
    const calls = [
      [`${directory}/good`],
      [`${directory}/gif`],
      ['/nope'],
      [`${directory}/none`],
      [`${directory}/good`, { channels: 2 }],
    ];
    const args = ['--import', 'tsx', '--input-type=module', '--eval', code, JSON.stringify(calls)];
    const cwd = new URL('../..', import.meta.url);
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, timeout: 180_000 });
    const said = String(stdout).trim().split('\n');
    assert.is(said.length, calls.length, String(stderr));
    const parts = [
      '4,1,1,3 9,90,200',
      'npm install sharp',
      'is no directory',
      'no folders',
      'channels',
    ];
    parts.forEach((part, i) => {
      assert.match(said[i], part);
    });
  });
});

test('in a browser', async () => {
  const { imageFolder } = await import('../../src/data/folder.browser.js');
  await rejects(() => imageFolder('x'), EngineError, 'Node', 'browser');
});

test.run();
