// Help as text: of all commands, and of one.

import { type Command, dashed, type Option, type Options } from './command.js';
import type { Style } from './terminal.js';

type Paint = (style: Style, text: string) => string;

/** Columns of help: it is read in terminals of all sizes, and in files. */
const WIDTH = 96;
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
function twoColumns(rows: readonly (readonly [string, string])[], paint: Paint): string {
  const longest = Math.max(...rows.map(([left]) => left.length));
  const width = Math.min(LEFT, longest) + 2;
  return rows
    .map(([left, right]) => {
      const [first, ...rest] = wrapped(right, WIDTH - width - 2);
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

const section = (title: string, options: Options, paint: Paint): string =>
  `${paint('bold', title)}\n${twoColumns(
    Object.entries(options).map(([name, one]) => rowOf(name, one)),
    paint,
  )}`;

const examplesOf = (examples: Command['examples'], paint: Paint): string =>
  `${paint('bold', 'Examples')}\n${examples
    .map(([line, what]) => `  ${paint('dim', `# ${what}`)}\n  npx wasmgrad ${line}`)
    .join('\n\n')}`;

/** The help of a command. */
export const commandHelp = ({ usage, about, sections, examples }: Command, paint: Paint): string =>
  [
    `${paint('bold', 'Usage')}  wasmgrad ${usage} [options]`,
    about,
    examplesOf(examples, paint),
    ...Object.entries(sections).map(([title, options]) => section(title, options, paint)),
  ].join('\n\n');

/** The help of all commands. @param summaries a line for each command, by name */
export const allHelp = (summaries: Readonly<Record<string, string>>, paint: Paint): string =>
  [
    `${paint('bold', 'wasmgrad')}: convolutional networks that train and run on the CPU`,
    `${paint('bold', 'Usage')}  wasmgrad COMMAND [options]`,
    `${paint('bold', 'Commands')}\n${twoColumns(Object.entries(summaries), paint)}`,
    examplesOf(
      [
        ['train photos/', 'learn to tell the folders of photos/ apart; writes model.wasmgrad'],
        ['predict model.wasmgrad new.jpg', 'what is on a new photo?'],
        [
          'evaluate model.wasmgrad test/',
          'how often is it right, and what does it mistake for what?',
        ],
      ],
      paint,
    ),
    `'wasmgrad COMMAND --help' says more of each, with examples.
Exit codes: 0 done, 1 failed, 2 wrong use, 130 stopped by Ctrl-C.`,
  ].join('\n\n');
