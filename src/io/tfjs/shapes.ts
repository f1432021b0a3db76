// The shapes of inputs: the file's, with open sides from the option inputShape, or from a tensor.

import { FormatError, ValueError } from '../../base/errors.js';
import { shown } from '../../base/shown.js';
import { input, type SymbolicTensor } from '../../core.js';
import { ofFile } from '../importing/fault.js';
import { USUAL_SIDE } from '../importing/imported.js';

/** An input's shape with the batch, as the file has it: null, or a number below 0, is a side that is open. */
export type FileShape = readonly unknown[] | undefined;

const isSide = (side: unknown): side is number =>
  Number.isSafeInteger(side) && (side as number) > 0;

const isOpenSide = (side: unknown): boolean =>
  side === null || (typeof side === 'number' && side < 0);

/** Whether a sample may have several shapes. */
export const leavesOpen = (given: FileShape): boolean =>
  given === undefined || given.slice(1).some(isOpenSide);

/**
 * One sample's shape. Images whose sides nobody says have the usual ones.
 *
 * @param given undefined where all is open
 * @param wanted what the option says, or the shape of a tensor
 * @throws {ValueError} if that does not fit the file, or is missing where sides are open
 */
export function sampleShape(given: FileShape, wanted: readonly number[] | undefined): number[] {
  if (wanted && !(isPlain(wanted) && wanted.every(isSide)))
    throw new ValueError(`inputShape must be whole numbers > 0, not ${shown(wanted)}`);
  const sample = given?.slice(1) ?? wanted;
  if (!sample)
    throw new ValueError(
      'the file does not say its shape: give it, readTfjs(source, { inputShape: [height, width, channels] })',
    );
  const text = `[batch, ${sample.map((side) => (isSide(side) ? side : '?')).join(', ')}]`;
  if (wanted && wanted.length !== sample.length)
    throw new ValueError(`inputShape is ${shown(wanted)}, but the file has ${text}`);
  return sample.map((side, axis) => {
    const own = wanted?.[axis];
    if (isOpenSide(side)) {
      if (own !== undefined) return own;
      if (sample.length === 3 && axis < 2) return USUAL_SIDE;
      throw new ValueError(
        `its shape ${text} leaves sides open: say which they are, readTfjs(source, { inputShape: [height, width, channels] })`,
      );
    }
    if (!isSide(side)) throw new FormatError(`its shape has the side ${shown(side)}`);
    if (own === undefined || own === side) return side;
    throw new ValueError(`inputShape says ${own} where the file has ${side}`);
  });
}

/** An input of a network. @param name the file's @throws {FormatError} for more numbers than memory holds */
export function inputOf(name: string, shape: readonly number[]): SymbolicTensor {
  return ofFile(() => input(shape, { name: name.replaceAll('/', '.') || 'input' }));
}

const isPlain = (value: unknown): value is readonly number[] => Array.isArray(value);
