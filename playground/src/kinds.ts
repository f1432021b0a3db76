// What each kind of layer does, in a line, and what activations are called.

const lines: Readonly<Record<string, string>> = {
  conv2d: 'Lays small filters on each place of the maps below: the sum of numbers times weights.',
  depthwiseConv2d: 'Lays a filter of its own on each of the maps below.',
  dense: 'Each number is a sum of all numbers below, each times a weight.',
  maxPool2d: 'Keeps the largest number of each little window, so the maps get smaller.',
  globalMaxPool2d: 'Keeps the largest number of each map.',
  minPool2d: 'Keeps the smallest number of each little window, so the maps get smaller.',
  avgPool2d: 'Takes the mean of each little window, so the maps get smaller.',
  globalAvgPool2d: 'Takes the mean of each map: one number is left of it.',
  batchNorm: 'Brings each map to mean 0 and deviation 1, then scales and shifts it as it learned.',
  relu: 'What is below zero becomes zero; all else stays.',
  softmax: 'Turns scores into shares that sum to 1.',
  dropout: 'Leaves out numbers by chance while the network trains; here it does nothing.',
  flatten: 'Writes the numbers of all maps in one line, for the dense layers.',
  add: 'The shortcut: adds what went around to what the layers made of it, pixel by pixel.',
};

/** What a layer of a type does. */
export const lineOf = (type: string): string =>
  lines[type] ?? 'A layer from a file: point at a pixel to see what made it.';

const names: Readonly<Record<string, string>> = {
  relu: 'ReLU',
  relu6: 'ReLU6',
  leakyRelu: 'leaky ReLU',
  elu: 'ELU',
  selu: 'SELU',
  gelu: 'GELU',
  silu: 'SiLU',
  hardSigmoid: 'hard sigmoid',
  hardSwish: 'hard swish',
};

/** What an activation is called. */
export const activationName = (name: string): string => names[name] ?? name;
