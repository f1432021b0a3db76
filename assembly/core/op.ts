// The op record: what one step of a program is, and the words its fields are declared with.
//
// A kernel and its record stand side by side in the file of their family: the record is an @unmanaged class over `Op`,
// the kernel the function of its name, which does one of the op's tasks. Into how many tasks the op is cut says the
// function of that name with `Tasks` after it; how much scratch it needs, that with `Scratch`; records of which that is
// true alike extend a class that has them. `npm run generate` reads this and prints dispatch.ts and bindings/kernels.ts.

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
  /** How many independent pieces the work has: threads deal them out. Written by `prepare`. */
  tasks: i32;
  /** How many threads share it: 1 where there is too little to do. Told as 0 or 1, made a number by `prepare`. */
  shared: i32;
  /** Of how many parts of a piece tasks are, where pieces are too few for the threads. Written by `prepare`. */
  parts: i32;
}
