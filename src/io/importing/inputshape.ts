// The option `inputShape` of readers: the sides that a file leaves open.

import { ValueError } from '../../base/errors.js';
import { shown } from '../../base/shown.js';

/** One sample's shape, or those of several inputs by their names. */
export type InputShape =
  | readonly number[]
  | Readonly<Record<string, readonly number[]>>
  | undefined;

const isList = (value: unknown): value is readonly number[] => Array.isArray(value);

const isShape = (value: unknown): boolean =>
  isList(value) && value.every((side) => Number.isSafeInteger(side) && side > 0);

/** What the option says of an input. */
export const wantedShape = (name: string, inputShape: InputShape): readonly number[] | undefined =>
  isList(inputShape)
    ? inputShape
    : inputShape && Object.hasOwn(inputShape, name)
      ? inputShape[name]
      : undefined;

/** @throws {ValueError} for anything but shapes, and for names that no input has */
export function checkInputShape(inputShape: InputShape, inputs: readonly string[]): void {
  if (inputShape === undefined || isShape(inputShape)) return;
  const isRecord = typeof inputShape === 'object' && inputShape !== null && !isList(inputShape);
  if (!isRecord)
    throw new ValueError(
      `inputShape must be whole numbers > 0, or a record of such by the inputs' names, not ${shown(inputShape)}`,
    );
  checkInputNames('inputShape', inputShape, inputs);
  for (const [name, shape] of Object.entries(inputShape))
    if (!isShape(shape))
      throw new ValueError(
        `inputShape of ${shown(name)} must be whole numbers > 0, not ${shown(shape)}`,
      );
}

/** @param option what has entries by the inputs' names @throws {ValueError} for names that no input has */
export function checkInputNames(option: string, given: object, inputs: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !inputs.includes(name));
  if (unknown === undefined) return;
  throw new ValueError(
    `${option} has ${shown(unknown)}, which is no input: the file's are ${inputs.map(shown).join(', ')}`,
  );
}
