// Files that are replaced whole, as Node and browsers have them in common.

/** What writes one file again and again. */
export interface FileWriter {
  /** Looks whether the file can be written, and removes what programs that were killed left beside it. */
  begin(): Promise<void>;
  /** Replaces the file; the one before is kept as `….previous`. */
  write(bytes: Uint8Array): Promise<void>;
}
