// Resizing and padding of any axes as layers.

import { naming } from '../../base/naming.js';
import type { Shape } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { type AxisMap, mapAxes, mapAxesBackward, mappedShape } from './axis.emit.js';
import {
  type Borders,
  borderedShape,
  bordersWords,
  padBackward,
  padForward,
} from './borders.emit.js';
import { checkResizing, type Resizing, resizingMaps, resizingWords } from './resize.emit.js';

/** Options of `resize`; axes are those of the sample. */
export interface ResizeOptions extends LayerOptions, Resizing {}

class Resize extends Layer<Shape> {
  declare readonly options: ResizeOptions;

  constructor(options: ResizeOptions) {
    super('resize', options, resizingWords);
    naming(this.title, () => checkResizing(this.options));
  }

  /** For values with the batch in front. */
  #maps([, ...sample]: Shape): AxisMap[] {
    return resizingMaps(sample, this.options).map((map) => ({ ...map, axis: map.axis + 1 }));
  }

  shapeFor(sample: Shape): Shape {
    return resizingMaps(sample, this.options).reduce(mappedShape, sample);
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Shape> {
    return { y: mapAxes(emitter, x, this.#maps(x.shape)), saved: x.shape };
  }

  emitBackward({ emitter }: Lowering, dy: Value, shape: Shape, wanted: boolean) {
    return wanted ? mapAxesBackward(emitter, dy, shape, this.#maps(shape)) : undefined;
  }
}

/** Options of `pad`; axes are those of the sample. */
export interface PadOptions extends LayerOptions, Borders {}

class Pad extends Layer<Shape> {
  declare readonly options: PadOptions;

  constructor(options: PadOptions) {
    super('pad', options, bordersWords);
  }

  shapeFor(sample: Shape): Shape {
    return borderedShape(sample, this.options);
  }

  /** Those of a batch, which has none itself. */
  get #borders(): Borders {
    return { ...this.options, padding: [[0, 0], ...this.options.padding] };
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Shape> {
    const y = emitter.value(borderedShape(x.shape, this.#borders));
    padForward(emitter, y, x, this.#borders);
    return { y, saved: x.shape };
  }

  emitBackward({ emitter }: Lowering, dy: Value, shape: Shape, wanted: boolean) {
    if (!wanted) return undefined;
    const dx = emitter.value(shape);
    padBackward(emitter, dx, dy, this.#borders);
    return dx;
  }
}

/** Other sizes of some axes, as ONNX's Resize (opset 19) has it: nearest, linear or cubic, one axis after another. */
export const resize = (options: ResizeOptions): Layer => new Resize(options);
/** More numbers, or fewer, before and after each axis. */
export const pad = (options: PadOptions): Layer => new Pad(options);
