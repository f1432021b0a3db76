// Networks as numbers: a chain of layers, of which residual ones and branches have chains inside.

import { sizeOf } from '../src/base/shape.js';

/** What a tensor is filled with: centre + limit · `numbers` of the seed, rounded to float32. */
export interface Filling {
  shape: readonly number[];
  seed: number;
  centre: number;
  limit: number;
}

/** Batch normalisation's: training begins with these scales and shifts, inference has the statistics too. */
export type NormFillings = Record<'gamma' | 'beta' | 'mean' | 'variance', Filling>;

/** Of both sides, or of height and width. */
export type Sides = number | readonly [number, number];

interface Conv {
  type: 'conv';
  filters: number;
  kernel: Sides;
  stride: number;
  pad: Sides;
  /** Normalisation behind the convolution, instead of a bias. */
  batchNorm: boolean;
  /** Whether ReLU ends it. */
  relu: boolean;
  /** A bias before the normalisation, as tf.layers has it by default: it costs time, and changes no loss. */
  bias?: boolean;
}

/** Takes images flattened as height, width, channels. */
interface Dense {
  type: 'dense';
  units: number;
  relu: boolean;
}

/** Every stride-th pixel, and channels of zeros behind its own. */
interface IdentityShortcut {
  type: 'identityShortcut';
  filters: number;
  stride: number;
}

type Pool =
  | { type: 'maxPool'; size: number; stride: number; pad: number }
  | { type: 'globalAvgPool' };

/** ReLU of what the body makes of x, and the shortcut: a chain without layers gives x itself. */
interface Residual<Layer> {
  type: 'residual';
  body: readonly Layer[];
  shortcut: readonly Layer[];
}

/** What all chains make of x, behind each other as channels. */
interface Branches<Layer> {
  type: 'branches';
  chains: readonly (readonly Layer[])[];
}

/** A layer by itself. */
export type LayerPlan =
  | Conv
  | Dense
  | Pool
  | IdentityShortcut
  | Residual<LayerPlan>
  | Branches<LayerPlan>;

/** A convolution in its place: with a name of its own, and a kernel HWIO; its bias begins at zero. */
export interface ConvLayer extends Conv {
  name: string;
  weights: { kernel: Filling; norm?: NormFillings };
}

/** What comes in, of one sample. */
interface Placed {
  inputShape: readonly number[];
}

/** A dense layer in its place, of kernel [inputs, units]; its bias begins at zero. */
export interface DenseLayer extends Dense, Placed {
  name: string;
  weights: { kernel: Filling };
}

/** A layer of a network. */
export type NetworkLayer =
  | ConvLayer
  | DenseLayer
  | Pool
  | (IdentityShortcut & Placed)
  | Residual<NetworkLayer>
  | Branches<NetworkLayer>;

/** Seeds of the first layer with weights, and from it to the next. */
const [FIRST_SEED, SEEDS] = [100, 5];

/** The layers in their places, in a network whose samples have this shape. */
export function placed(
  plans: readonly LayerPlan[],
  inputShape: readonly number[],
): readonly NetworkLayer[] {
  let count = 0;
  function weights(type: string, shape: readonly number[]) {
    const seed = FIRST_SEED + SEEDS * count;
    // He's limit, for ReLU.
    const limit = Math.sqrt(6 / sizeOf(shape.slice(0, -1)));
    return { name: `${type}${count++}`, weights: { kernel: { shape, seed, centre: 0, limit } } };
  }
  function place(plan: LayerPlan, shape: readonly number[]): NetworkLayer {
    switch (plan.type) {
      case 'conv': {
        const { kernel, filters, batchNorm } = plan;
        const layer = { ...plan, ...weights('conv', [...bothSides(kernel), shape[2], filters]) };
        if (!batchNorm) return layer;
        const norm = normFillings(filters, layer.weights.kernel.seed + 1);
        return { ...layer, weights: { ...layer.weights, norm } };
      }
      case 'dense':
        return { ...plan, ...weights('dense', [sizeOf(shape), plan.units]), inputShape: shape };
      case 'residual':
        return { ...plan, body: chain(plan.body, shape), shortcut: chain(plan.shortcut, shape) };
      case 'branches':
        return { ...plan, chains: plan.chains.map((parts) => chain(parts, shape)) };
      case 'identityShortcut':
        return { ...plan, inputShape: shape };
      default:
        return plan;
    }
  }
  function chain(parts: readonly LayerPlan[], entering: readonly number[]): NetworkLayer[] {
    let shape = entering;
    return parts.map((plan) => {
      const layer = place(plan, shape);
      shape = shapeAfter(plan, shape);
      return layer;
    });
  }
  return chain(plans, inputShape);
}

