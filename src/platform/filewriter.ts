// What files.ts and files.browser.ts share: the types of what they return.

/** Writes one file again and again. */
export interface FileWriter {
  /**
   * Checks whether the file can be written, and removes temporary files of programs that were killed.
   *
   * @param isSound whether the file that is there is worth keeping: else `write` leaves the one before it in its place
   */
  begin(isSound?: (bytes: Uint8Array) => boolean): Promise<void>;
  /** Replaces the file; the old one is kept as `….previous`. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** A file that was written, or the one before it. */
export interface Generation {
  readonly name: string;
  /** Its bytes; undefined where there is no such file. @throws {EngineError} where it cannot be read: the message does not name it */
  read(): Promise<Uint8Array | undefined>;
}

/** The name of the file before it. */
export const previousOf = (name: string): string => `${name}.previous`;
