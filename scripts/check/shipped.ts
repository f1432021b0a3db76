// Trained models of TF.js that npm packages ship, as TF.js's loaders take them, and numbers to give them.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TfjsArtifacts } from '../../src/io/index.js';

const folder = fileURLToPath(new URL('npm-models/', import.meta.url));
/** Where they are installed. */
export const modules = join(folder, 'node_modules');
/** Loads what is installed there. */
export const installed = createRequire(join(folder, 'package.json'));

/** A model file, and what is done with it. */
export interface Shipped {
  readonly name: string;
  readonly file: () => TfjsArtifacts;
  /** The layer that a new head is put on. */
  readonly features?: string;
  /** Sides of images, where the file leaves them open. */
  readonly sizes?: readonly [height: number, width: number][];
  /** Whether TF.js cpu takes half a minute for it. */
  readonly isLarge?: boolean;
  /** Operators that the error must name, where it cannot be read. */
  readonly lacks?: readonly string[];
}

/** What TF.js hands to its loaders. */
function artifacts(json: Record<string, unknown>, shards: readonly Uint8Array[]): TfjsArtifacts {
  const groups = json.weightsManifest as { weights: object[] }[];
  const weightData = Uint8Array.from(Buffer.concat(shards)).buffer;
  return { ...json, weightSpecs: groups.flatMap(({ weights }) => weights), weightData };
}

/** Of nsfwjs: modules that are model.json, and shards in base64. */
function inModules(name: string): TfjsArtifacts {
  const path = join(modules, 'nsfwjs/dist/models', name);
  const count = readdirSync(path).filter((file) => file.startsWith('group')).length;
  const shards = Array.from({ length: count }, (_, i) =>
    Buffer.from(installed(join(path, `group1-shard${i + 1}of${count}.min.js`)), 'base64'),
  );
  return artifacts(installed(join(path, 'model.min.js')), shards);
}

/** Files as TF.js writes them. */
function inFiles(path: string): TfjsArtifacts {
  const json = JSON.parse(readFileSync(join(modules, path), 'utf8'));
  const groups = json.weightsManifest as { paths: string[] }[];
  const shards = groups
    .flatMap(({ paths }) => paths)
    .map((shard) => readFileSync(join(modules, path, '..', shard)));
  return artifacts(json, shards);
}

const human = (name: string, more: Partial<Shipped> = {}): Shipped => ({
  name: `@vladmandic/human: ${name}`,
  file: () => inFiles(`@vladmandic/human/models/${name}.json`),
  ...more,
});

/** All of them. */
export const shipped: readonly Shipped[] = [
  ...Object.entries({ mobilenet_v2: 'flatten_1', mobilenet_v2_mid: 'flatten' }).map(
    ([name, features]) => ({ name: `nsfwjs: ${name}`, file: () => inModules(name), features }),
  ),
  { name: 'nsfwjs: inception_v3', file: () => inModules('inception_v3'), isLarge: true },
  ...[
    'antispoof',
    'faceres',
    'blazeface',
    'emotion',
    'facemesh',
    'handlandmark-lite',
    'iris',
    'liveness',
  ].map((name) => human(name)),
  human('centernet', { lacks: ['TopKV2', 'FloorMod'] }),
  human('movenet-lightning', { lacks: ['GatherNd'] }),
  human('handtrack', { lacks: ['Merge', 'Switch'], sizes: [[160, 160]] }),
  {
    name: '@upscalerjs/default-model',
    file: () => inFiles('@upscalerjs/default-model/models/model.json'),
    sizes: [
      [32, 24],
      [45, 37],
    ],
  },
];

/** Numbers from 0 to 1, the same in each run. */
export function drawn(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}
