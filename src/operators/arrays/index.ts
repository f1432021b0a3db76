// STUB until the branch `arrays` is merged.

import type { Layer, LayerOptions } from '../../network/layer.js';

export type MapOptions = LayerOptions & { fn: string; alpha?: number; beta?: number };
export type CombineFn = string;
export type ReduceFn = 'sum' | 'mean' | 'max' | 'min' | 'prod' | 'l1' | 'l2' | 'sumSquare';
export interface ResizeOptions extends LayerOptions {
  axes: readonly number[];
  mode: 'nearest' | 'linear' | 'cubic';
  coordinates: string;
  nearest?: string;
  scales?: readonly number[];
  sizes?: readonly number[];
  cubicCoefficient?: number;
  excludeOutside?: boolean;
  antialias?: boolean;
  extrapolation?: number;
  roi?: readonly number[];
}
type Make = (options: any) => Layer;
const stub =
  (name: string): Make =>
  () => {
    throw new Error(`stub ${name}`);
  };
export const map = stub('map');
export const combine = stub('combine');
export const combineWeight = stub('combineWeight');
export const reduce = stub('reduce');
export const argMax = stub('argMax');
export const argMin = stub('argMin');
export const transpose = stub('transpose');
export const slice = stub('slice');
export const pad = stub('pad');
export const expand = stub('expand');
export const constant = stub('constant');
export const depthToSpace = stub('depthToSpace');
export const spaceToDepth = stub('spaceToDepth');
export const resize = stub('resize');
export const layerNorm = stub('layerNorm');
export const groupNorm = stub('groupNorm');
export const instanceNorm = stub('instanceNorm');
export const matMul = stub('matMul');
export const conv3d = stub('conv3d');
export const conv3dTranspose = stub('conv3dTranspose');
export const maxPool3d = stub('maxPool3d');
export const avgPool3d = stub('avgPool3d');
export const lpPool3d = stub('lpPool3d');
export const useArrays = async (): Promise<void> => {};
export { wrapped } from './wrapped.layer.js';
