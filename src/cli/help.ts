// Help as text: of all commands, and of one.

import { type Command, dashed, type Option, type Options } from './command.js';
import type { Style } from './terminal.js';

/** Where help is shown. */
export interface Page {
  readonly columns: number;
  readonly paint: (style: Style, text: string) => string;
}

/** The most columns of help: longer lines are hard to read. */
const WIDEST = 96;
/** Columns of the left half; longer words have their text on the next line. */
const LEFT = 32;

/** Text in lines of at most `width` columns. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line];
}

/** Words at the left, what they mean at the right. */
function twoColumns(
  rows: readonly (readonly [string, string])[],
  { columns, paint }: Page,
): string {
  const longest = Math.max(...rows.map(([left]) => left.length));
  const width = Math.min(LEFT, longest) + 2;
  return rows
    .map(([left, right]) => {
      const [first, ...rest] = wrapped(right, Math.min(WIDEST, columns) - width - 2);
      const indent = ' '.repeat(width + 2);
      const begin =
        left.length < width
          ? `  ${paint('cyan', left)}${' '.repeat(width - left.length)}${first}`
          : `  ${paint('cyan', left)}\n${indent}${first}`;
      return [begin, ...rest.map((line) => indent + line)].join('\n');
    })
    .join('\n');
}

const rowOf = (name: string, { value, help, short }: Option): readonly [string, string] => [
  `${short ? `-${short}, ` : ''}--${dashed(name)}${value ? ` ${value}` : ''}`,
  help,
];

const section = (title: string, options: Options, page: Page): string =>
  `${page.paint('bold', title)}\n${twoColumns(
    Object.entries(options).map(([name, one]) => rowOf(name, one)),
    page,
  )}`;

/** Paragraphs with an empty line between them, whatever lines they are written in. */
const flowing = (text: string, { columns }: Page): string =>
  text
    .split('\n\n')
    .map((part) => wrapped(part.replaceAll('\n', ' '), Math.min(WIDEST, columns)).join('\n'))
    .join('\n\n');

const examplesOf = (examples: Command['examples'], { paint }: Page): string =>
  `${paint('bold', 'Examples')}\n${examples
    .map(([line, what]) => `  ${paint('dim', `# ${what}`)}\n  npx wasmgrad ${line}`)
    .join('\n\n')}`;

/** The help of a command. */
export const commandHelp = ({ usage, about, sections, examples }: Command, page: Page): string =>
  [
    `${page.paint('bold', 'Usage')}  wasmgrad ${usage} [options]`,
    flowing(about, page),
    examplesOf(examples, page),
    ...Object.entries(sections).map(([title, options]) => section(title, options, page)),
  ].join('\n\n');

/** The help of all commands. @param summaries a line for each command, by name */
export const allHelp = (summaries: Readonly<Record<string, string>>, page: Page): string =>
  [
    `${page.paint('bold', 'wasmgrad')}: convolutional networks that train and run on the CPU`,
    `${page.paint('bold', 'Usage')}  wasmgrad COMMAND [options]`,
    `${page.paint('bold', 'Commands')}\n${twoColumns(Object.entries(summaries), page)}`,
    examplesOf(
      [
        ['train photos/', 'learn to tell the folders of photos/ apart; writes model.wasmgrad'],
        ['predict model.wasmgrad new.jpg', 'what is on a new photo?'],
        [
          'evaluate model.wasmgrad test/',
          'how often is it right, and what does it mistake for what?',
        ],
      ],
      page,
    ),
    `'wasmgrad COMMAND --help' says more of each, with examples.
Exit codes: 0 done, 1 failed, 2 wrong use, 130 stopped by Ctrl-C.`,
  ].join('\n\n');
