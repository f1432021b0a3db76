// What the examples have in common: the command line, the start of the engine, and Ctrl-C.

import { parseArgs } from 'node:util';
import { init } from 'wasmgrad';

/** What may stand behind a word of the command line; each says what is wrong with a value, if anything. */
const checks = {
  epochs: (value) => /^[1-9]\d*$/.test(value) || 'a number from 1 on',
  steps: (value) => /^[1-9]\d*$/.test(value) || 'a number from 1 on',
  seed: (value) => /^\d+$/.test(value) || 'a whole number',
  simd: (value) => ['auto', 'strict', 'relaxed'].includes(value) || 'auto, strict or relaxed',
};

/**
 * The options of the command line that `defaults` names; numbers as numbers. Prints the help or what is
 * wrong, and ends.
 */
export function readArguments(help, defaults) {
  const options = { help: { type: 'boolean', short: 'h' } };
  for (const [name, value] of Object.entries(defaults))
    options[name] = { type: typeof value === 'boolean' ? 'boolean' : 'string' };
  try {
    const { help: wanted, ...values } = parseArgs({ options }).values;
    if (wanted) {
      console.log(help);
      process.exit(0);
    }
    for (const [name, value] of Object.entries(values)) {
      const verdict = checks[name]?.(value) ?? true;
      if (verdict !== true) throw new Error(`--${name} must be ${verdict}, not ${value}`);
      if (typeof defaults[name] === 'number') values[name] = Number(value);
    }
    return { ...defaults, ...values };
  } catch (error) {
    console.error(`${error.message}\n\n${help}`);
    process.exit(1);
  }
}

/** Starts the engine, with 256-bit code where Node can make it: the same bits, sooner. */
export async function start(simd) {
  const [major] = process.versions.node.split('.').map(Number);
  await init({ simd, revectorize: major >= 24 && process.arch === 'x64' });
}

/**
 * Does work that Ctrl-C ends early, by the signal that it is given: what was trained stays, and the
 * example goes on with it. A second Ctrl-C ends the program.
 */
export async function untilInterrupted(work) {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  try {
    await work(stop.signal);
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
    console.log('\nstopped: what was trained so far is kept');
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}
