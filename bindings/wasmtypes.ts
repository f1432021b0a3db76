// Types of the global `WebAssembly`'s objects. TypeScript's library "DOM" alone declares them: for who does without it,
// the package's types must not name them, and they are any objects.

type Declared<Name extends string> = typeof globalThis extends {
  WebAssembly: { [N in Name]: { prototype: infer T } };
}
  ? T
  : object;

export type WasmModule = Declared<'Module'>;
export type WasmMemory = Declared<'Memory'>;
/** What "DOM" calls BufferSource. */
export type WasmBytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>;
