// Networks by name, each a function of { classes, inputShape, seed }.

export { lenet5, type ZooOptions } from './lenet5.js';
