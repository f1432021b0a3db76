// Networks by name, each a function of { classes, inputShape, seed }.

export { lenet5 } from './lenet5.js';
export type { ZooOptions } from './options.js';
export { type ResNetOptions, resnet } from './resnet.js';
