// What the worker tells of the inside of a network: what its layers make, how a number came about, and what training
// has changed.

/** Pictures side by side: each [height, width], one after the other. */
export interface Maps {
  readonly title: string;
  readonly count: number;
  /** How many there are in all, of which `count` are here. */
  readonly of: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array<ArrayBuffer>;
}

/** What a layer makes, as pictures: a vector's numbers are maps of one pixel. */
export interface Stage extends Maps {
  /** What kind of layer it is, in the library's words. */
  readonly type: string;
}

/** A pixel of a map that a layer makes, counted from 0. */
export interface Spot {
  readonly stage: number;
  readonly unit: number;
  readonly row: number;
  readonly column: number;
}

/** What is asked of a pixel. */
export interface ExplainRequest extends Spot {
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** Which of the maps that it sees is wanted; by default the one that counts most. */
  readonly below: number | undefined;
}

/** What a number was made from: a window on the maps of a stage, which may reach beyond their edges. */
export interface Source {
  /** Its number; -1 is the image. */
  readonly stage: number;
  /** The map; none where it is all of them. */
  readonly unit: number | undefined;
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  /** The map, or that of all whose window is shown; none of a vector. */
  readonly map: Maps | undefined;
}

/** Numbers under a window, row by row; NaN beyond the edges. */
export interface Window {
  readonly height: number;
  readonly width: number;
  readonly numbers: Float32Array<ArrayBuffer>;
}

/** How a number came about. */
export type Reason =
  /** Numbers times weights, summed: of a window on each of some maps, of which one is here, or of a vector. */
  | {
      readonly kind: 'products';
      readonly window: Window;
      readonly weights: Float32Array<ArrayBuffer>;
      /** What each map adds. */
      readonly sums: Float32Array<ArrayBuffer>;
      /** The first of these maps among all of the layer below, and which of them it is whose window is here. */
      readonly first: number;
      readonly map: number;
      readonly bias: number | undefined;
      /** The sum of all, and what it goes through. */
      readonly sum: number;
      readonly activation: string;
    }
  | {
      readonly kind: 'pooling';
      readonly choice: 'largest' | 'smallest' | 'mean';
      readonly window: Window;
    }
  | { readonly kind: 'activation'; readonly activation: string; readonly x: number }
  /** Its power of e among the sum of all. */
  | { readonly kind: 'softmax'; readonly x: number; readonly total: number }
  | {
      readonly kind: 'norm';
      readonly x: number;
      readonly mean: number;
      readonly deviation: number;
      readonly gamma: number;
      readonly beta: number;
    }
  | { readonly kind: 'sum'; readonly numbers: readonly number[] }
  /** The number itself, from elsewhere. */
  | { readonly kind: 'copy' }
  /** Nothing but what it saw of the image. */
  | { readonly kind: 'field' };

/** A number, and what made it. */
export interface Explanation {
  /** The number, as the network computes it. */
  readonly value: number;
  readonly reason: Reason;
  readonly sources: readonly Source[];
}

/** The first layer's filters at the start and now, and how far each layer's weights have moved since. */
export interface Changes {
  /** None where the first layer with weights does not see the image. */
  readonly filters: { readonly before: Maps; readonly now: Maps } | undefined;
  /** By the numbers of their stages: the length of the way, as a share of the length of the weights at the start. */
  readonly moved: readonly {
    readonly stage: number;
    readonly name: string;
    readonly share: number;
  }[];
}
