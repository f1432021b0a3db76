// The data sets: what they and their classes are called.

export interface Dataset {
  readonly title: string;
  readonly classes: readonly string[];
  /** Mean and deviation of the training pixels, from 0 to 1. */
  readonly normalization: { readonly mean: number; readonly std: number };
}

export const datasets = {
  mnist: {
    title: 'MNIST digits',
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    normalization: { mean: 0.1307, std: 0.3081 },
  },
  fashion: {
    title: 'Fashion-MNIST',
    classes: [
      't-shirt',
      'trouser',
      'pullover',
      'dress',
      'coat',
      'sandal',
      'shirt',
      'sneaker',
      'bag',
      'ankle boot',
    ],
    normalization: { mean: 0.286, std: 0.353 },
  },
} as const satisfies Record<string, Dataset>;

export type DatasetName = keyof typeof datasets;

/** Height and width of all images here. */
export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
