// Random networks become ONNX files: onnxruntime computes what they do.

import fc from 'fast-check';
import { test } from 'uvu';
import { Sequential } from '../../src/index.js';
import { writeOnnx } from '../../src/io/index.js';
import { modelOf, plans, stir } from '../helpers/graphs.js';
import { agrees } from '../helpers/onnxagree.js';
import { chainOf, chains } from '../helpers/onnxchains.js';
import type { Net } from '../helpers/onnxmodels.js';
import '../helpers/start.js';

async function check(model: Net, seed: number, opset: number): Promise<void> {
  try {
    stir(model, seed);
    // onnxruntime makes one node of a padding with zeros and a max pool, in which the zeros are lost.
    const optimization = 'disabled';
    await agrees(model, writeOnnx(model, { opset }), 1 + (seed % 3), { optimization });
  } finally {
    model.dispose();
  }
}

test('random chains of all layers', async () => {
  const property = fc.asyncProperty(chains(), fc.integer({ min: 13, max: 21 }), (plan, opset) =>
    check(new Sequential(chainOf(plan), { inputShape: plan.inputShape }), plan.seed, opset),
  );
  await fc.assert(property, { seed: 14, numRuns: 300 });
});

test('random graphs', async () => {
  const property = fc.asyncProperty(plans(), (plan) => check(modelOf(plan, 0.5), plan.seed, 17));
  await fc.assert(property, { seed: 15, numRuns: 150 });
});

test.run();
