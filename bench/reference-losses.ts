// Prints the losses that networks.ts holds: the first steps of each network, by PyTorch in float64.
//
//     npx tsx bench/reference-losses.ts

import { lenet5, plain20 } from './networks.js';
import { pyTorch } from './peers/index.js';

const STEPS = 3;

const pytorch = await pyTorch.start();
for (const work of [lenet5, plain20]) {
  const { values, failed } = await pytorch.ask({ do: 'losses', work, steps: STEPS });
  console.log(
    `${work.name}: losses: [${values?.[0].map((loss) => loss.toPrecision(9)) ?? failed}]`,
  );
}
pytorch.stop();
