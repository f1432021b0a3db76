// Which pixels mattered: attributions of a class's score to the numbers of the image.

import { namingAsync } from '../base/namingasync.js';
import {
  abortSignal,
  anySeed,
  callable,
  checkOptions,
  finite,
  forwarded,
  oneOf,
  positive,
  whole,
} from '../base/options.js';
import type { Data, Model, Tensor } from '../core.js';
import type { AttributeOptions, AttributionMethod, Work } from './attributework.js';
import { byGradient, inputXGradient, integrated, smoothGrad } from './bygradient.js';
import { occlusion, rise } from './byhiding.js';
import { checkModel, samplesOf, targetsOf } from './samples.js';
import { temporarilyAsync } from './temporary.js';

const methods: Readonly<Record<AttributionMethod, (work: Work) => Promise<Tensor>>> = {
  gradient: (work) => byGradient(work),
  guided: (work) => byGradient(work, 'guided'),
  deconvolution: (work) => byGradient(work, 'deconvolution'),
  inputXGradient,
  smoothGrad,
  integratedGradients: integrated,
  occlusion,
  rise,
};

const words = {
  ...forwarded('target'),
  baseline: finite,
  method: oneOf(...Object.keys(methods)),
  samples: whole(1),
  noise: positive,
  windowSize: whole(1),
  strides: whole(1),
  seed: anySeed,
  batchSize: whole(1),
  onProgress: callable,
  signal: abortSignal,
};

/**
 * How much each number of the images moves the score of a class, what goes into the model's softmax or sigmoid.
 *
 * - 'gradient': the score's gradient for the image (Simonyan et al., arXiv 1312.6034).
 * - 'inputXGradient': the same times the image.
 * - 'smoothGrad': the mean gradient of noisy copies (Smilkov et al., arXiv 1706.03825).
 * - 'guided': guided backpropagation: only what is positive goes back through relu and relu6 (arXiv 1412.6806).
 *   Other activations keep their gradient, here and in deconvolution.
 * - 'deconvolution': what goes back through relu and relu6 is made positive, and nothing else (Zeiler & Fergus, arXiv 1311.2901).
 * - 'integratedGradients': the mean gradient on the way from `baseline` to the image, times that way; sums to the
 *   difference of the scores (Sundararajan et al., arXiv 1703.01365), the more exactly the more `samples`: deep
 *   networks can need thousands.
 * - 'occlusion': how far the output falls where a square is hidden (arXiv 1311.2901).
 * - 'rise': the mean of random masks, each times the output of the image that it lets through (Petsiuk et al., arXiv
 *   1806.07421).
 *
 * @param x images [n, ...inputShape], or one without a batch dimension
 * @returns [n, height, width, channels] as the images; for occlusion and rise [n, height, width]
 * @throws {ShapeError} for images of another shape, and where a method needs images and the model takes none
 * @throws {ValueError} for a class that the model does not have, an unknown method, and a model of several inputs
 */
export async function attribute(
  model: Model,
  x: Data,
  options: AttributeOptions = {},
): Promise<Tensor> {
  return namingAsync('vis.attribute', async () => {
    checkModel(model);
    const { method = 'gradient', target, ...rest } = checkOptions('vis.attribute', options, words);
    return temporarilyAsync(async (keep) => {
      const images = keep(samplesOf(model, x));
      const targets = targetsOf(model, images, target);
      return methods[method]({ ...rest, model, x: images, targets });
    });
  });
}
