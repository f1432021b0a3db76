// Programs that are being made: ops over values that have no address yet.

import {
  type FieldType,
  type KernelArguments,
  type KernelName,
  kernels,
} from '../../bindings/kernels.js';
import { type Shape, sizeOf } from '../base/shape.js';

/** What an element of a value takes. */
const BYTES = { float32: 4, int32: 4, uint8: 1 } as const;

/** A buffer that ops read and write. Its address is given, or planned, or it is a part of another value. */
export class Value {
  readonly shape: Shape;
  readonly dtype: keyof typeof BYTES;
  /** Where it is: set for memory that exists, and by the planner for the rest. */
  address: number | undefined;
  /** Where forms of it are kept, if anywhere. */
  readonly keeper: FormKeeper | undefined;
  readonly #base: Value | undefined;
  readonly #offset: number;

  constructor(
    shape: Shape,
    {
      dtype = 'float32',
      address,
      keeper,
      base,
      offset = 0,
    }: {
      dtype?: keyof typeof BYTES;
      address?: number;
      keeper?: FormKeeper;
      base?: Value;
      offset?: number;
    } = {},
  ) {
    this.shape = shape;
    this.dtype = dtype;
    this.address = address;
    this.keeper = keeper;
    this.#base = base;
    this.#offset = offset;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get bytes(): number {
    return this.size * BYTES[this.dtype];
  }

  /** The same memory under another shape, from element `offset` on. */
  view(shape: Shape, offset = 0): Value {
    return new Value(shape, { dtype: this.dtype, base: this, offset: offset * BYTES[this.dtype] });
  }

  /** The value that this is a view of; itself where it is none. */
  get root(): Value {
    return this.#base?.root ?? this;
  }

  /** The part of another buffer that this is of its root. */
  within(other: Value): Value {
    return this.#base ? other.view(this.shape, this.offset / BYTES[this.dtype]) : other;
  }

  /** Bytes from the beginning of its root. */
  get offset(): number {
    return this.#base ? this.#base.offset + this.#offset : 0;
  }

  /** The address, once there is one. */
  resolve(): number {
    if (this.#base) return this.#base.resolve() + this.#offset;
    if (this.address === undefined) throw new Error('a value was resolved before it was planned');
    return this.address;
  }
}

/** What a program needs of a tensor. */
interface Stored extends FormKeeper {
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
  readonly address: number;
}

/** A tensor's memory as a value. */
export function asValue(tensor: Stored): Value {
  return new Value(tensor.shape, {
    dtype: tensor.dtype,
    address: tensor.address,
    keeper: tensor,
  });
}

/** In place of an optional buffer that there is not: address 0. */
export const none = 0;

/** A buffer among an op's arguments, or `none`. */
export type Operand = Value | typeof none;

/** An op over values. */
export interface EmittedOp<K extends KernelName = KernelName> {
  readonly kernel: K;
  readonly args: KernelArguments<Operand>[K];
  /** For which layer: see `Emitter.layer`. */
  readonly layer: string;
  /** How often it multiplies by the direct algorithm, where its arguments do not tell. */
  readonly multiplyAdds?: number;
}

/** A value made of weights alone by ops of its own: packed, transformed, folded. */
export interface Form {
  readonly value: Value;
  /** What it is made of. */
  readonly source: Value;
  readonly ops: readonly EmittedOp[];
}

/** What keeps forms of a value from one program to the next. */
export interface FormKeeper {
  /** Gives the form an address and makes it; false where the program itself has to make it. */
  keep(form: Form): boolean;
}

/**
 * Says how an op is computed, where that was measured: what to change in its geometry, undefined for nothing. See
 * `Model.tune`.
 */
export type Advice = (e: Emitter, op: string, geometry: object) => object | undefined;

/** Collects ops in order, and says which values must outlive them. */
export class Emitter {
  readonly ops: EmittedOp[] = [];
  /** Values that hold something before the first op, or are wanted after the last. */
  readonly inputs = new Set<Value>();
  readonly outputs = new Set<Value>();
  /** Forms that are kept between runs: their ops are not among `ops`. */
  readonly forms: Form[] = [];
  /** Whether weights are the same in many runs, so that forms of them may be kept. */
  readonly keepsForms: boolean;
  /** @internal */
  readonly advice: Advice | undefined;
  /** The name of the layer whose ops are emitted now, or of what else they are for. */
  layer = '';

  /** @internal */
  constructor(keepsForms = false, advice?: Advice) {
    this.keepsForms = keepsForms;
    this.advice = advice;
  }

  /** A buffer to be planned. */
  value(shape: Shape, dtype: keyof typeof BYTES = 'float32'): Value {
    return new Value(shape, { dtype });
  }

  /** A buffer that is filled before the program runs. */
  input(shape: Shape, dtype: keyof typeof BYTES = 'float32'): Value {
    const value = this.value(shape, dtype);
    this.inputs.add(value);
    return value;
  }

  /** Keeps a value readable after the program has run. */
  output(value: Value): Value {
    this.outputs.add(value.root);
    return value;
  }

  /** A buffer that `emit` fills from `source` and from nothing else; kept where that is a weight, or a form of one. */
  form(source: Value, shape: Shape, emit: (e: Emitter, form: Value) => void): Value {
    const value = this.value(shape);
    const { root } = source;
    const stays = root.address !== undefined || this.forms.some((form) => form.value === root);
    if (this.keepsForms && stays) {
      const apart = new Emitter();
      emit(apart, value);
      this.forms.push({ value, source, ops: apart.ops });
    } else {
      emit(this, value);
    }
    return value;
  }

  /** Appends an op. */
  emit<K extends KernelName>(
    kernel: K,
    args: KernelArguments<Operand>[K],
    known: Pick<EmittedOp, 'multiplyAdds'> = {},
  ): void {
    this.ops.push({ kernel, args, layer: this.layer, ...known });
  }
}

/** A buffer of an op, and whether the op reads it, overwrites it, or both. */
export interface BufferUse {
  readonly value: Value;
  readonly type: FieldType;
}

/** The buffers of an op. */
export function usesOf({ kernel, args }: EmittedOp): BufferUse[] {
  const all = args as Readonly<Record<string, Value | number>>;
  return kernels[kernel].fields.flatMap(([name, type]) => {
    const value = all[name];
    return value instanceof Value ? [{ value, type }] : [];
  });
}
