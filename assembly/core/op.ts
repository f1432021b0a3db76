// The op record: one call of a kernel with its arguments, and the types that its fields are declared with.
//
// A kernel and its record are in the file of their family. The record is an @unmanaged class over `Op`, say `MaxPool`;
// the kernel is the function `maxPool`, which does one of the op's tasks; `maxPoolTasks` returns how many tasks there
// are (one without it), `maxPoolScratch` how many bytes of scratch they need. Records that are cut alike extend one class
// that has these functions. `npm run generate` reads all this and prints dispatch.ts and bindings/kernels.ts.

/** A buffer the op reads. */
export type In = usize;
/** A buffer the op overwrites whole: what it held before does not matter. */
export type Out = usize;
/** A buffer the op reads and writes. */
export type InOut = usize;

/** Bytes from one record to the next: room for the header and 28 fields of 4 bytes. */
// @ts-ignore: decorator
@inline export const RECORD_BYTES: usize = 128;

/** What every record begins with. */
@unmanaged
export class Op {
  opcode: u32;
  /** How many independent tasks the work has, which threads share. Written by `prepare`. */
  tasks: i32;
  /** How many threads share it: 1 where that does not pay. JavaScript writes 0 or 1, whether they may; `prepare` the number. */
  shared: i32;
  /** How many parts each piece of the work is cut into where there are too few pieces. Written by `prepare`. */
  parts: i32;
}
