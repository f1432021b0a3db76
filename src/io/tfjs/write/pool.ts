// Pools in TF.js, which has no numbers of padding and rounds down: zeros are put around images where they change nothing.

import { checkPadding } from '../../../base/shape.js';
import type { SymbolicTensor } from '../../../core.js';
import {
  adaptivePoolGeometry,
  type PoolGeometry,
  poolGeometry,
} from '../../../operators/pool/pool.emit.js';
import { windowAttributes } from '../../onnx/writers/windows.js';
import { channelsLast, optionsOf, roundsUp, type Step, type Writer, zeros } from './step.js';
import { wordOf } from './windows.js';

/** Activations, as layers or as their options, that make no negative numbers. */
const nonNegative = new Set(['relu', 'relu6', 'sigmoid', 'softmax', 'softplus', 'hardSigmoid']);

/** Layers that make no negative numbers of others. */
const keepsSign =
  /^(maxPool2d|avgPool2d|adaptive\w+Pool2d|dropout|spatialDropout2d|concat|add|multiply|zeroPadding2d|upsampling2d)$/;

/** Whether a tensor is known to have no negative numbers. */
function isNonNegative({ layer, inputs }: SymbolicTensor): boolean {
  if (nonNegative.has(layer.type) || nonNegative.has(optionsOf(layer).activation)) return true;
  return keepsSign.test(layer.type) && inputs.every(isNonNegative);
}

const windowsOf = (g: PoolGeometry, padding: 'valid' | 'same') => ({
  pool_size: [g.kernelHeight, g.kernelWidth],
  strides: [g.strideHeight, g.strideWidth],
  ...{ padding, ...channelsLast },
});

export const pool2d =
  (type: 'MaxPooling2D' | 'AveragePooling2D'): Writer =>
  (layer, x) => {
    const options = optionsOf(layer);
    const g = poolGeometry([1, ...x.shape], options);
    const sides = checkPadding(options.padding ?? 'valid');
    const { pads } = windowAttributes(g, x);
    const [top, left, bottom, right] = pads;
    if (sides === 'same' && options.dimRoundingMode !== 'ceil')
      return [{ type, config: windowsOf(g, 'same') }];
    const valid = { type, config: windowsOf(g, 'valid') };
    if (pads.every((side) => side === 0)) return [valid];
    if (type === 'MaxPooling2D' && isNonNegative(x))
      return [
        ...zeros([
          [top, bottom],
          [left, right],
          [0, 0],
        ]),
        valid,
      ];
    return options.dimRoundingMode === 'ceil' ? roundsUp : 'its padding is neither same nor valid';
  };

/** Windows that all have one size are those of an ordinary pool. */
export const adaptivePool =
  (type: 'MaxPooling2D' | 'AveragePooling2D'): Writer =>
  (layer, { shape }) => {
    const g = adaptivePoolGeometry([1, ...shape], optionsOf(layer));
    const isEven = g.strideHeight > 0 && g.strideWidth > 0;
    return isEven
      ? [{ type, config: windowsOf(g, 'valid') }]
      : `its windows over [${shape.slice(0, 2).join(', ')}] have several sizes`;
  };

/** The minimum is −max(−x). */
export const minPool2d: Writer = (layer, x) => {
  const negative = (end?: string): Step => ({
    ...{ type: 'Rescaling', config: { scale: -1, offset: 0 }, end },
  });
  const made = pool2d('MaxPooling2D')(layer, x);
  if (typeof made === 'string') return made;
  if (made.length > 1) return 'its padding is neither same nor valid';
  return [negative('_negative'), { ...made[0], end: '_pool' }, negative()];
};

export const pool1d =
  (type: string): Writer =>
  (layer) => {
    const {
      poolSize = 2,
      strides = poolSize,
      padding = 'valid',
      dimRoundingMode,
    } = optionsOf(layer);
    if (dimRoundingMode === 'ceil') return roundsUp;
    const word = wordOf(padding);
    if (!word) return 'its padding is neither same nor valid';
    return [{ type, config: { pool_size: [poolSize], strides: [strides], padding: word } }];
  };
