// The weights of a layers model by the layer that they belong to. Writers name them in several ways:
// 'conv/kernel' (TF.js), 'conv/kernel:0', 'net/conv/kernel', 'cell/conv/kernel' (Keras 2), 'layers/conv/vars/0' (Keras 3).

import type { Constant } from '../../importing/value.js';

/** Parts of a name that are looked at: no network is nested deeper. */
const PARTS = 16;

/** Weights, found by layer and word. */
export class NamedWeights {
  /** By 'layer word', where a layer may be called 'block/conv'. */
  readonly #found = new Map<string, { readonly name: string; readonly constant: Constant }[]>();

  constructor(weights: ReadonlyMap<string, Constant>) {
    for (const [given, constant] of weights) {
      const name = given.replace(/:\d+$/, '').replaceAll('\\', '/');
      const parts = name.split('/').slice(-PARTS);
      const word = parts.pop() as string;
      for (const last of [parts.length, parts.length - 1])
        for (let first = 0; first < last; first++)
          this.#add(`${parts.slice(first, last).join('/')} ${word}`, name, constant);
    }
  }

  #add(key: string, name: string, constant: Constant): void {
    const list = this.#found.get(key) ?? [];
    list.push({ name, constant });
    this.#found.set(key, list);
  }

  /**
   * A weight of a layer; undefined where there is none.
   *
   * @param path the layer's name, after those of the models that it lies in
   * @param words what the weight is called, in one version of Keras or another; a number for Keras 3
   */
  find(path: readonly string[], words: readonly string[]): Constant | undefined {
    const layer = path[path.length - 1];
    for (const word of words) {
      const all = this.#found.get(`${layer} ${word}`) ?? [];
      const best =
        all.find(({ name }) => name === `${path.join('/')}/${word}`) ??
        all.find(({ name }) => name === `${layer}/${word}`) ??
        all.find(({ name }) => path.every((part) => name.split('/').includes(part))) ??
        all[0];
      if (best) return best.constant;
    }
    return undefined;
  }
}
