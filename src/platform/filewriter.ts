// What files.ts and files.browser.ts share: the type of what they return.

/** Writes one file again and again. */
export interface FileWriter {
  /** Checks whether the file can be written, and removes temporary files of programs that were killed. */
  begin(): Promise<void>;
  /** Replaces the file; the old one is kept as `….previous`. */
  write(bytes: Uint8Array): Promise<void>;
}
