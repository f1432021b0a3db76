// Conv and ConvTranspose, over signals, images and volumes.

import { layers } from '../../../core.js';
import type { Layer } from '../../../network/layer.js';
import { arranged } from '../../importing/arrange.js';
import { arrays } from '../../importing/arrays.js';
import { imagesOf, type Make, type WeightSource, weightOf } from '../../importing/builder.js';
import type { Activation, Value } from '../../importing/value.js';
import { ownActivation } from '../fold.js';
import type { Node } from '../node.js';
import { halves, onLine, type Placement, placementOf, spatialSides } from './windows.js';

/** A filter [outputs, inputs, ...sides], as the layer has it: [...sides, inputs, outputs]. */
const kernelSource = (value: Value): WeightSource =>
  weightOf(value, [...value.shape.keys()].slice(2).concat(1, 0));

/** What both have: the input and the weights. */
interface Parts {
  readonly x: Activation;
  readonly w: Value;
  readonly bias: Value | undefined;
}

function partsOf(node: Node): Parts {
  const x = node.activation();
  const w = node.input(1);
  if (w.shape.length !== x.rank)
    node.fail(`its filter must have ${x.rank} dimensions, as its input has`);
  return { x, w, bias: node.inputs[2] };
}

const weightsOf = ({ w, bias }: Parts) => ({
  kernel: kernelSource(w),
  bias: bias && weightOf(bias, [0]),
});

/** Options that convolutions in both directions have. */
function commonOptions(
  node: Node,
  { bias }: Parts,
  placement: Placement,
  kernel: readonly number[],
) {
  return {
    kernelSize: kernel as never,
    strides: placement.strides as never,
    dilation: placement.dilations as never,
    padding: placement.pads as never,
    useBias: bias !== undefined,
    kernelInitializer: 'zeros' as const,
    ...ownActivation(node),
  };
}

/** Y = W ⋆ X + B. */
export function conv(node: Node): Value {
  const parts = partsOf(node);
  const { x, w } = parts;
  const kernel = w.shape.slice(2);
  const placement = placementOf(node, spatialSides(node, x), kernel);
  const groups = node.int('group', 1);
  const [filters, channels] = w.shape;
  if (channels * groups !== x.shape[1])
    node.fail(`its filter takes ${channels * groups} channels, its input has ${x.shape[1]}`);
  // Where the pixels depend on the image's sides, they must be no option of the layer, which serves images of all sizes.
  const mode = node.text('auto_pad');
  const same = mode === 'SAME_UPPER' ? { padding: 'same' as const } : {};
  const isApart = mode === 'SAME_LOWER' && placement.strides.some((stride) => stride > 1);
  const pads = placement.pads.map((): [number, number] => [0, 0]);
  const own = isApart ? { ...placement, pads } : placement;
  const options = { ...commonOptions(node, parts, own, kernel), ...same, filters, groups };
  const make: Make = (name): Layer => {
    if (x.rank === 5) return arrays().conv3d({ ...options, name });
    const all = { ...options, dimRoundingMode: 'floor' as const, name };
    return x.rank === 3 ? layers.conv1d(onLine(all)) : layers.conv2d(all);
  };
  const from = isApart ? padded(x, placement.pads) : x;
  return node.builder.overImages(from, make, weightsOf(parts));
}

/** Images with zeros around them, by a layer that has no name of the file's. */
function padded(x: Activation, pads: readonly [number, number][]): Activation {
  const [batch, channels, ...sides] = x.axes;
  const last = [...sides, channels];
  const from = arranged(x, x.hasBatch ? last : [batch, ...last]);
  const none = [0, 0] as const;
  const padding = [...(x.hasBatch ? [] : [none]), ...pads, none];
  return imagesOf(arrays().pad({ padding }).apply(from), x.hasBatch);
}

/** Y = the gradient of such a convolution for its input. */
export function convTranspose(node: Node): Value {
  const parts = partsOf(node);
  const { x, w } = parts;
  const kernel = w.shape.slice(2);
  const groups = node.int('group', 1);
  const { outputPadding, ...placement } = transposedPlacement(node, kernel);
  const options = {
    ...commonOptions(node, parts, placement, kernel),
    filters: w.shape[1] * groups,
    outputPadding: outputPadding as never,
  };
  const grouped = groups > 1 ? { groups } : {};
  const make: Make = (name): Layer => {
    if (x.rank === 3) return arrays().conv1dTranspose({ ...options, ...grouped, name });
    if (x.rank === 5) return arrays().conv3dTranspose({ ...options, ...grouped, name });
    return groups > 1
      ? arrays().groupedConv2dTranspose({ ...options, ...grouped, name })
      : layers.conv2dTranspose({ ...options, name });
  };
  return node.builder.overImages(x, make, weightsOf(parts));
}

/** `output_shape` says how much is cut off or added: at the end, or by halves. */
function transposedPlacement(
  node: Node,
  kernel: readonly number[],
): Placement & { outputPadding: number[] } {
  const sides = spatialSides(node, node.activation());
  const mode = node.text('auto_pad', 'NOTSET');
  const { strides, dilations, pads } = placementOf(node, sides, kernel);
  const more = node.ints('output_padding') ?? sides.map(() => 0);
  const wanted =
    node.ints('output_shape')?.slice(-sides.length) ??
    (mode.startsWith('SAME') ? sides.map((side, i) => side * strides[i]) : undefined);
  if (!wanted) return { strides, dilations, pads, outputPadding: more };
  const added = [...more];
  const cut = sides.map((side, i): [number, number] => {
    const whole = strides[i] * (side - 1) + (kernel[i] - 1) * dilations[i] + 1;
    const total = whole + more[i] - wanted[i];
    if (total >= 0) return halves(node, total);
    added[i] = more[i] - total;
    return [0, 0];
  });
  return { strides, dilations, pads: cut, outputPadding: added };
}
