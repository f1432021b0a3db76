// Decodes JPEG images by libjpeg-turbo's kernel from the package @cwasm/jpeg-turbo, in Node, Deno and Bun. Its own
// JavaScript keeps one instance for ever, whose stack is not cleaned after an error: here each image has its own.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { FormatError } from '../base/errors.js';
import type { ImageHeader } from './header.js';
import type { DecodedImage } from './resize.js';

/** TurboJPEG's functions (libjpeg-turbo's turbojpeg.h). */
interface TurboJpeg {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  tjInitDecompress(): number;
  tjDecompressHeader3(
    handle: number,
    file: number,
    size: number,
    ...results: [width: number, height: number, subsampling: number, colours: number]
  ): number;
  tjDecompress2(
    handle: number,
    file: number,
    size: number,
    to: number,
    ...layout: [width: number, pitch: number, height: number, pixelFormat: number, flags: number]
  ): number;
}

const PIXEL_FORMAT = { RGB: 0, GREY: 6 };

let compiled: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const path = createRequire(import.meta.url).resolve('@cwasm/jpeg-turbo/jpeg-turbo.wasm');
  return WebAssembly.compile(await readFile(path));
}

function fail(): never {
  throw new FormatError('its data are damaged, or cut off');
}

/** What the kernel would ask of a system: only after an error. */
const none = () => 0;
const imports = {
  env: { setjmp: none, longjmp: fail },
  wasi_snapshot_preview1: {
    ...{ environ_sizes_get: none, environ_get: none, proc_exit: fail },
    ...{ fd_close: none, fd_seek: none, fd_write: none },
  },
};

/** @throws {FormatError} for damaged data, which include every warning of the decoder, and for CMYK */
export async function decodeJpeg(
  bytes: Uint8Array,
  { width, height, components }: ImageHeader,
): Promise<DecodedImage> {
  if (components !== 1 && components !== 3)
    throw new FormatError(
      `its pixels have ${components} numbers, as in CMYK: only grey and colour are read: convert it to RGB`,
    );
  compiled ??= compile();
  const { exports } = await WebAssembly.instantiate(await compiled, imports);
  const turbo = exports as unknown as TurboJpeg;
  const channels = components;
  const [file, to, sides] = [bytes.length, width * height * channels, 16].map((size) => {
    const address = turbo.malloc(size);
    return address || fail();
  });
  new Uint8Array(turbo.memory.buffer).set(bytes, file);
  try {
    const handle = turbo.tjInitDecompress();
    const places = [sides, sides + 4, sides + 8, sides + 12] as const;
    if (turbo.tjDecompressHeader3(handle, file, bytes.length, ...places) !== 0) fail();
    // Of two frames it may have taken the other one.
    const [w, h] = new Int32Array(turbo.memory.buffer, sides, 2);
    if (w !== width || h !== height) fail();
    const format = channels === 1 ? PIXEL_FORMAT.GREY : PIXEL_FORMAT.RGB;
    if (turbo.tjDecompress2(handle, file, bytes.length, to, width, 0, height, format, 0) !== 0)
      fail();
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(`its data are damaged (${(cause as Error).message})`, { cause });
  }
  const data = new Uint8Array(turbo.memory.buffer, to, width * height * channels).slice();
  return { data, width, height, channels };
}
