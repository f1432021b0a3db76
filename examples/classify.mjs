// Loads the model of `npm start` and classifies test digits, drawn as text: `npm run classify`.

import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { init, loadModel, ops } from 'wasmgrad';
import { draw, loadDigits, modelFile } from './digits.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h', default: false } },
});
if (values.help) {
  console.log(`Classifies MNIST test digits with the model that \`npm start\` saved.

  npm run classify -- [NUMBER …]     digits by their number, 0 to 9999; six by default`);
  process.exit(0);
}
if (!existsSync(modelFile)) {
  console.error(`There is no model yet at ${modelFile}: run \`npm start\` first.`);
  process.exit(1);
}

await init();
const model = await loadModel(readFileSync(modelFile));
const { x, y, pixels } = loadDigits('t10k');
const chosen = positionals.length > 0 ? positionals.map(Number) : [0, 1, 2, 3, 8, 18];

for (const index of chosen) {
  if (!(Number.isInteger(index) && index >= 0 && index < y.length)) {
    console.error(`there is no test digit ${index}: numbers are 0 to ${y.length - 1}`);
    process.exitCode = 1;
    continue;
  }
  const image = index * 784;
  const scores = model.predict(x.subarray(image, image + 784));
  const chances = ops.softmax(scores).data;
  const best = [...chances.keys()].sort((a, b) => chances[b] - chances[a]).slice(0, 3);
  const said = best.map(
    (digit) => `${digit}  ${bar(chances[digit])} ${(100 * chances[digit]).toFixed(1)} %`,
  );
  const notes = [
    `test digit ${index}, which is ${y[index]}`,
    best[0] === y[index] ? 'right' : 'wrong',
    '',
    ...said,
  ];
  const lines = draw(pixels.subarray(image, image + 784));
  console.log(lines.map((line, i) => `  ${line}   ${notes[i - 4] ?? ''}`.trimEnd()).join('\n'));
}

function bar(share) {
  return '█'.repeat(Math.round(20 * share)).padEnd(20, '░');
}
