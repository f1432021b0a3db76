// The backend: TF.js's cpu backend, with storage whose numbers may lie in linear memory, and kernels of ours that work
// there.

import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { type backend_util, type DataType, engine, type TensorInfo } from '@tensorflow/tfjs-core';
import { backend } from '../../bindings/backend.js';
import { OutOfMemoryError, ShapeError, ValueError } from '../base/errors.js';
import { type Shape, sizeOf } from '../base/shape.js';
import { asValue, type Emitter, type Value } from '../program/emitter.js';
import { callAs } from '../tensor/calls.js';
import { Tensor } from '../tensor/tensor.js';
import { fitsBias, normOf, ofRelu, withBias, withRelu } from './call.js';
import { Cell, type Given, PendingCall, type Shapes } from './cell.js';
import {
  type Attributes,
  isResident,
  type Native,
  type Plan,
  type Planner,
  type Resident,
} from './kernel.js';
import { type Kind, kindOf } from './kinds.js';
import { create } from './recycled.js';
import { CellStorage } from './storage.js';

type DataId = TensorInfo['dataId'];

const FLOATS = ['float32'] as const;

/** A call of a kernel of ours: what stands in the place of inputs that were not given is undefined. */
type Inputs = readonly (TensorInfo | undefined)[];

export class WasmgradBackend extends MathBackendCPU {
  override data = new CellStorage(this, engine());
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
   * A tensor whose numbers are stored as its type says. TF.js's cast to a wider type gives the same storage another type:
   * its kernels read integers as numbers, ours would read their bits.
   */
  stored(info: TensorInfo): TensorInfo {
    const { dataId, shape, dtype } = info;
    const { dtype: kept, values } = this.#cell(dataId);
    if (kept === dtype || (dtype !== 'float32' && dtype !== 'int32')) return info;
    const array = dtype === 'float32' ? Float32Array : Int32Array;
    const copy = this.write(array.from(values as ArrayLike<number>), shape, dtype);
    this.disposeData(dataId);
    return { dataId: copy, shape, dtype };
  }

