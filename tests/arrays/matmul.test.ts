// Products of two inputs: transposed, in many matrices, broadcast.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, type Shape, ShapeError } from '../../src/index.js';
import { matMul, useArrays } from '../../src/operators/arrays/index.js';
import { at, checkLayer, type Nd, nd } from '../helpers/layers.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

await useArrays();

function product(a: Nd, b: Nd, transposeA: boolean, transposeB: boolean): Nd {
  const [aRank, bRank] = [a.shape.length, b.shape.length];
  const rank = Math.max(aRank, bRank);
  const sides = (x: Nd, flag: boolean) => (flag ? x.shape.slice(-2).reverse() : x.shape.slice(-2));
  const [m, k] = sides(a, transposeA);
  const [, n] = sides(b, transposeB);
  /** Leading dimensions: the batch, then those of 1 that are missing. */
  const leading = (x: Nd) => [
    x.shape[0],
    ...Array(rank - x.shape.length).fill(1),
    ...x.shape.slice(1, -2),
  ];
  const [la, lb] = [leading(a), leading(b)];
  const element = (x: Nd, own: number[], index: number[], i: number, j: number, flag: boolean) => {
    const place = own.map((side, d) => (side === 1 ? 0 : index[d]));
    const kept = [place[0], ...place.slice(1 + rank - x.shape.length)];
    return at(x, [...kept, ...(flag ? [j, i] : [i, j])]);
  };
  return nd([...la.map((side, d) => Math.max(side, lb[d])), m, n], (index) => {
    const [i, j] = index.slice(-2);
    let sum = 0;
    for (let p = 0; p < k; p++)
      sum += element(a, la, index, i, p, transposeA) * element(b, lb, index, p, j, transposeB);
    return sum;
  });
}

for (const transposeA of [false, true])
  for (const transposeB of [false, true])
    test(`matMul, transposed ${transposeA} and ${transposeB}`, () => {
      for (const [first, second, m, n, k] of [
        [[], [], 3, 4, 5],
        [[], [], 13, 9, 17],
        [[4], [4], 2, 3, 7],
        [[2, 1], [1, 3], 3, 2, 4],
        [[], [3], 3, 5, 2],
        [[2, 3], [3], 1, 4, 3],
        [[1], [], 2, 2, 2],
      ] as [Shape, Shape, number, number, number][]) {
        const a = [...first, ...(transposeA ? [k, m] : [m, k])];
        const b = [...second, ...(transposeB ? [n, k] : [k, n])];
        checkLayer(`${a} by ${b}`, {
          ...{ layer: matMul({ transposeA, transposeB }), inputs: [a, b], tolerance: 3e-6 },
          reference: ([x, y]) => product(x, y, transposeA, transposeB),
        });
      }
    });

test('what does not fit; multiplications', async () => {
  const [a, b] = [input([2, 3, 4]), input([2, 4, 5])];
  await rejects(() => matMul().apply([a, a]), ShapeError, 'matMul', '4 columns', '3 rows');
  await rejects(() => matMul().apply([a, input([4])]), ShapeError, 'matrices', '[4]');
  await rejects(() => matMul().apply([input([3, 3, 4]), b]), ShapeError, 'broadcast');
  await rejects(() => matMul().apply([a, b, b]), ShapeError, 'two inputs');
  const layer = matMul();
  assert.equal(layer.apply([a, b]).shape, [2, 3, 5]);
  assert.is(layer.multiplyAdds([2, 3, 4], [2, 3, 5]), 2 * 3 * 5 * 4);
});

test.run();
