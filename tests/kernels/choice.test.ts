// Which algorithm computes known layers: what costs least, by shape alone, and so the same on every machine.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  convBackwardFilter,
  convBackwardInput,
  convForward,
} from '../../src/operators/conv/conv.emit.js';
import { convGeometry, convOutputShape } from '../../src/operators/conv/geometry.emit.js';
import { Emitter, Value } from '../../src/program/emitter.js';

/** What computes a pass: 'F4×4', forms by what a patch gives, 'direct' or 'scatter'; 'pairs' where pixels are put together. */
function chosen(emit: (e: Emitter) => void, kept = false): string {
  const e = new Emitter(kept);
  emit(e);
  const names = e.ops.flatMap(({ kernel, args }) => {
    const fields = args as Readonly<Record<string, number>>;
    if (kernel === 'winograd' || kernel === 'winogradBackwardFilter') {
      const { strideHeight, strideWidth, dilationHeight, dilationWidth } = fields;
      return `F${strideHeight / dilationHeight}×${strideWidth / dilationWidth}`;
    }
    if (kernel === 'conv' || kernel === 'convBackwardFilter') return 'direct';
    if (kernel === 'convBackwardInput') return 'scatter';
    return kernel.startsWith('pad') ? 'pairs' : [];
  });
  return [...new Set(names)].join(' ');
}

/** How a layer is computed: forward with filters that are kept, then in training forward, backward to its input, to its filters. */
function passes(
  [batch, side, channels, filters]: readonly number[],
  kernel: readonly [number, number],
  strides: number,
): string[] {
  const shape = [batch, side, side, channels];
  const filter = [...kernel, channels, filters];
  const g = convGeometry(shape, filter, { strides, padding: 'same' });
  const value = (of: readonly number[]): Value => new Value(of, { address: 64 });
  const [x, w, y] = [value(shape), value(filter), value(convOutputShape(g))];
  const forward = (e: Emitter) => convForward(e, y, x, w, g);
  return [
    chosen(forward, true),
    chosen(forward),
    chosen((e) => convBackwardInput(e, x, y, w, g)),
    chosen((e) => convBackwardFilter(e, w, x, y, g)),
  ];
}

/** What `passes` says of layers: [batch, side, channels, filters], filter, stride. */
type Row = readonly [
  layer: readonly number[],
  kernel: readonly [number, number],
  stride: number,
  passes: string[],
];

function check(rows: readonly Row[]): void {
  for (const [layer, kernel, stride, expected] of rows)
    assert.equal(passes(layer, kernel, stride), expected, JSON.stringify([layer, kernel, stride]));
}

// biome-ignore format: a table
test("ResNet-18's layers", () => {
  check([
    [[8, 224, 3, 64], [7, 7], 2, ['pairs F3×3', 'pairs F3×3', 'F3×3 F4×3 pairs', 'pairs F3×3']],
    [[8, 56, 64, 64], [3, 3], 1, ['F4×4', 'F4×4', 'F4×4', 'F4×4']],
    [[8, 56, 64, 128], [3, 3], 2, ['F4×4', 'F4×4', 'F4×4 F4×1 F1×4 direct', 'F4×4']],
    [[8, 56, 64, 128], [1, 1], 2, ['direct', 'direct', 'direct', 'direct']],
    [[8, 28, 128, 128], [3, 3], 1, ['F4×4', 'F4×4', 'F4×4', 'F4×4']],
    [[8, 28, 128, 256], [3, 3], 2, ['F2×2', 'F2×2', 'F4×4 F4×1 F1×4 direct', 'F4×4']],
    [[8, 14, 256, 256], [3, 3], 1, ['F4×4', 'F4×4', 'F4×4', 'F4×4']],
    [[8, 14, 256, 512], [3, 3], 2, ['F4×4', 'direct', 'F4×4 F4×1 F1×4 direct', 'direct']],
    [[8, 7, 512, 512], [3, 3], 1, ['F4×4', 'F4×4', 'F4×4', 'F4×4']],
  ]);
});

// biome-ignore format: a table
test('of one image, filters cost more than pixels', () => {
  check([
    [[1, 28, 128, 256], [3, 3], 2, ['F2×2', 'F2×2', 'F2×2 F2×1 F1×2 direct', 'direct']],
    [[1, 14, 256, 256], [3, 3], 1, ['F4×4', 'F2×2', 'F2×2', 'F4×4']],
    [[1, 14, 256, 512], [3, 3], 2, ['direct', 'direct', 'direct', 'direct']],
    [[1, 7, 512, 512], [3, 3], 1, ['F4×4', 'direct', 'direct', 'direct']],
    [[1, 4, 256, 256], [3, 3], 1, ['F2×2', 'direct', 'direct', 'direct']],
  ]);
});

// biome-ignore format: a table
test('layers of other networks', () => {
  check([
    // LeNet-5.
    [[32, 28, 1, 6], [5, 5], 1, ['direct', 'direct', 'direct', 'direct']],
    [[32, 14, 6, 16], [5, 5], 1, ['direct', 'direct', 'direct', 'F4×4']],
    // AlexNet.
    [[8, 27, 64, 192], [5, 5], 1, ['F2×2', 'F2×2', 'F2×2', 'F4×4']],
    // Inception.
    [[8, 17, 192, 192], [1, 7], 1, ['F1×3', 'F1×3', 'F1×3', 'F1×3']],
    [[8, 17, 192, 192], [7, 1], 1, ['F3×1', 'F3×1', 'F3×1', 'F3×1']],
    // DCGAN, whose generator computes the gradient of the input.
    [[32, 32, 64, 128], [4, 4], 2, ['F4×4', 'F4×4', 'F4×4', 'F4×4']],
    [[32, 64, 3, 64], [4, 4], 2, ['pairs F4×4', 'pairs F4×4', 'scatter', 'pairs F4×4']],
    // MobileNet.
    [[8, 224, 3, 32], [3, 3], 2, ['direct', 'direct', 'scatter', 'direct']],
    // A ResNet for small images.
    [[32, 32, 3, 16], [3, 3], 1, ['direct', 'direct', 'direct', 'direct']],
    // One that ends in images: eight images side by side.
    [[32, 32, 32, 3], [3, 3], 1, ['direct', 'direct', 'direct', 'direct']],
    [[4, 32, 32, 3], [3, 3], 1, ['F4×4', 'F4×4', 'direct', 'F4×4']],
    [[32, 32, 16, 16], [3, 3], 1, ['F4×4', 'F4×4', 'F4×4', 'F4×4']],
    [[32, 32, 16, 32], [3, 3], 2, ['F4×4', 'F4×4', 'F4×4 direct', 'F4×4']],
    // No form: 9 taps for gradients of filters, 11 for all.
    [[8, 32, 32, 32], [9, 9], 1, ['F2×2', 'F2×2', 'F2×2', 'direct']],
    [[8, 32, 32, 32], [11, 11], 1, ['direct', 'direct', 'direct', 'direct']],
  ]);
});

// biome-ignore format: a table
test('small layers, where patches and packing cost as much as products', () => {
  check([
    [[8, 14, 2, 32], [3, 3], 1, ['direct', 'direct', 'scatter', 'direct']],
    [[8, 14, 1, 6], [5, 5], 1, ['direct', 'direct', 'direct', 'direct']],
    [[1, 6, 32, 32], [5, 5], 1, ['F2×2', 'F2×2', 'F2×2', 'direct']],
    [[8, 28, 256, 32], [3, 3], 2, ['F2×2', 'F2×2', 'F4×4 F4×1 F1×4 direct', 'direct']],
  ]);
});

test.run();
