// What can be compared: two networks each, that differ in one thing only.

import { average, conv, dense, flat, type LayerSpec, output, pool, same } from './networks.js';

/** One of the two. */
export interface Side {
  readonly title: string;
  /** What it is made of, in words. */
  readonly about: string;
  readonly layers: readonly LayerSpec[];
  readonly optimizer: 'sgd' | 'adam';
  /** Of its own, where the two do not share one. */
  readonly learningRate?: number;
}

interface Comparison {
  readonly title: string;
  /** At which the difference shows. */
  readonly learningRate: number;
  /** What to look for. */
  readonly remark: string;
  readonly sides: readonly [Side, Side];
}

const repeat = <T>(count: number, list: readonly T[]): T[] =>
  Array.from({ length: count }, () => list).flat();

const relu: LayerSpec = { type: 'relu', options: {} };
const norm: LayerSpec = { type: 'batchNorm', options: { momentum: 0.9 } };
const means: LayerSpec = { type: 'avgPool2d', options: {} };
const bare = (filters: number): LayerSpec => conv(filters, 3, { ...same, activation: 'linear' });
const normed = (filters: number): LayerSpec[] => [bare(filters), norm, relu];
const block: LayerSpec = {
  type: 'residual',
  options: { filters: 8, kernelSize: 3, batchNorm: true, projection: false },
};

/** Four convolutions, and what comes after each. */
const four = (after: readonly LayerSpec[]): LayerSpec[] => [
  ...repeat(2, [bare(8), ...after]),
  pool,
  ...repeat(2, [bare(16), ...after]),
  pool,
  flat,
  output,
];

/** Seventeen convolutions: one, and those in the middle. */
const deep = (middle: readonly LayerSpec[]): LayerSpec[] => [
  ...normed(8),
  pool,
  ...middle,
  pool,
  average,
  output,
];

const small = (pooling: LayerSpec): LayerSpec[] => [
  conv(8, 5, same),
  pooling,
  conv(16, 5),
  pooling,
  flat,
  dense(64),
  output,
];

const optimizer = 'sgd';

export const comparisons: Readonly<Record<string, Comparison>> = {
  batchNorm: {
    title: 'Without and with batch normalisation',
    learningRate: 0.2,
    remark:
      'At so large a learning rate only the one with batch normalisation learns. Try 0.03: both do.',
    sides: [
      {
        title: 'without',
        about: 'four convolutions, each with ReLU',
        layers: four([relu]),
        optimizer,
      },
      {
        title: 'with',
        about: 'four convolutions, each with batch normalisation and ReLU',
        layers: four([norm, relu]),
        optimizer,
      },
    ],
  },
  residual: {
    title: 'Plain and residual, 17 convolutions deep',
    learningRate: 0.03,
    remark: 'Shortcuts let the gradient through: the same depth learns in fewer steps.',
    sides: [
      {
        title: 'plain',
        about: '17 convolutions in a row, with batch normalisation',
        layers: deep(repeat(16, normed(8))),
        optimizer,
      },
      {
        title: 'residual',
        about: 'the same, with a shortcut around every two of them',
        layers: deep(repeat(8, [block])),
        optimizer,
      },
    ],
  },
  pooling: {
    title: 'Max and average pooling',
    learningRate: 0.03,
    remark:
      'Max pooling keeps the strongest answer of a window, average pooling the mean: which is better depends on the images.',
    sides: [
      { title: 'max', about: 'two convolutions with max pooling', layers: small(pool), optimizer },
      {
        title: 'average',
        about: 'two convolutions with average pooling',
        layers: small(means),
        optimizer,
      },
    ],
  },
  optimizer: {
    title: 'SGD with momentum and Adam',
    learningRate: 0.002,
    remark: 'Adam gets far with small steps. At 0.03, which suits SGD, it does not learn at all.',
    sides: [
      { title: 'SGD', about: 'two convolutions', layers: small(pool), optimizer },
      { title: 'Adam', about: 'the same two', layers: small(pool), optimizer: 'adam' },
    ],
  },
};
