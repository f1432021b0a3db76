// In a page nobody can switch 256-bit code on or off: see revectorize.ts.

/** Does nothing. */
export function revectorize(_on: boolean): void {}

/** The same bytes: there is no other code of theirs. */
export const asNewModule = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => bytes;
