// Where output goes: results to stdout, progress to stderr; colours, and lines that are overwritten, in terminals only.

import process from 'node:process';
import { stripVTControlCharacters } from 'node:util';

type Stream = typeof process.stdout | typeof process.stderr;

/** Colours: in terminals, unless NO_COLOR (no-color.org) or a terminal without any says otherwise. */
const hasColours = (stream: Stream): boolean =>
  stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** What is between the parts of a line. */
const GAP = '   ';

/** A style of text. */
export type Style = keyof typeof codes;

const styled = (stream: Stream, style: Style, text: string): string => {
  if (!hasColours(stream)) return text;
  const [on, off] = codes[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
};

/** Both streams of a command. */
export class Terminal {
  /** Whether a line is on the screen that the next output takes the place of. */
  #hasStatus = false;

  /** Whether somebody sees progress as it happens. */
  readonly isInteractive = process.stderr.isTTY === true && process.env.TERM !== 'dumb';

  /** Columns of the terminal that progress is shown in. */
  get columns(): number {
    return process.stderr.columns || 80;
  }

  /** A line of the result. */
  print(line: string): void {
    this.status('');
    process.stdout.write(`${line}\n`);
  }

  /** A line that is no result: what is being done, what to do next. */
  note(line: string): void {
    this.status('');
    process.stderr.write(`${line}\n`);
  }

  /** A note of several parts: in a terminal that is too narrow, on as many lines as they take, below the second part. */
  noteParts(parts: readonly string[]): void {
    const width = this.isInteractive ? this.columns : Number.POSITIVE_INFINITY;
    const seen = (line: string): number => stripVTControlCharacters(line).length;
    const [first, ...others] = parts;
    const lines = [first];
    for (const part of others) {
      const longer = `${lines[lines.length - 1]}${GAP}${part}`;
      if (seen(longer) < width) lines[lines.length - 1] = longer;
      else lines.push(`${' '.repeat(seen(first))}${GAP}${part}`);
    }
    this.note(lines.join('\n'));
  }

  /** A line that the next one takes the place of; in terminals only. */
  status(line: string): void {
    if (!this.isInteractive || (line === '' && !this.#hasStatus)) return;
    process.stderr.write(`\r\x1b[2K${line.slice(0, this.columns - 1)}`);
    this.#hasStatus = line !== '';
  }

  /** Text of a result in a style. */
  readonly result = (style: Style, text: string): string => styled(process.stdout, style, text);

  /** Text of a note in a style. */
  readonly styled = (style: Style, text: string): string => styled(process.stderr, style, text);
}
