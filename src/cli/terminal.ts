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

/** A path as a shell takes it for one word. */
export function quoted(path: string): string {
  if (/^[\p{L}\p{N}_./:@%+=-]+$/u.test(path)) return path;
  return process.platform === 'win32' ? `"${path}"` : `'${path.replaceAll("'", "'\\''")}'`;
}

const styled = (stream: Stream, style: Style, text: string): string => {
  if (!hasColours(stream)) return text;
  const [on, off] = codes[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
};

/** Columns of a terminal; what is no terminal has room for all. */
const columnsOf = (stream: Stream): number =>
  stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY;

/** Parts of a line: in a terminal that is too narrow on as many lines as they take, below the second part. */
function laidOut(parts: readonly string[], stream: Stream): string {
  const width = columnsOf(stream);
  const seen = (line: string): number => stripVTControlCharacters(line).length;
  const [first, ...others] = parts;
  const lines = [first];
  for (const part of others) {
    const longer = `${lines[lines.length - 1]}${GAP}${part}`;
    if (seen(longer) < width) lines[lines.length - 1] = longer;
    else lines.push(`${' '.repeat(seen(first))}${GAP}${part}`);
  }
  return lines.join('\n');
}

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

  /** Columns that a line of the result may have. */
  get resultColumns(): number {
    return columnsOf(process.stdout);
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

  /** A note of several parts. */
  noteParts(parts: readonly string[]): void {
    this.note(laidOut(parts, process.stderr));
  }

  /** A line of the result, of several parts. */
  printParts(parts: readonly string[]): void {
    this.print(laidOut(parts, process.stdout));
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
