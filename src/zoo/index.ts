// Networks by name, each a function of { classes, inputShape, seed }.

export { type AlexNetOptions, alexnet } from './alexnet.js';
export { allCnn } from './allcnn.js';
export { type GoogLeNetOptions, googlenet } from './googlenet.js';
export { lenet5, lenet5Classic } from './lenet5.js';
export { mobilenetV2 } from './mobilenet.js';
export { nin } from './nin.js';
export type { ZooOptions } from './options.js';
export { type ResNetOptions, resnet } from './resnet.js';
export { type SqueezeNetOptions, squeezenet } from './squeezenet.js';
export { type VggOptions, vgg11, vgg13, vgg16, vgg19 } from './vgg.js';
