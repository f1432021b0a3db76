// Image files to pixels: our decoders against sharp's and Pillow's, Resize and CenterCrop against Pillow's, PNG files read
// by both, pictures from all kinds of sources.

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeAlone, decodeImage } from '../../src/image/decode.js';
import { formatOf, headerOf, type ImageFormat } from '../../src/image/header.js';
import { type DecodedImage, withChannels } from '../../src/image/resize.js';
import {
  EngineError,
  FormatError,
  io,
  layers,
  NumericError,
  Sequential,
  ShapeError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { rejects } from '../helpers/models.js';
import { hasPython, python, withFolder } from '../helpers/python.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** Bytes from a seed. */
const noise = (count: number, seed: number): Uint8Array =>
  Uint8Array.from(numbers(count, seed), (v) => 127.5 + 127.5 * v);

/** A picture with soft colours, as photographs have them. */
function soft(width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 128 + 60 * Math.sin(x / 3 + (i % 3)) + 60 * Math.cos((y * (1 + (i % 3))) / 7);
  });
}

const image = (data: Uint8Array | Uint16Array, width: number, channels: 1 | 2 | 3 | 4) =>
  sharp(data, { raw: { width, height: data.length / width / channels, channels } });

/** As the package does it where sharp is not installed. */
function alone(bytes: Uint8Array): Promise<DecodedImage> {
  const format = formatOf(bytes) as ImageFormat;
  return decodeAlone(bytes, format, headerOf(bytes, format));
}

function samePixels(actual: DecodedImage, expected: DecodedImage, what: string, atol = 0): void {
  const [a, b] = [actual, expected].map((one) => withChannels(one, 3));
  assert.equal([a.width, a.height], [b.width, b.height], what);
  close(a.data, b.data, { atol }, what);
}

test('PNG of all kinds and sizes, interlaced and not: the pixels that sharp decodes', async () => {
  let count = 0;
  for (const [width, height] of [
    [1, 1],
    [2, 3],
    [5, 4],
    [9, 7],
    [17, 8],
    [33, 20],
  ] as const) {
    for (const channels of [1, 2, 3, 4] as const) {
      const one = image(noise(width * height * channels, channels), width, channels);
      const deep = image(
        Uint16Array.from(numbers(width * height * channels, 5), (v) => 32767.5 * (1 + v)),
        width,
        channels,
      ).toColourspace(channels < 3 ? 'grey16' : 'rgb16');
      for (const progressive of [false, true]) {
        const kinds = [
          one.clone().png({ progressive }),
          one.clone().png({ progressive, compressionLevel: 0, adaptiveFiltering: true }),
          one.clone().png({ progressive, palette: true }),
          one.clone().png({ progressive, palette: true, colours: 3 }),
          one.clone().png({ progressive, palette: true, colours: 2 }),
          deep.clone().png({ progressive }),
        ];
        for (const kind of kinds) {
          const file = await kind.toBuffer();
          const [own, theirs] = [await alone(file), await decodeImage(file)];
          samePixels(own, theirs, `${width}×${height}×${channels}, kind ${count % 6}`);
          count++;
        }
      }
    }
  }
  assert.is(count, 6 * 4 * 2 * 6);
});

test('JPEG and WebP: the pixels that sharp decodes', async () => {
  for (const [width, height] of [
    [1, 1],
    [8, 8],
    [17, 9],
    [50, 33],
  ] as const) {
    const one = image(soft(width, height), width, 3);
    const files = [
      await one.clone().jpeg().toBuffer(),
      await one.clone().jpeg({ quality: 30, progressive: true }).toBuffer(),
      await one.clone().jpeg({ chromaSubsampling: '4:4:4', mozjpeg: true }).toBuffer(),
      await one.clone().toColourspace('b-w').jpeg().toBuffer(),
      await one.clone().webp().toBuffer(),
      await one.clone().webp({ lossless: true }).toBuffer(),
      await one.clone().ensureAlpha(0.5).webp({ lossless: true, exact: true }).toBuffer(),
    ];
    for (const [i, file] of files.entries())
      samePixels(await alone(file), await decodeImage(file), `${width}×${height}, file ${i}`);
  }
});

