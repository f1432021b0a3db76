// A process of the startup benchmark: prints the milliseconds from init to the end of the first step.
// Loading the sources is not counted: here they are TypeScript, which no user of the package compiles.

import { asTensors, makeBatch, makeLenet5 } from './lenet5.js';
import { start } from './start.js';

const batch = makeBatch(1);
const began = performance.now();
await start();
const model = makeLenet5();
const { x, y } = asTensors(batch);
model.trainOnBatch(x, y);
console.log(performance.now() - began);
