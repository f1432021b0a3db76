// What the module exports: the runner, and the few numbers that bindings must know.

import { MR } from './gemm/tile';

export { fillTruncatedNormal, fillUniform } from './core/initialize';
export { useWideTile } from './gemm/pack';
export { dismiss, prepare, run, runTasks, work } from './core/program';
export { allFinite, fingerprint } from './core/reduce';
export { teamBytes } from './core/team';

/** The first address that belongs to bindings/memory.ts. */
export function heapBase(): usize {
  return __heap_base;
}

/** Rows of a register tile: the builds differ. */
export function tileRows(): i32 {
  return MR;
}
