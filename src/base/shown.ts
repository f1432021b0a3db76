// How messages show a value that was received. Never throws, whatever the value is: the message must not be lost.

/** How many letters of a string, elements of a list and words of an object are shown; three dots replace the rest. */
const LETTERS = 60;
const ELEMENTS = 6;
const DEPTH = 2;

/** A value as code would write it: 3, '3', [1, 2], { a: 1 }, a Float32Array of 784; short, on one line. */
export function shown(value: unknown): string {
  try {
    return written(value, DEPTH);
  } catch {
    return 'something that cannot be shown';
  }
}

function written(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'bigint':
      return `${shortened(String(value))}n`;
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : object(value, depth);
    default:
      return shortened(Object.is(value, -0) ? '-0' : String(value));
  }
}

function object(value: object, depth: number): string {
  if (ArrayBuffer.isView(value)) {
    const { length } = value as Uint8Array;
    return `${article(typeName(value))}${length === undefined ? '' : ` of ${length}`}`;
  }
  if (Array.isArray(value)) {
    if (depth === 0) return `a list of ${value.length}`;
    const first = Array.from({ length: Math.min(value.length, ELEMENTS) }, (_, i) =>
      part(value, i, depth),
    );
    return `[${[...first, ...(value.length > ELEMENTS ? [`… ${value.length} in all`] : [])].join(', ')}]`;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return article(typeName(value));
  const words = Object.keys(value);
  if (depth === 0) return 'an object';
  if (words.length === 0) return '{}';
  const first = words
    .slice(0, ELEMENTS)
    .map(
      (word) =>
        `${/^[\w$]+$/.test(word) ? shortened(word) : quoted(word)}: ${part(value, word, depth)}`,
    );
  return `{ ${[...first, ...(words.length > ELEMENTS ? ['…'] : [])].join(', ')} }`;
}

/** One of an object's values; '…' if it cannot be read, so that the other values are still shown. */
function part(value: object, key: string | number, depth: number): string {
  try {
    return written((value as Record<string | number, unknown>)[key], depth - 1);
  } catch {
    return '…';
  }
}

/** The name of a value's class. Minifiers leave a letter or two of ours: then that of the class which it extends. */
function typeName(value: object): string {
  const own = named(value.constructor?.name);
  let type: unknown = value.constructor;
  // A proxy may go on for ever.
  for (let steps = 0; steps < 8 && typeof type === 'function'; steps++) {
    const name = named(type.name);
    if (name.length > 2) return name;
    type = Object.getPrototypeOf(type);
  }
  return own || 'object of no type';
}

/** Names can be anything too: a user may have set them. */
const named = (name: unknown): string => (typeof name === 'string' ? shortened(name) : '');

const article = (name: string): string => `${/^[AEIOaeio]/.test(name) ? 'an' : 'a'} ${name}`;

const quoted = (text: string): string =>
  `'${shortened(text).replace(/[\\'\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)}'`;

/** As code would write a letter that is not to be printed: a line's end, an order to the terminal, another direction. */
const escaped = (letter: string): string => {
  if (letter === "'") return "\\'";
  if (letter < ' ' || letter === '\\') return JSON.stringify(letter).slice(1, -1);
  return `\\u{${(letter.codePointAt(0) as number).toString(16)}}`;
};

const shortened = (text: string): string =>
  text.length > LETTERS ? `${text.slice(0, LETTERS)}…` : text;
