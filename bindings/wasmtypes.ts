// Types of the global `WebAssembly`'s objects. TypeScript's library "DOM" alone declares them: for who does without it,
// the package's types must not name them, and they are any objects.

export type WasmModule = typeof globalThis extends {
  WebAssembly: { Module: { prototype: infer T } };
}
  ? T
  : object;

export type WasmMemory = typeof globalThis extends {
  WebAssembly: { Memory: { prototype: infer T } };
}
  ? T
  : object;

/** What "DOM" calls BufferSource. */
export type WasmBytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>;
