// What takes the pictures of 'wasmgrad/vis', in the worker: why the network says so, what its maps look for, and how it
// sees a set of images.

import { Tensor } from 'wasmgrad/core';
import { attribute, features, gradCam, topPatches, tsne } from 'wasmgrad/vis';
import { PIXELS, SIDE } from './datasets.js';
import type { LoadedData } from './loading.js';
import type { Watcher } from './looking.js';
import type { Patches, PatchRequest, Reasons, ReasonsRequest, WorkerEvents } from './messages.js';

/** Images that patches are sought in, and steps of t-SNE: a second's work each. */
const SOUGHT = 500;
const ITERATIONS = 500;

/** Where the image speaks for a class. @param x the image as the network reads it */
export async function reasons(
  { model }: Watcher,
  x: Float32Array,
  { method, target }: ReasonsRequest,
): Promise<Reasons> {
  using image = Tensor.from(x, [1, SIDE, SIDE, 1]);
  const only = target === undefined ? {} : { target };
  using saliency = await attribute(model, image, { method, ...only });
  const has = model.layers.some(({ output: { shape } }) => shape.length === 3 && shape[0] > 1);
  const heat = has ? await gradCam(model, image, only).catch(() => undefined) : undefined;
  const result = { saliency: copyOf(saliency), heat: heat && copyOf(heat) };
  heat?.dispose();
  return result;
}

const copyOf = ({ data }: Tensor): Float32Array<ArrayBuffer> => Float32Array.from(data);

/** The parts of test images that a map answers to most. */
export async function patches(
  { model }: Watcher,
  { test: { x, y } }: LoadedData,
  { layer, unit }: PatchRequest,
): Promise<Patches> {
  using images = Tensor.from(x.slice(0, SOUGHT * PIXELS), [SOUGHT, SIDE, SIDE, 1]);
  const found = await topPatches(model, images, { layer, unit, count: 12 });
  return found.map(({ index, value, picture: { width, height, data } }) => ({
    label: y[index],
    value,
    width,
    height,
    data: new Uint8ClampedArray(data),
  }));
}

/** Test images as points in the plane, by what the last layer before the scores makes of them. Tells how they lie. */
export async function plane(
  { model }: Watcher,
  { test: { x } }: LoadedData,
  count: number,
  tell: (plane: WorkerEvents['plane']) => void,
): Promise<undefined> {
  using images = Tensor.from(x.slice(0, count * PIXELS), [count, SIDE, SIDE, 1]);
  const layer = model.layers.at(-2) ?? model.layers[0];
  using points = await features(model, images, layer.name);
  const places = await tsne(points, {
    iterations: ITERATIONS,
    onProgress: (done, places) => tell({ done, places: Float32Array.from(places) }),
  });
  places.dispose();
  return undefined;
}
