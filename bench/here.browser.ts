// What a peer knows of where it is in a page: its frame.

/** What it was told by the page. */
export const { flags } = globalThis as unknown as { flags: readonly string[] };

/** A file or folder as libraries are told it. */
export const pathOf = ({ href }: URL): string => href;

/** A page is not told what it has of its process. */
export function resident(): never {
  throw new Error('a page does not know what memory it takes');
}
