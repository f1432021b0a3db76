// Layers inside another one: their weights come as inputs, or their batch is a dimension of the sample. Only models that
// are given whole have them, so that the file's batch is one sample.

import type { Layer, Shape, SymbolicTensor } from '../../../core.js';
import type { WrappedOptions } from '../../../operators/arrays/index.js';
import { channelsFirst, type FileValue, type LayerWriter, Place, type View } from './place.js';

/** What the inner layer's writer sees. */
class Inner extends Place {
  readonly #outer: Place;
  /** The weights that come as inputs, by name. */
  readonly #lent: ReadonlyMap<string, FileValue>;

  constructor(
    outer: Place,
    layer: Layer,
    shape: Shape,
    x: FileValue,
    lent: Map<string, FileValue>,
  ) {
    super(outer.graph, outer.opset, { layer, shape } as SymbolicTensor, [x], undefined);
    this.#outer = outer;
    this.#lent = lent;
  }

  override node(...made: Parameters<Place['node']>): string {
    return this.#outer.node(...made);
  }

  override weight(parameter: string, view?: View): string {
    const lent = this.#lent.get(parameter);
    if (!lent) return this.#outer.weight(parameter, view);
    const own = this.layer.parameters.find(({ name }) => name === parameter) as { shape: Shape };
    const { shape = own.shape, order = [...own.shape.keys()] } = view ?? {};
    const { dims = order.map((axis) => shape[axis]) } = view ?? {};
    const whole = this.node('Reshape', [this.ours(lent), this.ints(shape)]);
    const ordered = this.transpose(whole, order);
    return this.node('Reshape', [ordered, this.ints(dims)]);
  }
}

/** @param writers of the layers that may be inside */
export const wrapped =
  (writers: Readonly<Record<string, LayerWriter>>): LayerWriter =>
  (at) => {
    const { lent = [], rows = false } = at.options<WrappedOptions>();
    const { inner } = at.layer as Layer & { readonly inner: Layer };
    const weights = new Map(lent.map((name, i) => [name, at.inputs[i + 1]]));
    const write = (x: FileValue, shape: Shape): string =>
      writers[inner.type](new Inner(at, inner, shape, x, weights));
    if (!rows) return write(at.x, at.shape);
    // [1, ...] in our order, whose first dimension becomes the batch; and back.
    const order = (shape: Shape): number[] => [0, ...channelsFirst([...shape.keys()].slice(1))];
    const [sample, made] = [at.x.shape, at.shape].map((shape) => shape.slice(1));
    const images = at.node('Reshape', [
      at.ours(at.x, order(at.x.shape)),
      at.ints([at.x.shape[0], ...channelsFirst(sample)]),
    ]);
    const y = write({ name: images, shape: sample, image: undefined }, made);
    const whole = at.node('Reshape', [y, at.ints([1, at.shape[0], ...channelsFirst(made)])]);
    return at.theirs(whole, at.shape, order(at.shape));
  };