test('which way is up: all of EXIF’s eight ways, in JPEG, WebP and PNG', async () => {
  const pixels = noise(5 * 3 * 3, 1);
  for (let orientation = 1; orientation <= 8; orientation++) {
    const one = image(pixels, 5, 3).withMetadata({ orientation });
    for (const format of ['jpeg', 'webp', 'png'] as const) {
      const file = await one.clone().toFormat(format, { quality: 100 }).toBuffer();
      const bytes = Uint8Array.from(file);
      assert.is(headerOf(bytes, formatOf(bytes) as ImageFormat).orientation, orientation, format);
      const made = await alone(bytes);
      samePixels(made, await decodeImage(bytes), `${format} ${orientation}`);
      assert.is(made.width, orientation < 5 ? 5 : 3);
    }
  }
});

test('readImage: [height, width, channels] from 0 to 255, alpha dropped, grey by luminance', async () => {
  const pixels = noise(6 * 4 * 3, 2);
  const png = await image(pixels, 6, 3).ensureAlpha(0.25).png().toBuffer();
  const rgb = await io.readImage(png);
  assert.equal([rgb.shape, rgb.dtype, [...rgb.data]], [[4, 6, 3], 'float32', [...pixels]]);
  const grey = await io.readImage(png, { channels: 1 });
  const luma = Array.from({ length: 24 }, (_, i) => {
    const [r, g, b] = pixels.subarray(3 * i);
    return 0.299 * r + 0.587 * g + 0.114 * b;
  });
  assert.equal(grey.shape, [4, 6, 1]);
  close(grey.data, luma, { atol: 0.51 });
  const resized = await io.readImage(png, { resize: [2, 3] });
  assert.equal(resized.shape, [2, 3, 3]);
  const middle = await io.readImage(png, { resize: 4, size: 2 });
  // Nothing is resampled: rows 1 and 2, columns 2 and 3.
  const part = [8, 9, 14, 15].flatMap((i) => [...pixels.subarray(3 * i, 3 * i + 3)]);
  assert.equal([middle.shape, [...middle.data]], [[2, 2, 3], part]);
  for (const one of [rgb, grey, resized, middle]) one.dispose();
});

test('pictures from everywhere: paths, addresses, bytes, blobs, pixels, canvases', () =>
  withFolder(async (folder) => {
    const pixels = noise(3 * 2 * 3, 4);
    const png = await image(pixels, 3, 3).png().toBuffer();
    const path = join(folder, 'a picture.png');
    writeFileSync(path, png);
    const server = createServer(({ url }, response) => {
      response.statusCode = url === '/a.png' ? 200 : 404;
      response.end(url === '/a.png' ? png : '<html>');
    })
      .listen(0)
      .unref();
    const { port } = server.address() as AddressInfo;
    const at = `http://localhost:${port}`;
    const rgba = Uint8ClampedArray.from(
      Array.from({ length: 6 }, (_, i) => [...pixels.subarray(3 * i, 3 * i + 3), 255]).flat(),
    );
    const canvas = {
      width: 3,
      height: 2,
      getContext: () => ({ getImageData: () => ({ data: rgba }) }),
    };
    const sources: io.ImageSource[] = [
      ...[path, pathToFileURL(path), String(pathToFileURL(path))],
      ...[`${at}/a.png`, new URL(`${at}/a.png`), `data:image/png;base64,${png.toString('base64')}`],
      ...[
        png,
        Uint8Array.from(png),
        Uint8Array.from(png).buffer,
        new DataView(Uint8Array.from(png).buffer),
      ],
      ...[new Blob([Uint8Array.from(png)]), { data: rgba, width: 3, height: 2 }, canvas],
    ];
    for (const [i, source] of sources.entries()) {
      const read = await io.readImage(source);
      assert.equal([read.shape, [...read.data]], [[2, 3, 3], [...pixels]], `source ${i}`);
      read.dispose();
    }
    const read = (source: unknown) => () => io.readImage(source as string);
    await rejects(read(join(folder, 'no.png')), ValueError, 'io.readImage', "no.png'", 'no such');
    await rejects(read(folder), ValueError, 'a folder');
    await rejects(read(`${at}/b.png`), EngineError, `${at}/b.png`, '404');
    await rejects(read('http://localhost:1/a.png'), EngineError, 'cannot be loaded');
    writeFileSync(path, png.subarray(0, 60));
    await rejects(read(path), FormatError, 'io.readImage', "a picture.png'");
    server.close();
  }));

