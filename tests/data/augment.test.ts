// What augmentation draws: distributions, independence, the same bits in every engine; and what is
// said to options that make no sense.

import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AugmentOptions } from '../../src/data/augment.js';
import { drawTransform, type Transform } from '../../src/data/draw.js';
import { data, ShapeError, ValueError } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';

// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
const any = (value: unknown): any => value;

const N = 20000;
const SHAPE = [9, 12];

/** What N samples draw. */
function draws(options: AugmentOptions, epoch = 0, count = 50): Transform[] {
  const augmentation = data.augment(options);
  return Array.from({ length: N }, (_, sample) =>
    drawTransform(augmentation, SHAPE, { epoch, sample, count }),
  );
}

const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Mean and variance within five standard errors; the fourth moment bounds the variance's. */
function hasMoments(
  values: number[],
  { mu, variance, fourth }: { mu: number; variance: number; fourth: number },
  what: string,
): void {
  const m = mean(values);
  const v = mean(values.map((value) => (value - mu) ** 2));
  const mErr = 5 * Math.sqrt(variance / N);
  const vErr = 5 * Math.sqrt((fourth - variance ** 2) / N);
  assert.ok(Math.abs(m - mu) < mErr, `${what}: mean ${m}, expected ${mu} ± ${mErr}`);
  assert.ok(
    Math.abs(v - variance) < vErr,
    `${what}: variance ${v}, expected ${variance} ± ${vErr}`,
  );
}

function isUniform(values: number[], from: number, to: number, what: string): void {
  const width = to - from;
  assert.ok(Math.min(...values) >= from && Math.max(...values) <= to, `${what}: range`);
  hasMoments(
    values,
    { mu: (from + to) / 2, variance: width ** 2 / 12, fourth: width ** 4 / 80 },
    what,
  );
}

/** Each whole number from … to as often as any other. */
function isWholeUniform(values: number[], from: number, to: number, what: string): void {
  const kinds = to - from + 1;
  for (let value = from; value <= to; value++) {
    const share = values.filter((v) => v === value).length / N;
    const error = 5 * Math.sqrt(((1 / kinds) * (1 - 1 / kinds)) / N);
    assert.ok(Math.abs(share - 1 / kinds) <= error, `${what}: ${value} has a share of ${share}`);
  }
  assert.ok(
    values.every((v) => Number.isInteger(v) && v >= from && v <= to),
    `${what}: whole`,
  );
}

test('nothing asked for, nothing done', () => {
  for (const t of draws({}).slice(0, 100)) {
    assert.equal([t.yy, t.yx + 0, t.y0 + 0, t.xy + 0, t.xx, t.x0 + 0], [1, 0, 0, 0, 1, 0]);
    assert.equal([t.contrast, t.brightness + 0, t.lambda], [1, 0, 1]);
  }
});

test('flips: half of them, each axis for itself', () => {
  const turned = (flip: AugmentOptions['flip']) =>
    draws({ flip }).map(({ yy, xx, y0, x0 }) => {
      assert.equal([yy, xx].map(Math.abs), [1, 1]);
      assert.equal([y0, x0], [yy < 0 ? 8 : 0, xx < 0 ? 11 : 0]);
      return (yy < 0 ? 2 : 0) + (xx < 0 ? 1 : 0);
    });
  isWholeUniform(turned('both'), 0, 3, 'both');
  isWholeUniform(turned('horizontal'), 0, 1, 'horizontal');
  isWholeUniform(
    turned('vertical').map((v) => v / 2),
    0,
    1,
    'vertical',
  );
});

test('shifts are whole pixels, to either side as often as not at all', () => {
  const shifted = draws({ shift: [2, 3] });
  isWholeUniform(
    shifted.map(({ y0 }) => y0 + 0),
    -2,
    2,
    'vertical',
  );
  isWholeUniform(
    shifted.map(({ x0 }) => x0 + 0),
    -3,
    3,
    'horizontal',
  );
  const cropped = draws({ crop: { padding: 4 } });
  isWholeUniform(
    cropped.map(({ y0 }) => y0 + 0),
    -4,
    4,
    'crop, vertical',
  );
  isWholeUniform(
    cropped.map(({ x0 }) => x0 + 0),
    -4,
    4,
    'crop, horizontal',
  );
});

