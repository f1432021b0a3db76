// The rooms behind the first one: their code comes in one file, when one of them is opened.

export { comparePanel } from './panels/compare.js';
export { convolvePanel } from './panels/convolve.js';
export { lookPanel } from './panels/look.js';
export { mistakesPanel } from './panels/mistakes.js';
export { speedPanel } from './panels/speed.js';
export { takePanel } from './panels/take.js';
export { teachPanel } from './panels/teach.js';
