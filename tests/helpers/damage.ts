// Ways in which files are damaged: any file by its bytes, JSON and protocol buffers by what they consist of, so that what
// lies behind the first check is tried too.

import fc from 'fast-check';

/** A share of something: which byte, which place. Multiplied, as fast-check draws more small numbers than others. */
const share = fc.nat(0xffff).map((drawn) => (Math.imul(drawn, 40503) & 0xffff) / 0x10000);
const at = (part: number, length: number): number => Math.floor(part * length);

/** What is done to bytes, where, and with which number and other place. */
const byteDamage = fc.tuple(
  fc.constantFrom('set', 'flip', 'cut', 'insert', 'remove', 'repeat', 'splice', 'number', 'digit'),
  share,
  fc.nat(255),
  share,
);

type ByteDamage = typeof byteDamage extends fc.Arbitrary<infer T> ? T : never;

/** Sizes and offsets that readers must not trust. */
const LARGE = [0xffffffff, 0x7fffffff, 0x80000000, 0xffff, 0x10000, 0];

function withBytes(file: Uint8Array, [what, part, value, other]: ByteDamage): Uint8Array {
  const place = at(part, file.length);
  const bytes = Uint8Array.from(file);
  switch (what) {
    case 'set':
      bytes.fill(value, place, place + 1);
      return bytes;
    case 'flip':
      if (place < bytes.length) bytes[place] ^= 1 << (value & 7);
      return bytes;
    case 'digit':
      // Numbers in text: a shape, an offset, a length.
      if (bytes[place] >= 0x30 && bytes[place] <= 0x39) bytes[place] = 0x30 + (value % 10);
      return bytes;
    case 'number': {
      // In any width and order.
      const view = new DataView(bytes.buffer);
      const number = LARGE[value % LARGE.length];
      if (value & 8 && place + 8 <= bytes.length) view.setBigUint64(place, BigInt(number), true);
      else if (place + 4 <= bytes.length) view.setUint32(place, number, value % 2 === 0);
      return bytes;
    }
    case 'cut':
      return bytes.subarray(0, place);
    case 'insert':
      return Buffer.concat([bytes.subarray(0, place), Buffer.of(value), bytes.subarray(place)]);
    case 'remove':
      return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + value)]);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, place + value), bytes.subarray(place)]);
    default: {
      // A piece of it, over another one.
      bytes.copyWithin(place, at(other, file.length), at(other, file.length) + value);
      return bytes;
    }
  }
}

/** Files with up to four damages each. */
export const damagedBytes = (files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.constantFrom(...files), fc.array(byteDamage, { minLength: 1, maxLength: 4 }))
    .map(([file, damages]) => damages.reduce(withBytes, file));

/** What stands in place of something. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', '..', [], {}, -1, 0, 0.5, 1e9, 2 ** 53, -1e308, 'same'),
  fc.constantFrom<unknown>([[]], [null], [1, 2], [1e6, 1e6], { a: [] }, 'NaN', '\0', '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
);

const jsonDamage = fc.record({
  place: share,
  other: share,
  how: fc.constantFrom('replace', 'replace', 'remove', 'copy', 'copy', 'twice', 'nest'),
  value: junk,
});

type Json = Record<string, unknown>;

/** All places in JSON: an object or list, and a word or number in it. */
function placesIn(json: unknown, found: [Json, string][] = []): [Json, string][] {
  if (typeof json !== 'object' || json === null) return found;
  for (const word of Object.keys(json)) {
    found.push([json as Json, word]);
    placesIn((json as Json)[word], found);
  }
  return found;
}

/** As deep as checks of depth must notice, and no deeper than JSON.stringify can write. */
const DEEP = 500;

/** JSON's values with up to two damages each: other values, none, those of other places, twice, deep in lists. */
export const damagedJson = (json: unknown): fc.Arbitrary<unknown> =>
  fc.array(jsonDamage, { minLength: 1, maxLength: 2 }).map((damages) => {
    const own = structuredClone(json);
    for (const { place, other, how, value } of damages) {
      const all = placesIn(own);
      if (all.length === 0) break;
      const [object, word] = all[at(place, all.length)];
      const [from, name] = all[at(other, all.length)];
      // Copies, here and below: nothing may lie in itself.
      if (how === 'remove' && Array.isArray(object)) object.splice(Number(word), 1);
      else if (how === 'remove') delete object[word];
      else if (how === 'copy') object[word] = structuredClone(from[name]);
      else if (how === 'nest')
        for (let i = 0; i < DEEP; i++)
          object[word] = i % 2 ? [object[word]] : { [word]: object[word] };
      else if (how === 'twice' && Array.isArray(object))
        object.splice(Number(word), 0, structuredClone(object[Number(word)]));
      else object[word] = structuredClone(value);
    }
    return own;
  });

/** A safetensors file of any header. */
export function withHeader(header: string, body: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}