test('rotation and scale: uniform, and about the middle', () => {
  const angle = ({ yx, yy }: Transform) => (Math.atan2(yx, yy) * 180) / Math.PI;
  const factor = ({ yy, yx }: Transform) => 1 / Math.hypot(yy, yx);
  isUniform(draws({ rotate: 25 }).map(angle), -25.000001, 25.000001, 'rotate');
  isUniform(draws({ rotate: 180 }).map(angle), -180, 180, 'rotate all round');
  isUniform(draws({ scale: [0.5, 2] }).map(factor), 0.499999, 2.000001, 'scale');
  for (const t of draws({ rotate: 180, scale: [0.5, 2], flip: 'both' }).slice(0, 1000)) {
    close([t.yy * 4 + t.yx * 5.5 + t.y0, t.xy * 4 + t.xx * 5.5 + t.x0], [4, 5.5], { atol: 1e-12 });
    close([t.yy * t.xy + t.yx * t.xx], [0], { atol: 1e-12 }, 'right angles');
    close([Math.hypot(t.xy, t.xx)], [Math.hypot(t.yy, t.yx)], { rtol: 1e-12 }, 'no distortion');
  }
  // Unflipped, all turn without mirroring; the shift comes after the turn.
  for (const t of draws({ rotate: 90, scale: [2, 2], shift: 3 }).slice(0, 1000)) {
    close([t.yy * t.xx - t.yx * t.xy], [0.25], { rtol: 1e-12 }, 'determinant');
    const [dy, dx] = inverse(t, 4, 5.5).map((v, i) => v - [4, 5.5][i]);
    close([dy, dx], [Math.round(dy), Math.round(dx)], { atol: 1e-11 }, 'shift');
    assert.ok(Math.abs(dy) < 3.5 && Math.abs(dx) < 3.5);
  }
});

/** Where the input's point (y, x) comes to lie in the output. */
function inverse({ yy, yx, y0, xy, xx, x0 }: Transform, y: number, x: number): [number, number] {
  const determinant = yy * xx - yx * xy;
  return [
    (xx * (y - y0) - yx * (x - x0)) / determinant,
    (yy * (x - x0) - xy * (y - y0)) / determinant,
  ];
}

test('contrast, brightness, cutout, partners: uniform', () => {
  isUniform(
    draws({ contrast: 0.3 }).map(({ contrast }) => contrast),
    0.7,
    1.3,
    'contrast',
  );
  isUniform(
    draws({ brightness: 2 }).map(({ brightness }) => brightness),
    -2,
    2,
    'brightness',
  );
  const cut = draws({ cutout: [4, 5] });
  isWholeUniform(
    cut.map(({ cutTop }) => cutTop),
    -2,
    6,
    'cutout, top',
  );
  isWholeUniform(
    cut.map(({ cutLeft }) => cutLeft),
    -2,
    9,
    'cutout, left',
  );
  isWholeUniform(
    draws({ mixup: 1 }, 0, 7).map(({ partner }) => partner),
    0,
    6,
    'partner',
  );
});

test('mixup: λ has the moments of Beta(α, α)', () => {
  for (const a of [0.1, 0.2, 0.5, 1, 2, 8]) {
    const lambdas = draws({ mixup: a }).map(({ lambda }) => lambda);
    assert.ok(lambdas.every((v) => v >= 0 && v <= 1));
    const variance = 1 / (4 * (2 * a + 1));
    const fourth = 3 / (16 * (2 * a + 1) * (2 * a + 3));
    hasMoments(lambdas, { mu: 0.5, variance, fourth }, `Beta(${a}, ${a})`);
  }
  // Beta(½, ½) is the arcsine distribution, Beta(1, 1) uniform: shares of all quarters.
  for (const [a, first] of [
    [0.5, 1 / 3],
    [1, 1 / 4],
  ]) {
    const lambdas = draws({ mixup: a }).map(({ lambda }) => lambda);
    for (const [from, share] of [
      [0, first],
      [0.25, 0.5 - first],
      [0.5, 0.5 - first],
      [0.75, first],
    ]) {
      const found = lambdas.filter((v) => v >= from && v < from + 0.25).length / N;
      assert.ok(Math.abs(found - share) < 5 * Math.sqrt(share / N), `${a}: ${from} has ${found}`);
    }
  }
  // As α falls, nothing is mixed; as it grows, all is mixed evenly.
  assert.ok(draws({ mixup: 1e-300 }).every(({ lambda }) => lambda === 0 || lambda === 1));
  assert.ok(draws({ mixup: 1e9 }).every(({ lambda }) => Math.abs(lambda - 0.5) < 1e-3));
});

