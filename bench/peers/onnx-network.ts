// Networks as exporters write them for inference: normalisation folded into convolutions, images NCHW.

import { bothSides, type DenseLayer, type NetworkLayer, type Sides } from '../layers.js';
import type { InferenceWork } from '../work.js';
import { Axes, beginning, folded, permuted } from './adapter.js';
import type { Constant, Graph, Node } from './onnx.js';

/** The network as a graph. */
export function networkGraph({ batch, side, channels, classes, layers }: InferenceWork): Graph {
  const nodes: Node[] = [];
  const constants: Record<string, Constant> = {};
  const constant = (shape: readonly number[], data: Constant['data']): string => {
    const name = `c${Object.keys(constants).length}`;
    constants[name] = { shape, data };
    return name;
  };
  const node = (op: string, inputs: readonly string[], attributes: Node['attributes'] = {}) => {
    const output = `t${nodes.length}`;
    nodes.push({ op, inputs, output, attributes });
    return output;
  };
  const chain = (parts: readonly NetworkLayer[], from: string) =>
    parts.reduce((x, layer) => apply(layer, x), from);
  const rectified = (y: string, relu: boolean) => (relu ? node('Relu', [y]) : y);

  function apply(layer: NetworkLayer, x: string): string {
    switch (layer.type) {
      case 'conv': {
        const { kernel, bias } = folded(layer);
        const { shape } = layer.weights.kernel;
        const w = permuted(kernel, shape, Axes.toOIHW);
        const order = Axes.toOIHW.map((axis) => shape[axis]);
        const inputs = [x, constant(order, w), constant([layer.filters], bias)];
        return rectified(node('Conv', inputs, window(layer.kernel, layer)), layer.relu);
      }
      case 'maxPool':
        return node('MaxPool', [x], window(layer.size, layer));
      case 'globalAvgPool':
        return node('GlobalAveragePool', [x]);
      case 'identityShortcut': {
        const { filters, stride, inputShape } = layer;
        const kept = node('AveragePool', [x], window(1, { stride, pad: 0 }));
        // Before each axis of NCHW, then behind each.
        const pads = [0, 0, 0, 0, 0, filters - inputShape[2], 0, 0];
        return node('Pad', [kept, constant([8], BigInt64Array.from(pads, BigInt))]);
      }
      case 'residual': {
        const sum = node('Add', [chain(layer.body, x), chain(layer.shortcut, x)]);
        return node('Relu', [sum]);
      }
      case 'branches': {
        const parts = layer.chains.map((each) => chain(each, x));
        return node('Concat', parts, { axis: 1 });
      }
      case 'dense': {
        const { weights, units, relu } = layer;
        const w = constant(weights.kernel.shape, channelsFirst(layer));
        const b = constant([units], new Float32Array(units));
        return rectified(node('Gemm', [node('Flatten', [x]), w, b]), relu);
      }
    }
  }

  chain(layers, 'x');
  nodes[nodes.length - 1].output = 'y';
  return { x: [batch, channels, side, side], y: [batch, classes], nodes, constants };
}

/** Attributes of a window. */
const window = (kernel: Sides, { stride, pad }: { stride: number; pad: Sides }) => ({
  kernel_shape: bothSides(kernel),
  strides: bothSides(stride),
  pads: [...bothSides(pad), ...bothSides(pad)],
});

/** A dense layer's kernel, its rows in the order in which images NCHW are flattened. */
function channelsFirst({ weights, inputShape, units }: DenseLayer): Float32Array {
  const values = beginning(weights.kernel);
  return inputShape.length === 1 ? values : permuted(values, [...inputShape, units], [2, 0, 1, 3]);
}
