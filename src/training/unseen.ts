// Warns of classes that only the validation has: loaded when a training has a validation.

import { IGNORED } from '../operators/loss/loss.emit.js';
import { warnOnce } from './doubts.js';
import type { Engine } from './engine.js';
import type { Range } from './measure.js';
import type { TargetSource } from './samples.js';

/**
 * Warns if the validation has classes that the training lacks, as the end of a sorted data set does: the model cannot
 * learn them, and the accuracy of the validation means nothing.
 */
export function warnOfUnseenClasses(engine: Engine, trained: Range, validated: Range): void {
  trained.samples.y.forEach((source, i) => {
    const classes = engine.network.graph.outputs[i].shape.at(-1) as number;
    const known = classesIn(source, classes, trained);
    if (!known) return;
    const other = classesIn(validated.samples.y[i], classes, validated) ?? known;
    const unseen = [...other].filter((label) => !known.has(label)).sort((a, b) => a - b);
    if (unseen.length === 0) return;
    const list = unseen.length > 10 ? `${unseen.slice(0, 10).join(', ')}, …` : unseen.join(', ');
    warnOnce(
      engine,
      trained.samples,
      `the validation has samples of ${unseen.length === 1 ? 'class' : 'classes'} ${list} in ${source.name}, of which training has none: are the samples sorted? data.split(x, y) takes the same share of each class`,
    );
  });
}

/** The classes of some samples, whose targets are indices, one-hot rows, or single numbers −1, 0 and 1; else undefined. */
function classesIn(
  { kind, size, copy }: TargetSource,
  classes: number,
  { from, to }: Range,
): Set<number> | undefined {
  const found = new Set<number>();
  const row = kind === 'labels' ? new Int32Array(size) : new Float32Array(size);
  for (let sample = from; sample < to && found.size < Math.max(classes, 2); sample++) {
    copy(sample, row, 0);
    const width = kind === 'labels' ? 1 : classes;
    for (let at = 0; at < size; at += width) {
      const label = width === 1 ? row[at] : oneHot(row.subarray(at, at + width));
      if (kind === 'labels' && row[at] === IGNORED) continue;
      if (label === undefined || (kind === 'targets' && width === 1 && ![-1, 0, 1].includes(label)))
        return undefined;
      found.add(label);
    }
  }
  return found;
}

function oneHot(row: Int32Array | Float32Array): number | undefined {
  const label = row.indexOf(1);
  const isOneHot = label >= 0 && row.every((value, k) => value === (k === label ? 1 : 0));
  return isOneHot ? label : undefined;
}
