// The shapes of inputs: the file's, with open sides from the option inputShape.

import { FormatError, ValueError } from '../../base/errors.js';
import { shown } from '../../base/shown.js';
import { input, type SymbolicTensor } from '../../core.js';
import { ofFile } from '../importing/fault.js';

/** One sample's shape, or those of several inputs by their names. */
export type InputShape =
  | readonly number[]
  | Readonly<Record<string, readonly number[]>>
  | undefined;

const isSide = (side: unknown): side is number =>
  Number.isSafeInteger(side) && (side as number) > 0;

/**
 * One sample's shape.
 *
 * @param given the file's, without the batch: null or a number below 0 is a side that is open. Undefined where all is
 * @throws {ValueError} if the option does not fit the file, or is missing where sides are open
 */
export function sampleShape(
  name: string,
  given: readonly unknown[] | undefined,
  inputShape: InputShape,
): number[] {
  const wanted: readonly number[] | undefined = isPlain(inputShape)
    ? inputShape
    : inputShape && Object.hasOwn(inputShape, name)
      ? inputShape[name]
      : undefined;
  const text = `[batch, ${given?.map((side) => (isSide(side) ? side : '?')).join(', ')}]`;
  if (wanted && !(isPlain(wanted) && wanted.length > 0 && wanted.every(isSide)))
    throw new ValueError(`inputShape must be whole numbers > 0, not ${shown(wanted)}`);
  if (wanted && given && wanted.length !== given.length)
    throw new ValueError(`inputShape is ${shown(wanted)}, but the file has ${text}`);
  return (given ?? (wanted as readonly number[])).map((side, i) => {
    const own = wanted?.[i];
    const isOpen = side === null || (typeof side === 'number' && side < 0);
    if (!isOpen && !isSide(side)) throw new FormatError(`its shape has the side ${shown(side)}`);
    if (isOpen && own !== undefined) return own;
    if (isOpen)
      throw new ValueError(
        `its shape ${text} leaves sides open: say which they are, readTfjs(source, { inputShape: [height, width, channels] })`,
      );
    if (own === undefined || own === side) return side as number;
    throw new ValueError(`inputShape says ${own} where the file has ${side}`);
  });
}

/** An input of a network. @param name the file's @throws {FormatError} for more numbers than memory holds */
export function inputOf(name: string, shape: readonly number[]): SymbolicTensor {
  return ofFile(() => input(shape, { name: name.replaceAll('/', '.') || 'input' }));
}

const isPlain = (value: unknown): value is readonly number[] => Array.isArray(value);
