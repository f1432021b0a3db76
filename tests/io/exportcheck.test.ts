// ONNX files of each layer, of networks, and of the zoo: the ONNX project's own checker accepts them. It is Debian's
// python3-onnx, which .ci/run installs; without it nothing is checked here.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeOnnx } from '../../src/io/index.js';
import { useArrays } from '../../src/operators/arrays/index.js';
import { arrayNetworks, arraySingles } from '../helpers/onnxarrays.js';
import { singles } from '../helpers/onnxlayers.js';
import { type Net, networks, zooNetworks } from '../helpers/onnxmodels.js';
import '../helpers/start.js';

await useArrays();

const python = '/usr/bin/python3';
const script = fileURLToPath(new URL('../helpers/check_onnx.py', import.meta.url));
const isHere = spawnSync(python, ['-c', 'import onnx']).status === 0;
if (!isHere) console.log(`not checked: ${python} has no package onnx (apt install python3-onnx)`);

/** The versions that Debian's checker knows, as far as they write anything in another way. */
const opsets = [13, 14, 17];

/** What the checker says of the files of models. */
function checked(models: Readonly<Record<string, () => Net>>, opset: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'wasmgrad-onnx-'));
  try {
    const paths = Object.entries(models).map(([name, make]) => {
      const model = make();
      const path = join(folder, `${name}.onnx`);
      writeFileSync(path, writeOnnx(model, { opset }));
      model.dispose();
      return path;
    });
    const { stdout, stderr, status } = spawnSync(python, [script, ...paths], { encoding: 'utf8' });
    return status === 0 ? '' : stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const opset of opsets)
  test(`opset ${opset}: each layer, and networks`, () => {
    const all = { ...singles, ...networks, ...arraySingles, ...arrayNetworks };
    if (isHere) assert.is(checked(all, opset), '');
  });

test('the zoo', () => {
  if (isHere) assert.is(checked(zooNetworks, 17), '');
});

test.run();
