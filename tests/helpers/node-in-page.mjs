// What tests want of Node, as far as a page can have it: scripts/check/browser-tests.ts puts it in the place of
// Node's modules. Files come from the server.

/** A file's bytes, at once as Node has them. */
export function readFileSync(url) {
  const request = new XMLHttpRequest();
  request.open('GET', url, false);
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  return Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0) & 255);
}

/** Fills memory until the browser looks for what nobody needs: Firefox and WebKit give a page no other way. */
function fillMemory() {
  let kept = [];
  for (let i = 0; i < 64; i++) {
    kept.push(
      new Uint8Array(2 ** 22),
      Array.from({ length: 10_000 }, () => ({})),
    );
    if (kept.length > 16) kept = [];
  }
}

export const setFlagsFromString = () => {};
/** What the tests ask for by name is `gc`: Chromium is started with one. */
export const runInNewContext = (name) => globalThis[name] ?? fillMemory;

globalThis.process = { env: { WASMGRAD_THREADS: '2' }, stderr: {} };

/** Copies arrays, looks at buffers. */
globalThis.Buffer = class Buffer extends Uint8Array {
  static alloc(bytes) {
    return new Buffer(bytes);
  }

  static from(...of) {
    return new Buffer(...of);
  }

  copy(to) {
    to.set(this);
  }

  /** By words where they lie at such: tests compare whole memories of wasm. */
  equals(other) {
    const { length } = this;
    if (length !== other.length) return false;
    const isAligned = (this.byteOffset | other.byteOffset) % 4 === 0;
    const [own, others] = [this, other].map((bytes) =>
      isAligned ? new Int32Array(bytes.buffer, bytes.byteOffset, length >> 2) : bytes,
    );
    for (let i = 0; i < own.length; i++) if (own[i] !== others[i]) return false;
    for (let i = length - (length % 4); i < length; i++) if (this[i] !== other[i]) return false;
    return true;
  }
};
