// How an error gets its name. What checks something says what is wrong; who knows which call or layer it was puts that
// name in front.

import { FormatError, NumericError, ShapeError, ValueError } from './errors.js';

/** Errors about what was given. Those about memory, the engine or the state of things are nobody's: they get no name. */
const kinds = [ShapeError, ValueError, NumericError, FormatError];

/** Errors that have a name. */
const named = new WeakSet<object>();

/** Does `work`. An error without a name gets this one: the innermost call is the one that the reader needs. */
export function naming<T>(where: string, work: () => T): T {
  try {
    return about(where, work);
  } catch (error) {
    if (error instanceof Error) named.add(error);
    throw error;
  }
}

/** Does `work`, whose errors are about a part of what was given. The name that is still to come is put before it. */
export function about<T>(part: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw withPrefix(error, `${part}: `);
  }
}

function withPrefix(error: unknown, prefix: string): unknown {
  if (!kinds.some((kind) => error instanceof kind)) return error;
  const fault = error as Error;
  if (named.has(fault) || fault.message.startsWith(prefix)) return fault;
  const message = prefix + fault.message;
  // V8 has written the message into the stack when the error was made.
  if (fault.stack) fault.stack = fault.stack.replace(fault.message, () => message);
  fault.message = message;
  return fault;
}
