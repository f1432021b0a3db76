// The augmenting worker: the bits of the calling thread, in order, in arrays that take turns.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { data, ShapeError, StateError, ValueError } from '../../src/index.js';
import { rejects, sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';

/** Before Node 22, workers do not load TypeScript: unless the tests are bundled, they are then of a worker that fails. */
const canStart =
  Number(process.versions.node.split('.')[0]) >= 22 || process.argv[1].endsWith('run.js');

const SHAPE = [6, 7, 2];
const SIZE = 84;
const COUNT = 21;
const images = numbers(COUNT * SIZE, 1);
const augmentation = data.augment({
  flip: 'both',
  rotate: 20,
  shift: 2,
  contrast: 0.2,
  cutout: 2,
  mixup: 0.5,
  seed: 8,
});
const order = Int32Array.from({ length: COUNT }, (_, i) => (i * 8) % COUNT);

function expected(epoch: number, indices: ArrayLike<number>): Float32Array {
  const to = new Float32Array(indices.length * SIZE);
  data.augmentBatch(to, images, SHAPE, augmentation, { epoch, indices });
  return to;
}

/** Lends an augmenter that is closed afterwards. */
async function withAugmenter(
  use: (augmenter: data.Augmenter) => Promise<void>,
  options?: data.AugmenterOptions,
  from: data.Pixels = images,
): Promise<void> {
  const augmenter = new data.Augmenter(from, SHAPE, augmentation, options);
  try {
    await use(augmenter);
  } finally {
    augmenter.close();
  }
}

test('the same bits in a worker and here, for any batch size', async () => {
  for (const worker of [true, false]) {
    await withAugmenter(
      async (augmenter) => {
        for (const batchSize of [1, 4, COUNT, 100]) {
          for (const epoch of [0, 3]) {
            const whole = expected(epoch, order);
            let first = 0;
            for await (const x of augmenter.batches({ epoch, order, batchSize })) {
              sameBits(x, whole.slice(first, first + x.length), `batch size ${batchSize}`);
              assert.is(x.length, Math.min(batchSize * SIZE, whole.length - first));
              first += x.length;
            }
            assert.is(first, whole.length);
          }
        }
        assert.is(augmenter.inWorker, worker && canStart);
      },
      { worker },
    );
  }
});

test('several batches asked for at once', async () => {
  await withAugmenter(async (augmenter) => {
    const asked = [3, 1, 2].map((length, epoch) => ({ epoch, indices: order.slice(0, length) }));
    const batches = await Promise.all(asked.map((request) => augmenter.next(request)));
    batches.forEach((x, i) => {
      sameBits(x, expected(i, asked[i].indices), `batch ${i}`);
    });
    const plain = await augmenter.next({ epoch: 1, indices: [4, 2] });
    sameBits(plain, expected(1, [4, 2]), 'a list of numbers');
  });
});

test('bytes, views, and images in shared memory', async () => {
  const bytes = Uint8Array.from({ length: COUNT * SIZE }, (_, i) => (i * 31) % 256);
  const shared = new Float32Array(new SharedArrayBuffer(4 * images.length));
  shared.set(images);
  const larger = new Float32Array(images.length + 10);
  larger.set(images, 5);
  for (const from of [bytes, shared, larger.subarray(5, -5)]) {
    await withAugmenter(
      async (augmenter) => {
        const to = new Float32Array(4 * SIZE);
        const request = { epoch: 1, indices: [20, 0, 7, 7] };
        data.augmentBatch(to, from, SHAPE, augmentation, request);
        sameBits(await augmenter.next(request), to, from.constructor.name);
      },
      {},
      from,
    );
  }
  assert.is(larger[5], images[0], 'what is handed over is a copy');
});

test('two arrays take turns', async () => {
  await withAugmenter(
    async (augmenter) => {
      const seen = new Set<ArrayBuffer>();
      for (let epoch = 0; epoch < 3; epoch++) {
        for await (const x of augmenter.batches({ epoch, order, batchSize: 3 })) seen.add(x.buffer);
      }
      assert.is(seen.size, 2);
    },
    { worker: false },
  );
});

test('the next batch is on its way before one is trained on', async () => {
  class Watched extends data.Augmenter {
    asked = 0;
    override next(request: data.BatchRequest) {
      this.asked++;
      return super.next(request);
    }
  }
  const augmenter = new Watched(images, SHAPE, augmentation, { worker: false });
  let taken = 0;
  for await (const _ of augmenter.batches({ epoch: 0, order, batchSize: 7 })) {
    assert.is(augmenter.asked, Math.min(++taken + 1, 3));
  }
  assert.is(taken, 3);
});

test('an epoch that is left early, then another', async () => {
  await withAugmenter(async (augmenter) => {
    for await (const _ of augmenter.batches({ epoch: 0, order, batchSize: 2 })) break;
    for await (const x of augmenter.batches({ epoch: 1, order, batchSize: COUNT }))
      sameBits(x, expected(1, order), 'the next epoch');
  });
});

test('after close, nothing comes any more', async () => {
  const augmenter = new data.Augmenter(images, SHAPE, augmentation);
  const asked = augmenter.next({ epoch: 0, indices: [0] });
  augmenter.close();
  augmenter.close();
  await rejects(() => asked, StateError, 'closed');
  await rejects(() => augmenter.next({ epoch: 0, indices: [0] }), StateError, 'closed');
});

test('bad input', async () => {
  const make = (from: data.Pixels, shape: number[]) =>
    new data.Augmenter(from, shape, augmentation);
  await rejects(() => make(images.subarray(1), SHAPE), ShapeError, 'new data.Augmenter', '1763');
  await rejects(() => make(images, [84]), ShapeError, 'height, width, channels', '[84]');
  await rejects(() => make([] as never, SHAPE), ValueError, 'images', 'Array');
  await withAugmenter(async (augmenter) => {
    const bad = [
      [{ epoch: 0, indices: [0, COUNT] }, 'index 1', '21', '0 to 20'],
      [{ epoch: -1, indices: [0] }, 'epoch', '-1'],
    ] as const;
    for (const [request, ...parts] of bad)
      await rejects(() => augmenter.next(request), ValueError, ...parts);
    const sized = augmenter.batches({ epoch: 0, order, batchSize: 0 });
    await rejects(() => sized.next(), ValueError, 'batchSize', '0');
    sameBits(await augmenter.next({ epoch: 0, indices: [1] }), expected(0, [1]), 'goes on');
  });
});

test.run();
