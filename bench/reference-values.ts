// Prints what networks.ts holds of each work: losses of the first steps, or logits, by PyTorch in float64.
//
//     npx tsx bench/reference-values.ts

import { preparation } from './compete.js';
import * as networks from './networks.js';
import { pyTorch } from './peers/index.js';
import { expectedResults } from './reference.js';

const pytorch = await pyTorch.start();
for (const [name, work] of Object.entries(networks)) {
  const request = preparation(work, expectedResults(work));
  const { values, failed } = await pytorch.ask({ ...request, float64: true });
  console.log(
    `${name}: [${values?.[0].map((value) => value.toPrecision(9)).join(', ') ?? failed}]`,
  );
}
pytorch.stop();