  /**
   * Runs a kernel of ours.
   *
   * @returns its results, or undefined where it leaves the call to TF.js's kernel
   */
  run(native: Native, inputs: Inputs, attrs: Attributes): TensorInfo[] | undefined {
    const { types = FLOATS, wants } = native;
    const type = typeOf(types, inputs);
    if (!this.#takes(types, type, inputs)) return undefined;
    if (wants && !wants({ inputs, attrs, numbers: (i) => this.#numbers(inputs[i]) }))
      return undefined;
    try {
      return this.#start(native, inputs, attrs, type);
    } catch (error) {
      // The cpu kernel says in TF.js's words what is wrong, or can do it.
      if (error instanceof ShapeError || error instanceof ValueError) return undefined;
      throw error;
    }
  }

  /** A new tensor in linear memory, whose numbers `fill` writes. */
  make(
    shape: Shape,
    dtype: Resident,
    fill: (numbers: backend_util.TypedArray) => void,
  ): TensorInfo {
    return this.#withRoom([], () => {
      const tensor = dtype === 'int32' ? Tensor.create(shape, 'int32') : create(shape);
      fill(tensor.numbers);
      return this.#store(tensor, dtype);
    });
  }

  /** Whether a call has the types that a kernel of ours takes, and something to compute. */
  #takes(types: readonly string[], any: Resident, inputs: Inputs): boolean {
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i];
      if (!input) continue;
      const type = types[Math.min(i, types.length - 1)];
      if (input.dtype !== (type === 'any' ? any : type) || !sizeOf(input.shape)) return false;
      // TF.js's casts leave numbers as they are; among ours, truth values are floats, but whole numbers are not.
      const { dtype } = this.#cell(input.dataId);
      if (dtype !== input.dtype && !(dtype === 'bool' && input.dtype === 'float32')) return false;
    }
    return true;
  }

  #numbers(input: TensorInfo | undefined): ArrayLike<number> {
    return this.#cell((input as TensorInfo).dataId).values as backend_util.TypedArray;
  }

  /** Computes a call, or lets it wait. */
  #start(native: Native, inputs: Inputs, attrs: Attributes, type: Resident): TensorInfo[] {
    const isTaped = engine().state.gradientDepth > 0;
    const more = native.adds && this.#more(native, inputs, attrs, type);
    if (more && native.adds === 'norm') return this.#finish(more);
    if (more) {
      const waits = isTaped && native.adds === 'bias';
      const [result] = waits ? [this.#delay(more)] : this.#finish(more);
      if (native.adds === 'relu') this.#cell(result.dataId).norm = normOf(more);
      // It may be seen in another shape than it was computed in.
      return [{ ...result, shape: (inputs[0] as TensorInfo).shape }];
    }
    const shapes: (Shape | null)[] = [];
    const cells: Cell[] = [];
    for (const input of inputs) {
      shapes.push(input?.shape ?? null);
      if (input) cells.push(this.#cell(input.dataId));
    }
    const keeper = inputs[native.kept ?? -1];
    const kept = keeper && this.#cell(keeper.dataId).kept;
    if (kept) {
      shapes.push(kept.bringIn().shape);
      cells.push(kept);
    }
    const given = { native, shapes, cells, attrs, type };
    if (native.waits === 'always' || (native.waits && isTaped)) return [this.#delay(given)];
    return this.#finish(given, isTaped);
  }

  /** The call that does what the one that computes the first input does, and this one's work; if there is one. */
  #more(native: Native, inputs: Inputs, attrs: Attributes, type: Resident): Given | undefined {
    const [x, b] = inputs;
    const pending = x && this.#cell(x.dataId).pending;
    if (!pending) return undefined;
    if (native.adds === 'relu') return withRelu(pending);
    if (native.adds === 'norm') {
      const all = inputs as readonly TensorInfo[];
      const cells = all.map(({ dataId }) => this.#cell(dataId));
      return ofRelu(pending, { native, shapes: all.map(({ shape }) => shape), cells, attrs, type });
    }
    const isSeenAsRows = x.shape.at(-1) === pending.shape.at(-1);
    const fits = b && b.shape.length <= x.shape.length && fitsBias(pending, b.shape);
    return fits && isSeenAsRows ? withBias(pending, this.#cell(b.dataId)) : undefined;
  }

  /** Computes a call's results now, and what its gradient will want besides, while gradients are taped. */
  #finish(given: Given, isTaped = false): TensorInfo[] {
    const type = resultOf(given);
    if (!(isTaped && given.native.planKept))
      return this.#compute(given).map((tensor) => this.#store(tensor, type));
    const [result, kept] = this.#compute(given, given.native.planKept);
    const info = this.#store(result, type);
    this.#cell(info.dataId).kept = new Cell(type, 1, { tensor: kept });
    return [info];
  }

  #compute(given: Given, plan: Planner = given.native.plan): readonly Tensor[] {
    const { shapes, cells, attrs, type } = given;
    const kind = this.#kindOf(given, plan);
    return this.#withRoom(cells, () => {
      const tensors = cells.map((cell) => this.#bring(cell));
      const check = () => {
        const { shapes: results, emit } = planned(plan, shapes, attrs, type);
        const emitted = (e: Emitter, ...ys: Value[]) => {
          let at = 0;
          const xs = shapes.map((shape) => shape && asValue(tensors[at++]).view(shape));
          emit(e, ys, xs as Value[]);
        };
        return { shapes: results, emit: emitted };
      };
      return callAs({ hash: kind.hash, parts: kind.parts, tensors }, check, create);
    });
  }

  #kindOf(given: Given, plan: Planner): Kind {
    const { shapes, attrs, type } = given;
    return kindOf(plan, given, () => planned(plan, shapes, attrs, type).shapes);
  }

  /** A result that is computed when it is read. @throws {ShapeError | ValueError} where it cannot be */
  #delay(given: Given): TensorInfo {
    const [shape] = this.#kindOf(given, given.native.plan).results;
    const pending = new PendingCall(shape, given, (call) => this.#compute(call)[0]);
    const cell = new Cell('float32', 1, { pending });
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
    this.data.set(cell, cell);
    return cell;
  }

  /** A cell's numbers, in linear memory. */
  #bring(cell: Cell): Tensor {
    cell.usedAt = ++this.#clock;
    if (!cell.isInside) this.#cells.add(cell);
    return cell.bringIn();
  }

  /** Does `work`; where linear memory has no room for it, moves out what was not used for longest, and tries again. */
  #withRoom<T>(needed: readonly Cell[], work: () => T): T {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!(error instanceof OutOfMemoryError)) throw error;
        if (this.#makeRoom(needed)) continue;
        // Who uses TF.js calls no `init`.
        const message = error.message.replace('init(', 'configure(');
        throw new OutOfMemoryError(message, { cause: error });
      }
    }
  }

  /** Moves the colder half of all cells that are not needed out of linear memory; false if there are none. */
  #makeRoom(needed: readonly Cell[]): boolean {
    const inside = [...this.#cells].filter((cell) => cell.isInside && !needed.includes(cell));
    inside.sort((a, b) => a.usedAt - b.usedAt);
    const cold = inside.slice(0, Math.ceil(inside.length / 2));
    for (const cell of cold) {
      cell.takeOut();
      this.#cells.delete(cell);
    }
    return cold.length > 0;
  }
}

/** The type of the inputs that may have any: that of the first of them. */
function typeOf(types: readonly string[], inputs: Inputs): Resident {
  const at = types.indexOf('any');
  const type = at < 0 ? undefined : inputs[at]?.dtype;
  return isResident(type) ? type : 'float32';
}

/** The type of the results of a call. */
function resultOf({ native: { result = 'float32' }, attrs, type }: Given): Resident {
  if (result === 'any') return type;
  return result === 'dtype' ? (attrs.dtype as Resident) : result;
}

/** Whether numbers are a view of linear memory. */
function isOfMemory(values: backend_util.BackendValues): values is Float32Array {
  return ArrayBuffer.isView(values) && values.buffer === backend().memory.memory.buffer;
}

/** Numbers that stay where they are: TF.js's kernels may return a part of the view that they were given. */
const apart = (values: backend_util.BackendValues): backend_util.BackendValues =>
  values && isOfMemory(values) ? values.slice() : values;

/** @throws {ValueError} where the kernel leaves the call to TF.js's; and what the plan throws */
function planned(plan: Planner, shapes: Shapes, attrs: Attributes, type: Resident): Plan {
  const made = plan(shapes as readonly Shape[], attrs, type);
  const isWhole = made?.shapes.flat().every((side) => Number.isInteger(side) && side > 0);
  if (made && isWhole) return made;
  throw new ValueError('not ours');
}