/** None is what it would be without it: a forgotten one shows. */
function normFillings(channels: number, seed: number): NormFillings {
  const shape = [channels];
  return {
    gamma: { shape, seed, centre: 1, limit: 0.5 },
    beta: { shape, seed: seed + 1, centre: 0, limit: 0.1 },
    mean: { shape, seed: seed + 2, centre: 0, limit: 0.1 },
    variance: { shape, seed: seed + 3, centre: 1, limit: 0.5 },
  };
}

/** One sample's shape, after the layers. */
export const outputShape = (
  plans: readonly LayerPlan[],
  inputShape: readonly number[],
): readonly number[] => plans.reduce((shape, plan) => shapeAfter(plan, shape), inputShape);

function shapeAfter(plan: LayerPlan, shape: readonly number[]): readonly number[] {
  const [side, , channels] = shape;
  switch (plan.type) {
    case 'conv': {
      const [kernel, pad] = [bothSides(plan.kernel), bothSides(plan.pad)];
      const output = [0, 1].map((axis) =>
        outputSide(shape[axis], { ...plan, kernel: kernel[axis], pad: pad[axis] }),
      );
      return [...output, plan.filters];
    }
    case 'maxPool':
      return square(outputSide(side, { ...plan, kernel: plan.size }), channels);
    case 'globalAvgPool':
      return [channels];
    case 'identityShortcut':
      return square(Math.ceil(side / plan.stride), plan.filters);
    case 'residual':
      return outputShape(plan.body, shape);
    case 'branches': {
      const outputs = plan.chains.map((parts) => outputShape(parts, shape));
      const [height, width] = outputs[0];
      return [height, width, outputs.reduce((sum, output) => sum + output[2], 0)];
    }
    case 'dense':
      return [plan.units];
  }
}

/** Products that layers with weights sum up for one sample of this shape. */
export function multiplyAdds(
  layers: readonly NetworkLayer[],
  inputShape: readonly number[],
): number {
  let shape = inputShape;
  let sum = 0;
  for (const layer of layers) {
    const output = shapeAfter(layer, shape);
    if (layer.type === 'residual')
      sum += multiplyAdds(layer.body, shape) + multiplyAdds(layer.shortcut, shape);
    else if (layer.type === 'branches')
      for (const parts of layer.chains) sum += multiplyAdds(parts, shape);
    else if (layer.type === 'dense') sum += sizeOf(layer.weights.kernel.shape);
    else if (layer.type === 'conv')
      sum += sizeOf(layer.weights.kernel.shape) * sizeOf(output.slice(0, 2));
    shape = output;
  }
  return sum;
}

const square = (side: number, channels: number) => [side, side, channels];

/** Height and width. */
export const bothSides = (sides: Sides): [number, number] =>
  typeof sides === 'number' ? [sides, sides] : [...sides];

/** Height and width of what a square window makes of a square image. */
export function outputSide(
  side: number,
  { kernel, stride, pad }: { kernel: number; stride: number; pad: number },
): number {
  return Math.floor((side + 2 * pad - kernel) / stride) + 1;
}
