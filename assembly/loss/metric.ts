// For metrics, row by row: which class is best, and whether the right one is among the best.

import { In, Out } from '../core/op';
import { isIgnored, ROWS, Rows } from '../activation/softmax';

/**
 * hits[row] = 1 where fewer than `top` classes score above the right one, else 0. Among equals the
 * lower class comes first; NaN is never right, nor is a row that is ignored. Targets as in `SoftmaxCrossEntropy`.
 */
@unmanaged
export class TopK extends Rows {
  hits: Out;
  x: In;
  labels: In;
  targets: In;
  classes: i32;
  top: i32;
}

export function topK(op: TopK, task: i32): void {
  const end = min(op.rows, (task + 1) * ROWS);
  for (let row = task * ROWS; row < end; row++) {
    if (isIgnored(op.labels, row)) {
      store<f32>(op.hits + ((<usize>row) << 2), 0);
      continue;
    }
    const at = (<usize>(row * op.classes)) << 2;
    const label = op.labels
      ? load<i32>(op.labels + ((<usize>row) << 2))
      : best(op.targets + at, op.classes);
    const score = load<f32>(op.x + at + ((<usize>label) << 2));
    let above = 0;
    for (let c = 0; c < op.classes; c++) {
      const other = load<f32>(op.x + at + ((<usize>c) << 2));
      if (other > score || (other == score && c < label)) above++;
    }
    store<f32>(op.hits + ((<usize>row) << 2), score == score && above < op.top ? 1 : 0);
  }
}

/**
 * classes[row] (i32) = the column of the row's largest number, the first of equals. A single column has two
 * classes: 1 where it is above the threshold, else 0.
 */
@unmanaged
export class Argmax extends Rows {
  classes: Out;
  x: In;
  columns: i32;
  /** For a single column; not read for several. */
  threshold: f32;
}

export function argmax(op: Argmax, task: i32): void {
  const end = min(op.rows, (task + 1) * ROWS);
  for (let row = task * ROWS; row < end; row++) {
    const x = op.x + ((<usize>(row * op.columns)) << 2);
    store<i32>(
      op.classes + ((<usize>row) << 2),
      op.columns == 1 ? i32(load<f32>(x) > op.threshold) : best(x, op.columns),
    );
  }
}

function best(x: usize, n: i32): i32 {
  let best = 0;
  for (let c = 1; c < n; c++) {
    if (load<f32>(x + ((<usize>c) << 2)) > load<f32>(x + ((<usize>best) << 2))) best = c;
  }
  return best;
}
