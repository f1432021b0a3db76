// Finds the kernels of assembly/ by its conventions. A record is a class over `Op` that has a kernel: a function of the
// same name, in the same file. Beside it may be `…Tasks`, how many tasks the op is cut into, and `…Scratch`, the bytes
// of scratch that it needs beyond those that every op has. Without them, those of the class that it extends apply.

import type { Assembly, Layout } from './assembly.js';

/** The types of fields, and JavaScript's words for them. All take four bytes. */
const types: Readonly<Record<string, string>> = {
  In: 'in',
  Out: 'out',
  InOut: 'inout',
  i32: 'i32',
  u32: 'u32',
  f32: 'f32',
};

/** A field of a record; its type is JavaScript's word. */
export interface Field {
  readonly name: string;
  readonly type: string;
  /** Bytes from the beginning of the record. */
  readonly offset: number;
}

/** A function beside a record: of the record's own class, or of one that it extends. */
export interface Helper {
  readonly path: string;
  readonly name: string;
  readonly of: string;
}

/** A kernel and its record. */
export interface Kernel {
  readonly name: string;
  readonly record: Layout;
  /** The fields after the header. */
  readonly fields: readonly Field[];
  /** How many parameters it takes: the op; the op and its task; or op, task and scratch. */
  readonly parameters: 1 | 2 | 3;
  readonly tasks: Helper | undefined;
  readonly scratch: Helper | undefined;
}

/**
 * The kernels, in the order of their numbers.
 *
 * @throws {Error} for a record without a kernel, with too many fields or a field of other than four bytes, and for a
 *   kernel with other parameters
 */
export function kernelsOf(assembly: Assembly): Kernel[] {
  const { layouts, functions } = assembly;
  const parents = new Set([...layouts.values()].map(({ parent }) => parent));
  const kernels: Kernel[] = [];
  for (const record of layouts.values()) {
    const chain = ancestry(record, layouts);
    if (record.name === 'Op' || chain.at(-1)?.name !== 'Op') continue;
    const name = nameOf(record.name);
    const parameters = functions.get(`${record.path} ${name}`);
    if (!parameters && parents.has(record.name)) continue;
    if (!parameters)
      throw new Error(
        `${record.path}: the record ${record.name} has no kernel: write \`export function ${name}(op: ${record.name}, …)\` beside it`,
      );
    const helper = (suffix: string): Helper | undefined =>
      chain
        .map(({ name: of, path }) => ({ path, name: `${nameOf(of)}${suffix}`, of }))
        .find((each) => functions.has(`${each.path} ${each.name}`));
    kernels.push({
      name,
      record,
      fields: fieldsOf(assembly, chain),
      parameters: countParameters(record, name, parameters),
      tasks: helper('Tasks'),
      scratch: helper('Scratch'),
    });
  }
  return kernels;
}

const nameOf = (record: string): string => record[0].toLowerCase() + record.slice(1);

/** A record and the classes it extends, up to `Op`. */
function ancestry(record: Layout, layouts: Assembly['layouts']): Layout[] {
  const parent = record.parent === undefined ? undefined : layouts.get(record.parent);
  return [record, ...(parent ? ancestry(parent, layouts) : [])];
}

function countParameters(
  { path, name: record }: Layout,
  name: string,
  given: readonly string[],
): Kernel['parameters'] {
  const all = [record, 'i32', 'usize'];
  const fit = given.every((parameter, i) => parameter.split(': ')[1] === all[i]);
  if (fit && given.length > 0) return given.length as Kernel['parameters'];
  throw new Error(
    `${path}: the kernel ${name} takes (${given.join(', ')}): it must be (op: ${record}, task: i32, scratch: usize), or the first of these`,
  );
}

function fieldsOf({ constants }: Assembly, chain: readonly Layout[]): Field[] {
  const [record, op] = [chain[0], chain[chain.length - 1]];
  const header = op.fields.length;
  const limit = (constants.get('core/op.ts RECORD_BYTES') ?? 0) / 4 - header;
  const own = chain.slice(0, -1).reverse();
  const fields = own.flatMap((each) => each.fields);
  if (fields.length > limit)
    throw new Error(
      `${record.path}: the record ${record.name} has ${fields.length} fields, and there is room for ${limit}: RECORD_BYTES of core/op.ts less the header`,
    );
  return fields.map(([name, type], index) => {
    if (!types[type])
      throw new Error(
        `${record.path}: ${record.name}.${name} is of type ${type || 'none'}; a record holds ${Object.keys(types).join(', ')}`,
      );
    return { name, type: types[type], offset: 4 * (header + index) };
  });
}
