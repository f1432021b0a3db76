// The backend: TF.js's cpu backend, with storage whose numbers may lie in linear memory, and kernels of ours that work
// there.

import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { backend_util, DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { backend as engine } from '../../bindings/backend.js';
import { OutOfMemoryError, ShapeError, ValueError } from '../base/errors.js';
import { type Shape, sizeOf } from '../base/shape.js';
import { asValue, type Value } from '../program/emitter.js';
import { callOp, recipe } from '../tensor/eager.js';
import type { Tensor } from '../tensor/tensor.js';
import { Cell, type Resident } from './cell.js';
import type { Attributes, Native, Plan } from './kernel.js';

type DataId = TensorInfo['dataId'];

/** A call of a kernel of ours: what stands in the place of inputs that were not given is undefined. */
type Inputs = readonly (TensorInfo | undefined)[];

export class WasmgradBackend extends MathBackendCPU {
  static #ids = 0;
  /** Cells whose numbers may lie in linear memory. */
  readonly #cells = new Set<Cell>();
  /** Counts uses. */
  #clock = 0;

  override write(
    values: backend_util.BackendValues,
    _shape: readonly number[],
    dtype: DataType,
  ): DataId {
    return this.#put(new Cell(dtype, 1, { values: apart(values) }));
  }

  override move(
    dataId: DataId,
    values: backend_util.BackendValues,
    _shape: readonly number[],
    dtype: DataType,
    refCount: number,
  ): void {
    this.data.set(dataId, new Cell(dtype, refCount, { values: apart(values) }));
  }

  override readSync(dataId: DataId): backend_util.BackendValues {
    const { tensor, values } = this.#cell(dataId);
    // A copy: linear memory may move, and be used again.
    if (tensor && values && isOfMemory(values)) return values.slice();
    return super.readSync(dataId);
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const cell = this.data.has(dataId) ? this.#cell(dataId) : undefined;
    const isGone = super.disposeData(dataId, force);
    if (isGone && cell) {
      cell.free();
      this.#cells.delete(cell);
    }
    return isGone;
  }

  override memory(): { unreliable: boolean; reasons: string[] } {
    return { unreliable: false, reasons: [] };
  }

  /**
   * Runs a kernel of ours.
   *
   * @returns its results, or undefined where it leaves the call to TF.js's kernel
   */
  run(native: Native, inputs: Inputs, attrs: Attributes): TensorInfo[] | undefined {
    if (!this.#takes(native, inputs)) return undefined;
    const given = inputs.filter((input) => input !== undefined);
    try {
      return this.#withRoom(given, () => {
        const tensors = given.map((input) => this.#bring(input));
        const type = native.result ?? 'float32';
        if (native.isLazy) return [this.#delay(native, inputs, tensors, attrs)];
        return this.#compute(native, shapesOf(inputs), tensors, attrs).map((tensor) =>
          this.#store(tensor, type),
        );
      });
    } catch (error) {
      // The cpu kernel says in TF.js's words what is wrong, or can do it.
      if (error instanceof ShapeError || error instanceof ValueError) return undefined;
      throw error;
    }
  }

  /** Whether a call has the types that a kernel of ours takes, and something to compute. */
  #takes({ types = ['float32'] }: Native, inputs: Inputs): boolean {
    return inputs.every((input, i) => {
      if (!input) return true;
      const type = types[Math.min(i, types.length - 1)];
      return input.dtype === type && sizeOf(input.shape) > 0;
    });
  }

  #compute(
    native: Native,
    shapes: Shapes,
    tensors: readonly Tensor[],
    attrs: Attributes,
  ): readonly Tensor[] {
    return callOp(`tf.${native.name}`, [...tensors, shapes, attrs], () => {
      const { shapes: results, emit } = planned(native, shapes, attrs);
      return recipe(results, (e, ...ys) => {
        let at = 0;
        const xs = shapes.map((shape) => shape && asValue(tensors[at++]).view(shape));
        emit(e, ys, xs as Value[]);
      });
    });
  }

  /** A result that is computed when it is read, if it ever is. */
  #delay(
    native: Native,
    inputs: Inputs,
    tensors: readonly Tensor[],
    attrs: Attributes,
  ): TensorInfo {
    const shapes = shapesOf(inputs);
    const [shape] = planned(native, shapes, attrs).shapes;
    // What TF.js disposes of meanwhile stays as long as it is needed.
    const held = tensors.map((tensor) => tensor.reshape([tensor.size]));
    const drop = () => {
      for (const tensor of held) tensor.dispose();
    };
    const compute = () => {
      const [tensor] = this.#withRoom([], () => this.#compute(native, shapes, held, attrs));
      drop();
      return tensor;
    };
    const cell = new Cell('float32', 1, { pending: { compute, drop } });
    this.#cells.add(cell);
    return { dataId: this.#put(cell), shape: [...shape], dtype: 'float32' };
  }

  #store(tensor: Tensor, dtype: Resident): TensorInfo {
    const cell = new Cell(dtype, 1, { tensor });
    cell.usedAt = ++this.#clock;
    this.#cells.add(cell);
    return { dataId: this.#put(cell), shape: [...tensor.shape], dtype };
  }

  #cell(dataId: DataId): Cell {
    return this.data.get(dataId) as Cell;
  }

  #put(cell: Cell): DataId {
    const dataId = { id: WasmgradBackend.#ids++ };
    this.data.set(dataId, cell);
    return dataId;
  }

  /** The numbers of a tensor, in linear memory. */
  #bring({ dataId }: TensorInfo): Tensor {
    const cell = this.#cell(dataId);
    cell.usedAt = ++this.#clock;
    if (!cell.isInside) this.#cells.add(cell);
    return cell.bringIn();
  }

  /** Does `work`; where linear memory has no room for it, moves out what was not used for longest, and tries again. */
  #withRoom<T>(needed: readonly TensorInfo[], work: () => T): T {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!(error instanceof OutOfMemoryError && this.#makeRoom(needed))) throw error;
      }
    }
  }

  /** Moves the colder half of all cells that are not needed out of linear memory; false if there are none. */
  #makeRoom(needed: readonly TensorInfo[]): boolean {
    const kept = new Set(needed.map(({ dataId }) => this.#cell(dataId)));
    const inside = [...this.#cells].filter((cell) => cell.isInside && !kept.has(cell));
    inside.sort((a, b) => a.usedAt - b.usedAt);
    const cold = inside.slice(0, Math.ceil(inside.length / 2));
    for (const cell of cold) {
      cell.takeOut();
      this.#cells.delete(cell);
    }
    return cold.length > 0;
  }
}

/** Whether numbers are a view of linear memory. */
function isOfMemory(values: backend_util.BackendValues): values is Float32Array {
  return ArrayBuffer.isView(values) && values.buffer === engine().memory.memory.buffer;
}

/** Numbers that stay where they are: TF.js's kernels may return a part of the view that they were given. */
const apart = (values: backend_util.BackendValues): backend_util.BackendValues =>
  values && isOfMemory(values) ? values.slice() : values;

type Shapes = readonly (Shape | null)[];

const shapesOf = (inputs: Inputs): Shapes => inputs.map((input) => input?.shape ?? null);

/** @throws {ValueError} where the kernel leaves the call to TF.js's; and what the plan throws */
function planned({ plan }: Native, shapes: Shapes, attrs: Attributes): Plan {
  const made = plan(shapes as readonly Shape[], attrs);
  const isWhole = made?.shapes.flat().every((side) => Number.isInteger(side) && side > 0);
  if (made && isWhole) return made;
  throw new ValueError('left to the cpu kernel');
}
