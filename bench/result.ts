// What a benchmark finds of one work.

/** One library's figures for one work, in the result's unit. */
export interface Figure {
  who: string;
  median: number;
  best: number;
  /** A peer's: how many times its speed wasmgrad's is, the median over the rounds. */
  ratio?: number;
}

/** What was to be reached. */
export interface Target {
  text: string;
  /** Undefined where it could not be judged. */
  met: boolean | undefined;
  /** The peer to be faster than, and how many times. */
  who?: string;
  least?: number;
}

/** Why a library did not do a work, or not as well as it could. */
export interface Note {
  who: string;
  text: string;
}

/** One work, done by wasmgrad (first) and by its peers; no figures where wasmgrad failed. */
export interface Result {
  name: string;
  unit: string;
  figures: Figure[];
  targets: Target[];
  notes: Note[];
}
