// How large the gradients of a training are: of all weights together, and layer by layer.

import type { Model } from 'wasmgrad/core';
import type { GradientNorms } from './messages.js';

/** The time between two measurements, in times of what one takes: so they slow the training by no more than 2 %. */
const REST = 50;

export class GradientMeter {
  #next = 0;
  /** What one took. The first one does not count: the engine only learns how to do it. */
  #took: number | undefined;

  /** The L2 norms of the last step's gradients; none where it is too soon. */
  look({ weights }: Model): GradientNorms | undefined {
    const began = performance.now();
    if (began < this.#next) return undefined;
    const layers: number[] = [];
    let all = 0;
    for (const { name, gradient } of weights) {
      if (!gradient) continue;
      const { data } = gradient;
      let sum = 0;
      for (let i = 0; i < data.length; i++) sum += data[i] * data[i];
      all += sum;
      // What only scales and shifts is no layer of its own here.
      if (/kernel$/i.test(name)) layers.push(Math.sqrt(sum));
    }
    const ended = performance.now();
    this.#next = ended + REST * (this.#took ?? 0);
    this.#took = ended - began;
    return { all: Math.sqrt(all), layers };
  }
}
