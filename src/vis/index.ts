// The entry 'wasmgrad/vis': pictures of what a network learned, and of why it said so.

export { attribute } from './attribute.js';
export type { AttributeOptions, AttributionMethod } from './attributework.js';
export { colorize, type Range, type Scale } from './colors.js';
export { type ConfusionOptions, type Confusions, confusion } from './confusion.js';
export { costs } from './costs.js';
export { type Dissection, type DissectOptions, dissect } from './dissect.js';
export { type FeaturesOptions, features } from './features.js';
export type { Box } from './fields.js';
export type { Plottable, Series } from './frames.js';
export { type GradCamOptions, gradCam } from './gradcam.js';
export {
  type Change,
  type Invariance,
  type InvarianceCurve,
  type InvarianceOptions,
  invariance,
} from './invariance.js';
export { type LegendOptions, legend } from './legend.js';
export { activations, filters, type TileOptions } from './maps.js';
export { type MaximizeOptions, maximize } from './maximize.js';
export { type Neighbor, nearest } from './neighbors.js';
export { type Patch, type TopPatchesOptions, topPatches } from './patches.js';
export { pca } from './pca.js';
export type { Picture } from './picture.js';
export { type PlotOptions, plot } from './plot.js';
export { type ReportData, type ReportOptions, report } from './report/report.js';
export type { Target } from './samples.js';
export { overlay, type SheetOptions, sheet } from './sheet.js';
export { type TsneOptions, tsne } from './tsne.js';
