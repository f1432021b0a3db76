// 256-bit code: V8 can join neighbouring 128-bit operations, but only where a flag of its asks for it.

/** What Node and Deno offer of themselves without an import, which bundlers for browsers would follow. */
interface Host {
  readonly versions?: { readonly v8?: string };
  getBuiltinModule?(id: 'node:v8'): { setFlagsFromString(flags: string): void } | undefined;
}

/** V8 14.6 (Node 26) has the old name still; with Chromium 156 the flag left the experiments. */
const RENAMED = 15.6;
/** Older versions know no such flag, and complain on the console. */
const FIRST = 12;

/**
 * Switches 256-bit code on or off for what this process compiles from now on. Engines that have no
 * such switch are left as they are: only timing shows what they do.
 */
export function revectorize(on: boolean): void {
  const host = (globalThis as { process?: Host }).process;
  const version = Number.parseFloat(host?.versions?.v8 ?? '0');
  if (version < FIRST) return;
  const name = version < RENAMED ? 'experimental-wasm-revectorize' : 'wasm-revectorize';
  host?.getBuiltinModule?.('node:v8')?.setFlagsFromString(`--${on ? '' : 'no-'}${name}`);
}

/**
 * The same module as other bytes, with an empty section after it: V8 remembers the code of modules it
 * has met, whatever the flags were.
 */
export function asNewModule(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const tag = [...`revectorize ${tags++}`].map((letter) => letter.charCodeAt(0));
  const section = [0, tag.length + 1, tag.length, ...tag];
  const all = new Uint8Array(bytes.length + section.length);
  all.set(bytes);
  all.set(section, bytes.length);
  return all;
}

let tags = 0;