const isNested = (text: unknown): text is string => typeof text === 'string' && /^[[{]/.test(text);

/** JSON in texts of JSON, as objects or as texts. */
const opened = (text: unknown): unknown => (isNested(text) ? JSON.parse(text) : text);
const closed = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : value;

type Change = (value: unknown) => unknown;

/** The same header but for its metadata, whose texts are changed. */
const withMetadata = ({ __metadata__: texts, ...tensors }: Json, change: Change): Json =>
  typeof texts !== 'object' || texts === null
    ? { __metadata__: texts, ...tensors }
    : {
        __metadata__: Object.fromEntries(
          Object.entries(texts).map(([word, text]) => [word, change(text)]),
        ),
        ...tensors,
      };

/** A safetensors file's header, and where its body begins. */
function headerOf(file: Uint8Array): { header: Json; begin: number } {
  const begin = 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  return { header: JSON.parse(new TextDecoder().decode(file.subarray(8, begin))), begin };
}

/** A model's file without its checksum, so that damages reach what lies behind it. */
export function unsealed(file: Uint8Array): Uint8Array {
  const { header, begin } = headerOf(file);
  const { __metadata__: texts, ...tensors } = header;
  const { checksum: _, ...others } = texts as Json;
  return withHeader(JSON.stringify({ __metadata__: others, ...tensors }), file.subarray(begin));
}

/** A safetensors file with damages in its header: the JSON that its metadata consist of is damaged too. */
export function damagedHeader(file: Uint8Array): fc.Arbitrary<Uint8Array> {
  const { header, begin } = headerOf(file);
  return damagedJson(withMetadata(header, opened)).map((json) =>
    withHeader(JSON.stringify(withMetadata(json as Json, closed)), file.subarray(begin)),
  );
}

/** A field of a message, as protocol buffers store it: a number, bytes, or fields if the bytes can be read as such. */
interface Field {
  tag: number;
  wire: number;
  value: bigint | Uint8Array | Field[];
}

function varint(bytes: Uint8Array, from: number): [value: bigint, end: number] | undefined {
  let value = 0n;
  for (let i = from; i < bytes.length && i < from + 10; i++) {
    value |= BigInt(bytes[i] & 127) << BigInt(7 * (i - from));
    if (bytes[i] < 128) return [value, i + 1];
  }
  return undefined;
}

/** The fields of a message; undefined for bytes that are none. */
function fieldsOf(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = [];
  for (let from = 0; from < bytes.length; ) {
    const head = varint(bytes, from);
    if (!head) return undefined;
    const [tag, wire] = [Number(head[0] >> 3n), Number(head[0] & 7n)];
    const body = wire === 0 || wire === 2 ? varint(bytes, head[1]) : undefined;
    const size = wire === 0 ? 0 : wire === 1 ? 8 : wire === 5 ? 4 : Number(body?.[0] ?? -1);
    const begin = body?.[1] ?? head[1];
    if (tag < 1 || tag > 50 || size < 0 || begin + size > bytes.length || (wire === 0 && !body))
      return undefined;
    const own = bytes.subarray(begin, begin + size);
    const value = wire === 0 ? (body?.[0] as bigint) : wire === 2 ? (fieldsOf(own) ?? own) : own;
    fields.push({ tag, wire, value });
    from = begin + size;
  }
  return fields.length > 0 ? fields : undefined;
}

function written(value: bigint): number[] {
  const bytes: number[] = [];
  for (let left = BigInt.asUintN(64, value); ; left >>= 7n) {
    if (left < 128n) return [...bytes, Number(left)];
    bytes.push(Number(left & 127n) | 128);
  }
}

function bytesOf(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.flatMap(({ tag, wire, value }) => {
      const head = Buffer.from(written(BigInt(8 * tag + wire)));
      if (typeof value === 'bigint') return [head, Buffer.from(written(value))];
      const body = value instanceof Uint8Array ? value : bytesOf(value);
      return wire === 2 ? [head, Buffer.from(written(BigInt(body.length))), body] : [head, body];
    }),
  );
}

/** All places in a message: a list of fields, and a number in it. */
function fieldPlaces(fields: Field[], found: [Field[], number][] = []): [Field[], number][] {
  fields.forEach((field, i) => {
    found.push([fields, i]);
    if (Array.isArray(field.value)) fieldPlaces(field.value, found);
  });
  return found;
}

const fieldDamage = fc.record({
  place: share,
  other: share,
  how: fc.constantFrom('remove', 'twice', 'swap', 'copy', 'copy', 'move', 'number', 'text', 'nest'),
  number: fc.constantFrom(0n, 1n, 2n, 3n, 6n, 7n, 11n, -1n, 127n, 2n ** 31n, 2n ** 53n, 2n ** 63n),
  text: fc.constantFrom('', 'x', 'y', '..', '/etc/passwd', '__proto__', 'a\0', 'Ω'.repeat(300)),
});

/** Protocol buffers whose fields are damaged, one to three of them. Names are copied too: what reads what changes. */
export const damagedMessages = (files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> => {
  const whole = files.map((file) => fieldsOf(file) as Field[]);
  return fc
    .tuple(fc.constantFrom(...whole), fc.array(fieldDamage, { minLength: 1, maxLength: 3 }))
    .map(([fields, damages]) => {
      const own = structuredClone(fields);
      for (const { place, other, how, number, text } of damages) {
        const all = fieldPlaces(own);
        if (all.length === 0) break;
        const [list, i] = all[at(place, all.length)];
        const [from, k] = all[at(other, all.length)];
        const field = list[i];
        if (how === 'remove') list.splice(i, 1);
        else if (how === 'twice') list.splice(i, 0, structuredClone(field));
        else if (how === 'swap') list.push(...list.splice(i, 1));
        else if (how === 'copy') field.value = structuredClone(from[k].value);
        else if (how === 'move') list.splice(i, 0, structuredClone(from[k]));
        else if (how === 'text') Object.assign(field, { wire: 2, value: Buffer.from(text) });
        else if (how === 'number') Object.assign(field, { wire: 0, value: number });
        else for (let d = 0; d < 20; d++) list[i] = { ...field, wire: 2, value: [list[i]] };
        // A number where bytes were has another type.
        if (typeof field.value === 'bigint') field.wire = 0;
        else if (Array.isArray(field.value)) field.wire = 2;
      }
      return bytesOf(own);
    });
};
