// `wasmgrad info`: what runs here, and how fast it could be.

import { cpus } from 'node:os';
import process from 'node:process';
import { backendInfo, layers, Sequential } from '../core.js';
import { command, flag } from './command.js';
import { engineOptions, startEngine } from './engine.js';

const infoOptions = { json: flag('JSON') };
const options = { ...infoOptions, ...engineOptions };

/** The machine's best rates, which a profile of any model measures. */
function peaks() {
  const model = new Sequential([layers.dense({ units: 8 })], { inputShape: [8] });
  try {
    return model.profile(new Float32Array(8), { print: null }).peaks;
  } finally {
    model.dispose();
  }
}

/** The version of sharp; undefined where it is not installed. */
async function sharpVersion(): Promise<string | undefined> {
  try {
    const { default: sharp } = await import('sharp');
    return sharp.versions.sharp;
  } catch {
    return undefined;
  }
}

/** The engine's name and version. */
function runtime(): string {
  const { bun, deno, v8, node } = process.versions;
  if (bun) return `Bun ${bun}`;
  return deno ? `Deno ${deno}, V8 ${v8}` : `Node ${node}, V8 ${v8}`;
}

export const info = command({
  usage: 'info',
  about: `Shows which kernels run on this machine, with how many threads, the peaks that were just measured (about half a
second), and versions. Put it into reports of faults.`,
  options,
  sections: { Options: infoOptions, Engine: engineOptions },
  words: { least: 0, most: 0 },
  examples: [
    ['info', 'what runs here'],
    ['info --revectorize', 'is 256-bit code faster? (Node 24 or newer, x64)'],
  ],
  async run(_words, { json, ...engine }, terminal) {
    await startEngine(engine);
    const { version, simd, revectorized, tile, threads, variant } = backendInfo();
    const measured = peaks();
    const [cpu] = cpus();
    const all = {
      version,
      runtime: runtime(),
      platform: `${process.platform} ${process.arch}`,
      cpu: cpu ? `${cpu.model.trim()}, ${cpus().length} cores` : 'unknown',
      kernels: { simd, variant, tile, threads, revectorized },
      peaks: measured,
      sharp: (await sharpVersion()) ?? null,
    };
    if (json) {
      terminal.print(JSON.stringify(all, null, 2));
      return 0;
    }
    const rows: [string, string][] = [
      ['wasmgrad', version],
      ['runtime', `${all.runtime}, ${all.platform}`],
      ['processor', all.cpu],
      ['kernels', `${simd} SIMD (${variant}), ${revectorized ? '256' : '128'}-bit code`],
      ['tile', `${tile} numbers of a product in registers`],
      ['threads', `${threads}`],
      [
        'peak',
        `${measured['GFLOP/s'].toFixed(1)} GFLOP/s (matrix product in cache), ${measured['GB/s'].toFixed(1)} GB/s (copy, one thread)`,
      ],
      [
        'images',
        all.sharp
          ? `read by sharp ${all.sharp}`
          : 'PNG, JPEG, WebP, BMP; others: npm install sharp',
      ],
    ];
    for (const [name, value] of rows)
      terminal.print(`${terminal.result('bold', name.padEnd(10))} ${value}`);
    return 0;
  },
});
