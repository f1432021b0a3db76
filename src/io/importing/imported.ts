// Models of files that leave more open than the batch, or have none: their inputs may have other sides, or are given whole.

import { ShapeError } from '../../base/errors.js';
import type { DataSet, Shape, SymbolicTensor } from '../../core.js';
import { Model, Tensor } from '../../core.js';
import type { ModelOptions } from '../../model/architecture.js';
import { NeedsWhole } from './builder.js';

/** The model for other sides. @throws {ShapeError} where its network is one of another kind for them */
function made(resized: NonNullable<Intake['resized']>, shapes: readonly Shape[]): Model {
  try {
    return resized(shapes);
  } catch (error) {
    if (!(error instanceof NeedsWhole)) throw error;
    const sides = shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ');
    throw new ShapeError(
      `predict: with inputs ${sides} the network works across its batch: give sides that it was made for`,
    );
  }
}

/** How a model's inputs are given. */
export interface Intake {
  /** The outputs' whole shapes, where inputs and outputs have no batch. */
  readonly whole?: readonly Shape[];
  /** Whether inputs and outputs have the file's order, not channels last. */
  readonly keepsOrder?: boolean;
  /** Makes the model for inputs with other sides, of the same layers; undefined where no side is open. */
  readonly resized?: (shapes: readonly Shape[]) => Model;
}

/** The side of images where the file leaves it open and nobody says one. */
export const USUAL_SIDE = 224;

/** Models for other sides that are kept: each has programs of its own. */
const MOST_KEPT = 8;

/**
 * A model that was read from a file. `predict` takes inputs whole, where the file has no batch, and tensors with other
 * sides, where the file leaves these open; the rest of a model sees a batch of one, and the sides that it was read with.
 */
export class ImportedModel extends Model {
  readonly #intake: Intake;
  readonly #others = new Map<string, Model>();

  constructor(options: ModelOptions<SymbolicTensor>, intake: Intake) {
    super(options);
    this.#intake = intake;
  }

  /** Whether inputs and outputs have the file's order, not channels last. */
  get keepsOrder(): boolean {
    return this.#intake.keepsOrder ?? false;
  }

  /** The outputs' whole shapes, where the model has no batch. */
  get whole(): readonly Shape[] | undefined {
    return this.#intake.whole;
  }

  override predict(...[x, options]: Parameters<Model['predict']>): ReturnType<Model['predict']> {
    const { whole } = this.#intake;
    if (!whole) return this.#other(x)?.predict(x, options) ?? super.predict(x, options);
    const views: Tensor[] = [];
    let made: ReturnType<Model['predict']>;
    try {
      made = super.predict(this.#batched(x, views), options);
    } finally {
      for (const view of views) view.dispose();
    }
    const list = [made].flat() as Tensor[];
    const given = list.map((tensor, i) => {
      const y = tensor.reshape(whole[i]);
      if (y !== tensor) tensor.dispose();
      return y;
    });
    return (Array.isArray(made) ? given : given[0]) as ReturnType<Model['predict']>;
  }

  /** The model for tensors with other sides; undefined where they have this model's, or no other is possible. */
  #other(x: DataSet): Model | undefined {
    const { resized } = this.#intake;
    const tensors = [x].flat();
    const isOther =
      resized &&
      tensors.length === this.inputs.length &&
      tensors.every(
        (one, i) => one instanceof Tensor && one.shape.length === this.inputs[i].shape.length + 1,
      );
    if (!isOther) return undefined;
    const shapes = (tensors as Tensor[]).map(({ shape }) => shape.slice(1));
    const key = shapes.join(';');
    if (key === this.inputs.map(({ shape }) => shape).join(';')) return undefined;
    let model = this.#others.get(key);
    if (!model) {
      model = made(resized, shapes);
      const [oldest] = this.#others.keys();
      if (this.#others.size >= MOST_KEPT) {
        this.#others.get(oldest)?.dispose();
        this.#others.delete(oldest);
      }
      this.#others.set(key, model);
    }
    return model;
  }

  override dispose(): void {
    for (const model of this.#others.values()) model.dispose();
    this.#others.clear();
    super.dispose();
  }

  /** Each input as a batch of one. @param views are given the tensors that are made for it */
  #batched(x: DataSet, views: Tensor[]): DataSet {
    const one = (data: unknown, i: number): unknown => {
      if (!(data instanceof Tensor)) return data;
      const view = data.reshape([1, ...this.inputs[i].shape]);
      views.push(view);
      return view;
    };
    if (x instanceof Tensor || ArrayBuffer.isView(x)) return one(x, 0) as DataSet;
    if (Array.isArray(x) && x.length === this.inputs.length && this.inputs.length > 1)
      return x.map(one) as DataSet;
    return x;
  }
}
