// Writes all generated files; with --check, only lists those that are not up to date.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hasCases } from '../../tests/io/onnx/cases.js';
import { scopePage } from '../../tests/io/onnx/scope.js';
import { abreastModule } from './abreast.js';
import { readAssembly, sourcesOf } from './assembly.js';
import { arraysEnums, constantsModule } from './constants.js';
import { depthtileModule } from './depthtile.js';
import { arrays, core, dispatchModule } from './dispatch.js';
import { arraysModule, kernelsModule } from './kernels.js';
import { type Kernel, kernelsOf } from './records.js';
import { tilesModule } from './tiles.js';
import { winogradLinesModule } from './winograd.js';

const root = new URL('../../', import.meta.url);
const check = process.argv.includes('--check');

function generated(path: string, text: string): void {
  const file = fileURLToPath(new URL(path, root));
  if (!check) {
    writeFileSync(file, text);
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${path} is not what its generator makes: run \`npm run generate\``);
    process.exitCode = 1;
  }
}

generated('assembly/gemm/tile.ts', tilesModule());
generated('assembly/conv/abreasttile.ts', abreastModule());
generated('assembly/conv/depthtile.ts', depthtileModule());
generated('assembly/winograd/lines.ts', winogradLinesModule());
const assembly = readAssembly(sourcesOf(new URL('assembly/', root)));
const kernels = kernelsOf(assembly);
const isOfArrays = ({ record }: Kernel): boolean => record.path.startsWith('arrays/');
const [ofCore, ofArrays] = [
  kernels.filter((each) => !isOfArrays(each)),
  kernels.filter(isOfArrays),
];
generated('assembly/core/dispatch.ts', dispatchModule(ofCore, core));
generated('assembly/arrays/dispatch.ts', dispatchModule(ofArrays, arrays));
generated('bindings/kernels.ts', kernelsModule(ofCore));
generated('bindings/arrays.ts', arraysModule(ofArrays, arraysEnums(assembly)));
generated('bindings/constants.ts', constantsModule(assembly));
if (hasCases) generated('tests/io/onnx/backend.md', scopePage());
else console.log('tests/io/onnx/backend.md stays as it is: libonnx-testdata is not installed');
