// What pages load of the package, over the wire: the core alone, and what others of its entries add.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** The bytes that a page may load. */
const MOST_LOADED = 106_000;
/** The bytes that parts of `io` may add to those of the core, by their names, and what they load when they are called. */
const MOST_ADDED: Readonly<Record<string, number>> = { onnx: 34_000, safetensors: 7_500 };
/**
 * And those of the layers for arrays of any rank, with their kernels, which some files need. The backend for TF.js runs
 * on these kernels too, so they have what eager programs need; and a part of the code is in files that they share with it
 * and with `ops`, which are compressed one by one. Arcs, hyperbolic functions, conditions, running sums and embeddings of
 * ONNX's files are in it too.
 */
const MOST_ARRAYS = 30_000;
/** What computes under TF.js: the core and its kernels, with those for arrays. */
const MOST_COMPUTING = 116_500;
/** The entry for TF.js, over those. */
const MOST_TFJS = 20_000;

/** As esbuild writes static imports. */
const STATIC = /\b(?:from|import)\s*"\.\/([^"]+)"/g;
/** Those, and what is loaded later. */
const ALL = /\b(?:from|import)\s*\(?"\.\/([^"]+)"/g;

/** A module and all modules that it imports, but those that are known, as names of files in its folder. */
function closure(directory: string, name: string, imports: RegExp, known: string[] = []): string[] {
  const found = new Set(known);
  const visit = (module: string): void => {
    if (found.has(module)) return;
    found.add(module);
    const code = readFileSync(`${directory}/${module}`, 'utf8');
    for (const [, next] of code.matchAll(imports)) visit(next);
  };
  visit(name);
  return [...found].slice(known.length);
}

/** A part of the package. */
export interface Weight {
  readonly what: string;
  /** Gzipped. */
  readonly bytes: number;
  /** The bytes that it may have. */
  readonly most: number;
}

/** Weighs what lies in dist/browser/: the core, that with all kernels, the entry for TF.js, and others. */
export function weigh(directory: string): Weight[] {
  const files = readdirSync(directory);
  const zipped = (name: string) =>
    gzipSync(readFileSync(`${directory}/${name}`), { level: 9 }).length;
  const sizeOf = (modules: readonly string[]) =>
    modules.reduce((sum, name) => sum + zipped(name), 0);
  const core = closure(directory, 'core.js', STATIC);
  const builds = files.filter((name) => /^(arrays-)?(simd|relaxed)(-threads)?-\w+\.js$/.test(name));
  assert.equal(builds.length, 8, `four builds of two modules, not ${builds.join(', ')}`);
  /** Of a module's builds a page loads one: the largest is counted. */
  const largest = (isOurs: (name: string) => boolean) =>
    Math.max(...builds.filter(isOurs).map(zipped));
  const kernels = largest((name) => !name.startsWith('arrays'));

  const entry = files.find((name) => /^arrays-[A-Z0-9]{8}\.js$/.test(name)) ?? '';
  const arrays = closure(directory, entry, ALL, core);
  const arraysCode = sizeOf(arrays.filter((name) => !builds.includes(name)));
  const arraysKernels = largest((name) => name.startsWith('arrays'));
  const parts = files.filter((name) => /^io-[\w-]+\.js$/.test(name));
  const loaded = sizeOf(core) + kernels;
  const forTfjs = closure(directory, 'tfjs.js', STATIC, core);
  return [
    {
      what: `${core.length} modules of the core ${sizeOf(core)} + the largest wasm ${kernels}`,
      bytes: loaded,
      most: MOST_LOADED,
    },
    { what: 'core and all kernels', bytes: loaded + arraysKernels, most: MOST_COMPUTING },
    {
      what: `tfjs, over those: ${forTfjs.length} modules`,
      bytes: sizeOf(forTfjs),
      most: MOST_TFJS,
    },
    {
      what: `layers for arrays, where a file needs them: ${arraysCode} + the largest wasm ${arraysKernels}`,
      bytes: arraysCode + arraysKernels,
      most: MOST_ARRAYS,
    },
    ...parts.map((file) => {
      const part = file.slice('io-'.length, -'.js'.length);
      return {
        what: `io, ${part}, more than those`,
        bytes: sizeOf(closure(directory, file, ALL, [...core, ...arrays])),
        most: MOST_ADDED[part] ?? Infinity,
      };
    }),
  ];
}