test('samples, epochs, seeds and options are independent', () => {
  const brightness = (options: AugmentOptions, epoch = 0) =>
    draws({ brightness: 1, ...options }, epoch).map((t) => t.brightness);
  const base = brightness({});
  const others: [string, number[]][] = [
    ['next sample', [...base.slice(1), base[0]]],
    ['next epoch', brightness({}, 1)],
    ['another seed', brightness({ seed: 1 })],
    ['contrast', draws({ contrast: 1 }).map(({ contrast }) => contrast - 1)],
    ['lambda', draws({ mixup: 1 }).map(({ lambda }) => 2 * lambda - 1)],
  ];
  for (const [what, values] of others) {
    // Both have variance 1/3.
    const correlation = 3 * mean(base.map((v, i) => v * values[i]));
    assert.ok(Math.abs(correlation) < 5 / Math.sqrt(N), `${what}: ${correlation}`);
  }
  const all = brightness({ flip: 'both', rotate: 9, scale: [1, 2], shift: 1, cutout: 3, mixup: 1 });
  assert.equal(all, base, 'an option does not change what others draw');
});

test('the same bits in every engine', () => {
  const images = numbers(16 * 8 * 8 * 3, 1);
  const augmentation = data.augment({
    flip: 'both',
    rotate: 45,
    scale: [0.7, 1.4],
    shift: 2,
    contrast: 0.5,
    brightness: 0.5,
    cutout: 3,
    mixup: 0.3,
    seed: 2 ** 50,
  });
  const to = new Float32Array(images.length);
  const indices = Array.from({ length: 16 }, (_, i) => 15 - i);
  data.augmentBatch(to, images, [8, 8, 3], augmentation, { epoch: 1000, indices });
  const hash = createHash('sha256').update(new Uint8Array(to.buffer)).digest('hex');
  assert.is(hash, '4ea883ab7ca3e35d50f8b24a8206391052afdc7bdbe653caf13bb6b558a05b67');
});

test('mixes: partners and shares as the batch has them', () => {
  const augmentation = data.augment({ mixup: 0.3, seed: 4 });
  const indices = [4, 0, 9];
  const { partners, lambdas } = data.mixes(augmentation, 10, { epoch: 2, indices });
  const images = Float32Array.from({ length: 10 }, (_, i) => i);
  const to = new Float32Array(3);
  data.augmentBatch(to, images, [1, 1, 1], augmentation, { epoch: 2, indices });
  close(
    to,
    indices.map((sample, i) => lambdas[i] * sample + (1 - lambdas[i]) * partners[i]),
    { rtol: 1e-6 },
  );
  assert.ok(lambdas.some((lambda) => lambda > 0 && lambda < 1));
  const none = data.mixes(data.augment({}), 10, { epoch: 2, indices });
  assert.equal([...none.lambdas], [1, 1, 1]);
});

test('a description is plain, frozen, and the same from its own JSON', () => {
  const augmentation = data.augment({ flip: 'horizontal', crop: { padding: 4 }, seed: 3 });
  assert.equal(JSON.parse(JSON.stringify(augmentation)), augmentation);
  assert.throws(() => {
    any(augmentation).seed = 4;
  });
});

