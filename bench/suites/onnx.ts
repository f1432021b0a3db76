// ResNet-50 as an ONNX file: how long it takes to load, how fast it then is, and how much memory loading takes.
//
// Memory is that of a new process which reads the file and loads it: the most that was ever resident, less what was when
// only the library was loaded. So it has the file's bytes too.

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dispose, io, Tensor } from '../../src/index.js';
import { type Arena, median, preparation } from '../compete.js';
import { filled } from '../peers/adapter.js';
import { onnxruntime, type Peer, wasmgrad, wasmgradMade } from '../peers/index.js';
import { resnet50 } from '../peers/wasmgrad-network.js';
import type { Suite } from '../report.js';
import { addedBy } from '../resident.js';
import type { Figure, Result } from '../result.js';
import { start } from '../start.js';
import { type OnnxWork, Seed } from '../work.js';

/** A call takes a tenth of a second and more. */
const budget = 8;
const PROCESSES = 3;
const MIB = 2 ** 20;
/** How many times as large as the file the peak may be. */
const MOST_MEMORY = 2;

/** Writes the file. @returns what its model makes of the image */
async function write(file: string): Promise<number[]> {
  await start();
  const shape = [1, 224, 224, 3];
  const x = Tensor.from(filled(shape, Seed.images), shape);
  const model = resnet50();
  writeFileSync(file, io.writeOnnx(model));
  const logits = [...(model.predict(x) as Tensor).data];
  dispose();
  return logits;
}

async function memory(work: OnnxWork, bytes: number): Promise<Result> {
  const figures: Figure[] = [];
  for (const peer of [wasmgrad, onnxruntime]) figures.push(await peakOf(peer, work));
  const [ours, theirs] = figures;
  theirs.ratio = theirs.median / ours.median;
  const share = ours.median / (bytes / MIB);
  return {
    ...{ name: 'memory at the peak of loading', unit: 'MiB', figures },
    targets: [
      {
        text: `${share.toFixed(2)} × the file, wanted ${MOST_MEMORY}`,
        met: share <= MOST_MEMORY,
      },
    ],
    notes: [],
  };
}

async function peakOf(peer: Peer, work: OnnxWork): Promise<Figure> {
  const sizes: number[] = [];
  for (let i = 0; i < PROCESSES; i++) {
    // Loaded alone: what it predicts is checked where it is timed.
    const { bytes } = await addedBy(peer, { ...preparation(work, []), passes: 0 }, []);
    sizes.push(bytes / MIB);
  }
  return { who: peer.name, median: median(sizes), best: Math.min(...sizes) };
}

async function run(arena: Arena): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wasmgrad-onnx-'));
  try {
    const file = join(folder, 'resnet50.onnx');
    const logits = await write(file);
    const work = (kind: OnnxWork['kind']): OnnxWork => ({ kind, file, logits });
    const loading = await arena.compete({
      name: 'loading the file',
      work: work('onnxLoading'),
      peers: [onnxruntime],
      targets: { [onnxruntime.name]: [1, 1] },
      budget,
    });
    const inferring = await arena.compete({
      name: 'inference with its model, 224²',
      work: work('onnxInference'),
      peers: [wasmgradMade, onnxruntime],
      targets: { [wasmgradMade.name]: [0.98, 0.98] },
      budget,
    });
    return [loading, inferring, await memory(work('onnxLoading'), statSync(file).size)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** See the top of this file. */
export const onnx: Suite = {
  name: 'onnx',
  about: 'ResNet-50 from an ONNX file of 100 MB: loading it, inference, and memory',
  run,
};