test('a picture classified from its file: as from its pixels', () =>
  withFolder(async (folder) => {
    const model = new Sequential(
      [layers.conv2d({ filters: 4, kernelSize: 3 }), layers.flatten(), layers.dense({ units: 3 })],
      { inputShape: [8, 8, 3], seed: 1 },
    );
    model.labels = ['a', 'b', 'c'];
    model.preprocessing = { resize: 10, mean: [0.5, 0.4, 0.3], std: 0.25 };
    assert.is(model.preprocessing.resize, 10);
    const [width, height] = [31, 20];
    const data = soft(width, height);
    const path = join(folder, 'x.png');
    writeFileSync(path, await image(data, width, 3).png().toBuffer());
    const answers = await model.classify(path, { topK: 2 });
    assert.equal(await model.classify({ data, width, height }, { topK: 2 }), answers);
    const framed = await io.readImage(path, { resize: 10, size: 8 });
    const x = framed.data.map((v, i) => (v / 255 - [0.5, 0.4, 0.3][i % 3]) / 0.25);
    const y = model.predict(x);
    const powers = Array.from(y.data, Math.exp);
    const all = powers.reduce((a, b) => a + b);
    assert.is(answers.length, 2);
    for (const { index, label, probability } of answers) {
      assert.is(label, 'abc'[index]);
      close([probability], [powers[index] / all], { atol: 1e-6 });
    }
    for (const one of [model, framed, y]) one.dispose();
  }));

test('writePng: what sharp reads, from tensors and pixels, of one to four channels', async () => {
  for (const [width, height] of [
    [1, 1],
    [3, 5],
    [40, 31],
  ] as const) {
    for (const channels of [1, 2, 3, 4] as const) {
      const data = noise(width * height * channels, channels);
      const file = io.writePng({ data, width, height });
      const { width: wide, height: tall, channels: count } = await sharp(file).metadata();
      assert.equal([wide, tall, count], [width, height, channels]);
      samePixels(await decodeImage(file), { data, width, height, channels }, 'by sharp');
      const tensor = Tensor.from(Float32Array.from(data), [height, width, channels]);
      assert.ok(Buffer.from(io.writePng(tensor)).equals(file), 'a tensor');
      const back = await alone(file);
      assert.equal([...back.data], [...data], 'our own');
      tensor.dispose();
    }
  }
  const rough = Tensor.from([
    [-5, 0.4, 0.6],
    [254.6, 300, 127.2],
  ]);
  const { data } = await alone(io.writePng(rough));
  assert.equal([...data], [0, 0, 1, 255, 255, 127]);
  const soften = soft(200, 150);
  assert.ok(io.writePng({ data: soften, width: 200, height: 150 }).length < 0.6 * soften.length);
  const [flat, none] = [Tensor.zeros([4]), Tensor.zeros([0, 3, 3])];
  const [five, nan] = [Tensor.zeros([2, 2, 5]), Tensor.from([[Number.NaN]])];
  for (const one of [flat, none, five])
    await rejects(() => io.writePng(one), ShapeError, 'io.writePng', '[height, width]');
  await rejects(() => io.writePng(nan), NumericError, 'NaN');
  for (const given of [undefined, 'x', { data: [1], width: 1, height: 1 }])
    await rejects(() => io.writePng(given as never), ValueError, 'io.writePng', 'bytes');
  await rejects(() => io.writePng({ data: soften, width: 7, height: 7 }), ShapeError, '7×7');
  for (const one of [rough, flat, none, five, nan]) one.dispose();
});

test('bad options', async () => {
  const png = await image(noise(12, 1), 2, 3).png().toBuffer();
  const read = (options: object) => () => io.readImage(png, options);
  await rejects(
    read({ channels: 4 }),
    ValueError,
    'io.readImage',
    'channels',
    '1 (grey) or 3 (RGB)',
  );
  await rejects(read({ size: 0 }), ValueError, 'size');
  await rejects(read({ resize: '2' }), ValueError, 'resize');
  await rejects(read({ width: 2 }), ValueError, "'width'", 'resize, size, channels');
  for (const huge of [{ size: 1e5 }, { resize: [1e6, 1e6] }])
    await rejects(read(huge), ValueError, 'pixels', '134217728');
  await rejects(read({ resize: 2, size: [2, 3] }), ShapeError, '2×2', '2×3', 'resize to more');
  for (const source of [undefined, null, 3, {}, [1, 2]])
    await rejects(() => io.readImage(source as never), ValueError, 'io.readImage', 'a picture is');
});

