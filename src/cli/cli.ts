// `npx wasmgrad`: finds the command, runs it, and turns what came of it into words and an exit code. Imports nothing of
// the library, so that help comes at once.

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { WasmgradError } from '../base/errors.js';
import { nearest } from '../base/options.js';
import { type Command, readArguments, UsageError } from './command.js';
import { commands } from './commands.js';
import { allHelp, commandHelp } from './help.js';
import { Terminal } from './terminal.js';

/** Exit codes beside 0. */
const FAILED = 1;
const WRONG_USE = 2;

const terminal = new Terminal();

/** Where help is shown: as wide as the terminal, also of what is piped into a pager. */
const page = { columns: terminal.columns, paint: terminal.result };

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

const overview = (): string =>
  allHelp(
    Object.fromEntries(Object.entries(commands).map(([name, { summary }]) => [name, summary])),
    page,
  );

async function commandOf(name: string): Promise<Command> {
  if (!Object.hasOwn(commands, name)) {
    const names = Object.keys(commands);
    throw new UsageError(
      `there is no command '${name}'${nearest(name, names)}; there are ${names.join(', ')}`,
    );
  }
  return commands[name].load();
}

async function version(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const file = new URL('../package.json', import.meta.url);
  return JSON.parse(await readFile(file, 'utf8')).version;
}

/** Runs the command line. @returns the exit code */
async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    terminal.note(overview());
    return WRONG_USE;
  }
  if (name === '--version' || name === '-v') {
    terminal.print(await version());
    return 0;
  }
  const end = rest.indexOf('--');
  const wantsHelp = rest.slice(0, end < 0 ? undefined : end).some(isHelp);
  const about = name === 'help' ? rest[0] : wantsHelp ? name : undefined;
  if (isHelp(name) || (name === 'help' && about === undefined)) {
    terminal.print(overview());
    return 0;
  }
  if (about !== undefined) {
    terminal.print(commandHelp(await commandOf(about), page));
    return 0;
  }
  const command = await commandOf(name);
  const { words, values } = readArguments(command, rest);
  return (await command.run(words, values, terminal)) ?? 0;
}

/** What is said of an error. Of a file that the system refuses its message says all; so do the library's. */
function told(fault: Error): string {
  const { code, path } = fault as NodeJS.ErrnoException;
  if (code === 'ENOENT' && path !== undefined) {
    const folder = dirname(path);
    return existsSync(folder)
      ? `there is no file or folder '${path}'`
      : `there is no folder '${folder}' for '${path}'`;
  }
  const isTold =
    fault instanceof UsageError || fault instanceof WasmgradError || 'syscall' in fault;
  // Of any other the place is worth knowing.
  return isTold ? fault.message : (fault.stack ?? fault.message);
}

/** Says what went wrong. @returns the exit code */
function report(error: unknown, name: string | undefined): number {
  const fault = error instanceof Error ? error : new Error(String(error));
  const isUsage = fault instanceof UsageError;
  terminal.note(`${terminal.styled('red', 'error:')} ${told(fault)}`);
  if (!isUsage) return FAILED;
  const known = name !== undefined && Object.hasOwn(commands, name);
  terminal.note(`'wasmgrad ${known ? `${name} ` : ''}--help' shows how it is used`);
  return WRONG_USE;
}

// Whoever read the result has enough (`| head`): nobody is left to write to. Progress that nobody reads is left out.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const args = process.argv.slice(2);
try {
  process.exitCode = await run(args);
} catch (error) {
  process.exitCode = report(error, args[0]);
}
