// Copies a batch into the buffers that its program reads.

import type { Backend } from '../../bindings/backend.js';
import { NumericError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { notFloat32 } from '../base/options.js';
import { sizeOf } from '../base/shape.js';
import type { Lowered } from '../lowering/lower.js';
import type { Graph } from '../network/graph.js';
import type { Value } from '../program/emitter.js';
import type { Batch, RowSource } from './samples.js';

/** Copies a batch's samples into a program's inputs. @throws {NumericError} for numbers that are not finite */
export function fillInputs(
  { memory, exports }: Backend,
  { inputs }: Graph,
  lowered: Lowered,
  { samples, order, first, size: rows, images }: Batch,
): void {
  const { float32 } = memory.views;
  samples.x.forEach((source, i) => {
    const at = lowered.inputs[i].resolve() / 4;
    const size = sizeOf(inputs[i].shape);
    if (images) float32.set(images, at);
    else {
      for (let row = 0; row < rows; row++)
        source.copy(order ? order[first + row] : first + row, float32, at + row * size);
    }
    if (exports.allFinite(at * 4, rows * size)) return;
    const bad = float32.subarray(at, at + rows * size).findIndex((v) => !Number.isFinite(v));
    const row = first + Math.floor(bad / size);
    throw new NumericError(
      `${samples.where}: ${source.name} contains ${notFloat32(float32[at + bad])} in sample ${order ? order[row] : row} (element ${bad % size}): clean the data first`,
    );
  });
}

/**
 * Copies a batch's targets and weights to where the losses read them.
 *
 * @param alone whether each sample's loss is wanted by itself, not the mean of the batch
 * @returns for each output the share of its rows that counts: 1, or less where labels are ignored
 */
export function fillTargets(
  { memory }: Backend,
  lowered: Lowered,
  { samples: { where, y, weights }, order, first, size }: Batch,
  alone = false,
): number[] {
  const { float32, int32 } = memory.views;
  return lowered.given.map(({ target, weights: rows, ignores }, i) => {
    const fill = (source: RowSource, to: Float32Array | Int32Array, value: Value): void => {
      const at = value.resolve() / 4;
      naming(where, () => {
        for (let row = 0; row < size; row++)
          source.copy(order ? order[first + row] : first + row, to, at + row * source.size);
      });
    };
    fill(y[i], y[i].kind === 'labels' ? int32 : float32, target);
    if (!rows) return 1;
    const at = rows.resolve() / 4;
    if (weights[i]) fill(weights[i], float32, rows);
    else float32.fill(1, at, at + rows.size);
    if (!ignores) return 1;
    const labels = int32.subarray(target.resolve() / 4, target.resolve() / 4 + rows.size);
    const own = float32.subarray(at, at + rows.size);
    if (!alone) return weighCounted(labels, own);
    const { size: each } = y[i];
    for (let row = 0; row < rows.size; row += each)
      weighCounted(labels.subarray(row, row + each), own.subarray(row, row + each));
    return 1;
  });
}

/**
 * Weighs rows so that a mean over all of them is one over those whose label is not ignored.
 *
 * @returns the share of rows that are not ignored
 */
function weighCounted(labels: Int32Array, weights: Float32Array): number {
  const counted = labels.reduce((sum, label) => sum + Number(label >= 0), 0);
  for (let row = 0; row < labels.length; row++)
    weights[row] = labels[row] >= 0 ? (weights[row] * labels.length) / counted : 0;
  return counted / labels.length;
}