test('options that make no sense', async () => {
  const bad: [unknown, ...string[]][] = [
    [undefined, 'options object', 'undefined'],
    [{ rotation: 3 }, "'rotation'", 'rotate'],
    [{ flip: 'left' }, 'flip', "'horizontal'", "'left'"],
    [{ flip: 'none' }, 'flip', "'none'"],
    [{ flip: true }, 'flip', 'true'],
    [{ rotate: -1 }, 'rotate', '0 to 180', '-1'],
    [{ rotate: 181 }, 'rotate', '181'],
    [{ rotate: Number.NaN }, 'rotate', 'NaN'],
    [{ scale: 0.1 }, 'scale', '[0.9, 1.1]', '0.1'],
    [{ scale: [0, 1] }, 'scale', '[0, 1]'],
    [{ scale: [1.2, 0.8] }, 'scale', '[1.2, 0.8]'],
    [{ scale: [1, Number.POSITIVE_INFINITY] }, 'scale'],
    [{ scale: [1, 1, 1] }, 'scale', '[1, 1, 1]'],
    [{ shift: 0.5 }, 'shift', 'whole number', '0.5'],
    [{ shift: -1 }, 'shift', '-1'],
    [{ shift: [1, 2, 3] }, 'shift', '[height, width]'],
    [{ crop: 4 }, 'crop', 'padding', 'not 4'],
    [{ crop: { pad: 4 } }, "'pad'", 'padding'],
    [{ crop: {} }, 'crop: padding', 'undefined'],
    [{ crop: { padding: -1 } }, 'crop: padding', '-1'],
    [{ fill: 'reflect' }, 'fill', "'edge'", "'reflect'"],
    [{ fill: Number.NaN }, 'fill'],
    [{ contrast: 1.5 }, 'contrast', '0 to 1', '1.5'],
    [{ contrast: -0.1 }, 'contrast', '-0.1'],
    [{ brightness: -2 }, 'brightness', '≥ 0', '-2'],
    [{ brightness: '1' }, 'brightness'],
    [{ cutout: 2.5 }, 'cutout', '2.5'],
    [{ mixup: -0.2 }, 'mixup', '-0.2'],
    [{ mixup: Number.POSITIVE_INFINITY }, 'mixup', 'Infinity'],
    [{ seed: -1 }, 'seed', '-1'],
    [{ seed: 0.5 }, 'seed', '0.5'],
    [{ normalize: { means: 1 } }, 'normalize', "'means'"],
    [{ normalize: null }, 'normalize', 'null'],
    [{ normalize: { std: 0 } }, 'normalize', 'std'],
  ];
  for (const [options, ...parts] of bad)
    await rejects(() => data.augment(any(options)), ValueError, ...parts);
});

test('batches that make no sense', async () => {
  const augmentation = data.augment({ shift: 1 });
  const images = new Float32Array(40);
  const call = (change: {
    to?: number;
    images?: unknown;
    shape?: number[];
    epoch?: number;
    indices?: number[];
    augmentation?: data.Augmentation;
  }) =>
    data.augmentBatch(
      new Float32Array(change.to ?? 20),
      any(change.images ?? images),
      change.shape ?? [2, 5, 1],
      change.augmentation ?? augmentation,
      { epoch: change.epoch ?? 0, indices: change.indices ?? [0, 3] },
    );
  call({});
  const coloured = data.augment({ normalize: { mean: [0, 0, 0] } });
  const bad: [Parameters<typeof call>[0], typeof ValueError | typeof ShapeError, ...string[]][] = [
    [{ images: [1, 2] }, ValueError, 'images', 'Array'],
    [{ images: images.subarray(1) }, ShapeError, '39 numbers', '[2, 5, 1]'],
    [{ images: new Float32Array(0) }, ShapeError, '0 numbers'],
    [{ shape: [10, 1] }, ShapeError, 'height, width, channels', '[10, 1]'],
    [{ shape: [2, 0, 1] }, ShapeError, 'at least 1', '[2, 0, 1]'],
    [{ to: 19 }, ShapeError, '20 numbers', '19'],
    [{ indices: [0, 4] }, ValueError, 'index 1', '4', '0 to 3'],
    [{ indices: [-1, 0] }, ValueError, 'index 0', '-1'],
    [{ indices: [0, 0.5] }, ValueError, '0.5'],
    [{ epoch: -1 }, ValueError, 'epoch', '-1'],
    [{ epoch: 0.5 }, ValueError, 'epoch', '0.5'],
    [{ augmentation: coloured }, ShapeError, '3 channels', '[2, 5, 1]'],
  ];
  for (const [change, kind, ...parts] of bad) await rejects(() => call(change), kind, ...parts);
  await rejects(() => data.mixes(augmentation, 0, { epoch: 0, indices: [] }), ValueError, 'count');
});

test.run();