if (hasPython('images against Pillow')) {
  test('Pillow’s files: the pixels that Pillow decodes', () =>
    withFolder(async (folder) => {
      const printed = python(
        folder,
        `
import json, numpy as np
from PIL import Image, ImageOps
rng = np.random.default_rng(1)
files = {}
def save(name, image, **options):
    image.save(name, **options)
    again = ImageOps.exif_transpose(Image.open(name))
    files[name] = [again.width, again.height, again.convert('RGB').tobytes().hex()]
for width, height in [(1, 1), (13, 7), (32, 9)]:
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    soft = np.stack([128 + 90 * np.sin(x / 3 + c) * np.cos(y / 5) for c in range(3)], -1)
    rgb = Image.fromarray(soft.astype('u1'))
    for mode in ['1', 'L', 'P', 'RGB', 'RGBA', 'LA']:
        for kind in ['png', 'bmp']:
            if mode != 'LA' or kind == 'png':
                save(f'{mode}-{width}.{kind}', rgb.convert(mode))
    few = rgb.quantize(4)
    save(f'few-{width}.png', few, bits=2)
    save(f'few-{width}.bmp', few)
    for quality in [95, 40]:
        for options in [dict(), dict(progressive=True), dict(subsampling=0)]:
            save(f'{len(files)}.jpg', rgb, quality=quality, **options)
        save(f'{len(files)}.jpg', rgb.convert('L'), quality=quality)
        save(f'{len(files)}.webp', rgb, quality=quality)
    save(f'{len(files)}.webp', rgb, lossless=True)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(f'turned-{orientation}-{width}.jpg', rgb, exif=exif)
rgb.convert('CMYK').save('cmyk.jpg')
print(json.dumps(files))
`,
      );
      const files = Object.entries(JSON.parse(printed) as Record<string, [number, number, string]>);
      assert.ok(files.length > 80);
      const { readFileSync } = await import('node:fs');
      for (const [name, [width, height, hex]] of files) {
        const expected = { data: Buffer.from(hex, 'hex'), width, height, channels: 3 };
        const bytes = readFileSync(join(folder, name));
        // Pillow's libjpeg-turbo upsamples odd edges by other code.
        samePixels(await alone(bytes), expected, name, name.endsWith('jpg') ? 1 : 0);
      }
      const cmyk = readFileSync(join(folder, 'cmyk.jpg'));
      await rejects(() => alone(cmyk), FormatError, '4 numbers', 'CMYK', 'convert');
    }));

  test('Resize and CenterCrop as Pillow and torchvision do them', () =>
    withFolder(async (folder) => {
      const cases = [
        [40, 31, 16, 14],
        [31, 40, 20, [20, 17]],
        [25, 60, 33, 32],
        [19, 18, [30, 10], [7, 9]],
        [100, 75, 32, null],
      ] as const;
      for (const [i, [width, height]] of cases.entries())
        writeFileSync(
          join(folder, `${i}.png`),
          io.writePng({ data: soft(width, height), width, height }),
        );
      const printed = python(
        folder,
        `
import json
from PIL import Image
out = []
for i, (width, height, resize, size) in enumerate(json.loads('${JSON.stringify(cases)}')):
    image = Image.open(f'{i}.png')
    # torchvision.transforms.functional: _compute_resized_output_size and center_crop.
    if isinstance(resize, int):
        short, long = min(width, height), max(width, height)
        longer = int(resize * long / short)
        resize = [resize, longer] if height <= width else [longer, resize]
    image = image.resize((resize[1], resize[0]), Image.BILINEAR)
    if size is not None:
        tall, wide = [size, size] if isinstance(size, int) else size
        top, left = int(round((resize[0] - tall) / 2.0)), int(round((resize[1] - wide) / 2.0))
        image = image.crop((left, top, left + wide, top + tall))
    out.append([image.height, image.width, image.tobytes().hex()])
print(json.dumps(out))
`,
      );
      const expected = JSON.parse(printed) as [number, number, string][];
      for (const [i, [, , resize, size]] of cases.entries()) {
        const [height, width, hex] = expected[i];
        const read = await io.readImage(join(folder, `${i}.png`), {
          resize,
          ...(size && { size }),
        } as io.ReadImageOptions);
        assert.equal(read.shape, [height, width, 3]);
        // Pillow rounds to bytes between rows and columns too.
        close(read.data, Buffer.from(hex, 'hex'), { atol: 1 }, `case ${i}`);
        read.dispose();
      }
    }));

  test('Pillow reads what writePng writes', () =>
    withFolder((folder) => {
      const data = noise(7 * 5 * 4, 3);
      writeFileSync(join(folder, 'x.png'), io.writePng({ data, width: 7, height: 5 }));
      const code =
        "from PIL import Image\nx = Image.open('x.png')\nx.verify()\nprint(Image.open('x.png').tobytes().hex())";
      assert.is(python(folder, code).trim(), Buffer.from(data).toString('hex'));
    }));
}

test.run();
