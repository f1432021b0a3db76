// The entry 'wasmgrad/vis': pictures of what a network learned, and of why it said so.

export { type AttributeOptions, type AttributionMethod, attribute } from './attribute.js';
export { colorize, type Range, type Scale } from './colors.js';
export { type GradCamOptions, gradCam } from './gradcam.js';
export { activations, filters } from './maps.js';
export type { Picture } from './picture.js';
export type { Target } from './samples.js';
export { overlay, type SheetOptions, sheet } from './sheet.js';
