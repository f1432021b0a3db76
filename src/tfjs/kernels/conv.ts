// Convolutions, and their gradients.

import { backend_util, util } from '@tensorflow/tfjs-core';
import { ValueError } from '../../base/errors.js';
import type { Shape } from '../../base/shape.js';
import {
  convBackwardFilter,
  convBackwardInput,
  convForward,
} from '../../operators/conv/conv.emit.js';
import {
  type ConvGeometry,
  convGeometry,
  convOutputShape,
} from '../../operators/conv/geometry.emit.js';
import { none } from '../../program/emitter.js';
import type { Native, Plan } from '../kernel.js';
import { type Fused, rectifies, squash } from './fused.js';

type Padding = Parameters<typeof backend_util.computeConv2DInfo>[4];

/** What TF.js's convolutions are given. */
interface ConvAttributes extends Fused {
  readonly strides: number | [number, number];
  readonly pad: Padding;
  readonly dilations?: number | [number, number] | null;
  readonly dataFormat?: 'NHWC' | 'NCHW' | null;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil' | null;
}

/** A convolution's sizes, by TF.js's own arithmetic. @throws {ValueError} for what ours cannot do */
function geometry(
  inputShape: Shape,
  filterShape: Shape,
  { strides, pad, dilations, dataFormat, dimRoundingMode }: ConvAttributes,
  isDepthwise: boolean,
): { readonly g: ConvGeometry; readonly filterShape: Shape } {
  if (inputShape.length !== 4 || (dataFormat ?? 'NHWC') !== 'NHWC')
    throw new ValueError('only images');
  const info = backend_util.computeConv2DInfo(
    inputShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode ?? undefined,
    isDepthwise,
  );
  const { top, bottom, left, right } = info.padInfo;
  const { filterHeight, filterWidth, inChannels, outChannels } = info;
  const own = isDepthwise ? [filterHeight, filterWidth, 1, outChannels] : filterShape;
  const g = convGeometry(inputShape, own, {
    strides: [info.strideHeight, info.strideWidth],
    dilation: [info.dilationHeight, info.dilationWidth],
    padding: [
      [top, bottom],
      [left, right],
    ],
    dimRoundingMode: 'floor',
    groups: isDepthwise ? inChannels : 1,
  });
  if (!util.arraysEqual([...convOutputShape(g)], info.outShape))
    throw new ValueError('another shape');
  return { g, filterShape: own };
}

/** y = filter ⋆ x, with what fused kernels add. */
function forward(
  [x, filter, bias, slopes]: readonly Shape[],
  attrs: ConvAttributes,
  isDepthwise: boolean,
): Plan | undefined {
  const { g, filterShape } = geometry(x, filter, attrs, isDepthwise);
  if (slopes || (bias && !(bias.length === 1 && bias[0] === g.filters))) return undefined;
  return {
    shapes: [convOutputShape(g)],
    emit: (e, [y], [vx, vf, vb]) => {
      const after = { bias: vb ?? none, rectify: rectifies(attrs) };
      convForward(e, y, vx, vf.view(filterShape), g, after);
      squash(e, y, attrs);
    },
  };
}

function backwardInput(
  [dy, filter]: readonly Shape[],
  attrs: ConvAttributes & { readonly inputShape: Shape },
  isDepthwise: boolean,
): Plan | undefined {
  const { g, filterShape } = geometry(attrs.inputShape, filter, attrs, isDepthwise);
  // conv2dTranspose asks for results that the geometry contradicts.
  if (!util.arraysEqual([...dy], [...convOutputShape(g)])) return undefined;
  return {
    shapes: [attrs.inputShape],
    emit: (e, [dx], [vdy, vf]) => convBackwardInput(e, dx, vdy, vf.view(filterShape), g),
  };
}

function backwardFilter(
  [x, dy]: readonly Shape[],
  attrs: ConvAttributes & { readonly filterShape: Shape },
  isDepthwise: boolean,
): Plan | undefined {
  const { g, filterShape } = geometry(x, attrs.filterShape, attrs, isDepthwise);
  if (!util.arraysEqual([...dy], [...convOutputShape(g)])) return undefined;
  return {
    shapes: [attrs.filterShape],
    emit: (e, [dw], [vx, vdy]) => convBackwardFilter(e, dw.view(filterShape), vx, vdy, g),
  };
}

/** While gradients are taped, a bias and ReLU may follow. */
const begins = { waits: 'taped', takesBias: true, takesRelu: true } as const;

const fused = ['x', 'filter', 'bias', 'preluActivationWeights'];

/** A convolution, the same with what is fused to it, and its gradients. */
function ofConv(name: string, fusedName: string, isDepthwise: boolean): readonly Native[] {
  const plan: Native['plan'] = (s, a) => forward(s, a, isDepthwise);
  return [
    { name, inputs: ['x', 'filter'], ...begins, plan },
    { name: fusedName, inputs: fused, ...begins, plan },
    {
      name: `${name}BackpropInput`,
      inputs: ['dy', 'filter'],
      // TF.js computes that of the first layer too, and throws it away.
      waits: isDepthwise ? undefined : 'always',
      plan: (s, a) => backwardInput(s, a, isDepthwise),
    },
    {
      name: `${name}BackpropFilter`,
      inputs: ['x', 'dy'],
      plan: (s, a) => backwardFilter(s, a, isDepthwise),
    },
  ];
}

export const convKernels: readonly Native[] = [
  ...ofConv('Conv2D', 'FusedConv2D', false),
  ...ofConv('DepthwiseConv2dNative', 'FusedDepthwiseConv2D', true),
];
