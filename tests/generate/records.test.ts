// The generator's guard over the record format: what it makes of small sources, and what it refuses. The layout is
// the library's own: a header of four fields, and 28 more of four bytes each in 128.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readAssembly, sourcesOf } from '../../scripts/generate/assembly.js';
import { constantsModule } from '../../scripts/generate/constants.js';
import { core, dispatchModule } from '../../scripts/generate/dispatch.js';
import { kernelsModule } from '../../scripts/generate/kernels.js';
import { kernelsOf } from '../../scripts/generate/records.js';

const op = `
// @ts-ignore: decorator
@inline export const RECORD_BYTES: usize = 128;
@unmanaged
export class Op { opcode: u32; tasks: i32; shared: i32; parts: i32; }
`;

/** The kernels of one file. */
const kernelsIn = (text: string) =>
  kernelsOf(
    readAssembly([
      { path: 'core/op.ts', text: op },
      { path: 'pool/some.ts', text },
    ]),
  );

const fields = (count: number): string =>
  Array.from({ length: count }, (_, i) => `  f${i}: i32;`).join('\n');

const record = (count: number): string => `
@unmanaged
export class Some extends Op {
${fields(count)}
}
export function some(op: Some): void {}
`;

test('a record has room for 28 fields', () => {
  const [kernel] = kernelsIn(record(28));
  assert.is(kernel.fields[0].offset, 16);
  assert.is(kernel.fields[27].offset, 124);
});

test('one more is refused, by the record, its fields and the limit', () => {
  assert.throws(
    () => kernelsIn(record(29)),
    (error: Error) =>
      error.message ===
      'pool/some.ts: the record Some has 29 fields, and there is room for 28: RECORD_BYTES of core/op.ts less the header',
  );
});

test('fields of the class that it extends count too, and come first', () => {
  const derived = (own: number): string => `
@unmanaged
export class Window extends Op {
${fields(20)}
}
@unmanaged
export class Some extends Window {
${Array.from({ length: own }, (_, i) => `  own${i}: In;`).join('\n')}
}
export function some(op: Some, task: i32): void {}
`;
  const [kernel, ...others] = kernelsIn(derived(8));
  assert.is(others.length, 0, 'Window has no kernel, and is none');
  assert.equal(kernel.fields[20], { name: 'own0', type: 'in', offset: 96 });
  assert.throws(() => kernelsIn(derived(9)), /Some has 29 fields/);
});

test('a field that does not take four bytes is refused', () => {
  assert.throws(
    () => kernelsIn(record(1).replace('f0: i32', 'f0: f64')),
    /Some\.f0 is of type f64; a record holds In, Out, InOut, i32, u32, f32/,
  );
});

test('a record without a kernel is refused, and a kernel that takes something else', () => {
  assert.throws(
    () => kernelsIn(record(1).replace('function some', 'function other')),
    /the record Some has no kernel: write `export function some\(op: Some, …\)`/,
  );
  assert.throws(
    () => kernelsIn(record(1).replace('op: Some', 'op: Some, scratch: usize')),
    /the kernel some takes \(op: Some, scratch: usize\)/,
  );
});

test('two records of one name are refused', () => {
  assert.throws(
    () =>
      readAssembly([
        { path: 'a.ts', text: record(1) },
        { path: 'b.ts', text: record(1) },
      ]),
    /b\.ts and a\.ts both have a class Some/,
  );
});

test('tasks and scratch are its own, or those of the class that it extends', () => {
  const kernels = kernelsIn(`
/** Cut alike. */
@unmanaged
export class Rows extends Op { rows: i32; }
export function rowsTasks(op: Rows): i32 { return op.rows; }
@unmanaged
export class One extends Rows { x: In; }
export function one(op: One, task: i32): void {}
/** Says itself. */
@unmanaged
export class Two extends Rows { y: Out; }
export function twoTasks(op: Two): i32 { return 2; }
export function twoScratch(op: Two): usize { return 64; }
export function two(op: Two, task: i32, scratch: usize): void {}
@unmanaged
export class Three extends Op { z: InOut; }
export function three(op: Three): void {}
`);
  assert.equal(
    kernels.map(({ tasks, scratch }) => [tasks?.name, scratch?.name]),
    [
      ['rowsTasks', undefined],
      ['twoTasks', 'twoScratch'],
      [undefined, undefined],
    ],
  );
  const dispatch = dispatchModule(kernels, core);
  assert.match(dispatch, 'case 0:\n      return rowsTasks(changetype<Rows>(op));');
  assert.match(dispatch, 'case 1:\n      return twoScratch(changetype<Two>(op));');
  assert.match(dispatch, 'case 1:\n      return two(changetype<Two>(op), task, scratch);');
  assert.match(dispatch, 'case 2:\n      return three(changetype<Three>(op));');
  const mirror = kernelsModule(kernels);
  assert.match(mirror, '  /** Says itself. */\n  two: {\n    rows: number;\n    y: Buffer;\n  };');
  assert.match(mirror, "  two: 'i32 rows; out y',");
});

test('a constant that JavaScript needs must be there, as a plain number', () => {
  const assembly = readAssembly([{ path: 'core/op.ts', text: op.replace('128', '64 * 2') }]);
  assert.throws(() => constantsModule(assembly), /core\/op\.ts exports no constant RECORD_BYTES/);
});

test('settings are floats: their names, in the order in which a kernel reads them', () => {
  const sources = sourcesOf(new URL('../../assembly/', import.meta.url));
  const withSettings = (fields: string): string =>
    constantsModule(
      readAssembly([
        ...sources,
        { path: 'pool/some.ts', text: `@unmanaged\nexport class SomeSettings { ${fields} }` },
      ]),
    );
  const module = withSettings('later: f32; earlier: f32;');
  assert.match(module, "export const SomeSettings = [\n  'later',\n  'earlier',\n] as const;");
  assert.throws(
    () => withSettings('share: f32; count: i32;'),
    /assembly\/pool\/some\.ts: SomeSettings\.count must be an f32/,
  );
});

test.run();
