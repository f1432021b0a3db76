// What `trainOnBatch` and `computeGradients` share: all samples of the call are one batch.

import { checkOptions, forwarded } from '../base/options.js';
import { warnOfRawPixels } from './doubts.js';
import type { Engine } from './engine.js';
import { type Logs, Means } from './means.js';
import type { Outcome } from './outcome.js';
import { type Batch, wholeOf } from './samples.js';
import type { WeightOptions } from './sampleweights.js';
import { type DataSet, Intake } from './source.js';

/** Makes one batch of all samples and calls `run` with it. Returns loss and metrics by name. */
export function onBatch(
  engine: Engine,
  call: string,
  data: readonly [x: DataSet, y: DataSet],
  options: WeightOptions,
  run: (batch: Batch) => Outcome,
): Logs {
  checkOptions(call, options, forwarded('sampleWeight', 'classWeight'));
  const intake = new Intake(engine, call);
  const samples = intake.samples(...data, options);
  if (engine.step === 0) warnOfRawPixels(engine, samples);
  const means = new Means(intake.objective, engine.network.graph);
  means.add(run(wholeOf(samples)));
  return means.logs();
}
