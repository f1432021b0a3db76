// A model whose inputs have no batch: they are given whole, with the shapes that their file has.

import type { DataSet, SymbolicTensor } from '../../core.js';
import { Model, Tensor } from '../../core.js';
import type { ModelOptions } from '../../model/architecture.js';

/** See above. `predict` takes and returns whole arrays; all else sees a batch of one. */
export class WholeModel extends Model {
  readonly #shapes: readonly (readonly number[])[];

  constructor(options: ModelOptions<SymbolicTensor>, shapes: readonly (readonly number[])[]) {
    super(options);
    this.#shapes = shapes;
  }

  override predict(...args: Parameters<Model['predict']>): ReturnType<Model['predict']> {
    const [x, options] = args;
    const made = super.predict(this.#batched(x), options);
    const list = [made].flat() as Tensor[];
    const whole = list.map((tensor, i) => {
      const y = tensor.reshape(this.#shapes[i]);
      if (y !== tensor) tensor.dispose();
      return y;
    });
    return (Array.isArray(made) ? whole : whole[0]) as ReturnType<Model['predict']>;
  }

  /** Each input as a batch of one. */
  #batched(x: DataSet): DataSet {
    const one = (data: unknown, i: number): unknown => {
      const { shape } = this.inputs[i];
      return data instanceof Tensor ? data.reshape([1, ...shape]) : data;
    };
    if (x instanceof Tensor || ArrayBuffer.isView(x)) return one(x, 0) as DataSet;
    if (Array.isArray(x) && x.length === this.inputs.length && this.inputs.length > 1)
      return x.map(one) as DataSet;
    return x;
  }
}
