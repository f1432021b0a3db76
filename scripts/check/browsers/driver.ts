// The interface of each browser's file: it opens pages and evaluates expressions in them.

/** Receives the console's messages as they come. */
export type Hear = (kind: 'warning' | 'error', text: string) => void;

/** A browser that crashed, or that does not answer: no fault of a page. */
export class BrowserGone extends Error {}

/** An open page. */
export interface DrivenPage {
  /** Evaluates an expression, and awaits it if it is a promise. The result must survive JSON. */
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

/** A running browser. */
export interface Driver {
  /** Its name and version. */
  readonly name: string;
  /** Opens a page, and waits until it has loaded. */
  open(url: string, hear: Hear): Promise<DrivenPage>;
  close(): Promise<void>;
}

/** A browser's program: the usual path, or the one in an environment variable. */
export const programOf = (variable: string, usual: string): string =>
  process.env[variable] ?? usual;
