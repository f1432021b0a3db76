// What each browser's file gives to the checks: it opens pages, and evaluates in them.

/** What the console says is passed on as it comes. */
export type Hear = (kind: 'warning' | 'error', text: string) => void;

/** A page that is open. */
export interface DrivenPage {
  /** Evaluates an expression, and waits for it where it is a promise. What comes of it must survive JSON. */
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

/** A browser that runs. */
export interface Driver {
  /** Its name and version. */
  readonly name: string;
  /** Opens a page, and waits until it has loaded. */
  open(url: string, hear: Hear): Promise<DrivenPage>;
  close(): Promise<void>;
}

/** The program of a browser, and what names another one. */
export const programOf = (variable: string, usual: string): string =>
  process.env[variable] ?? usual;
