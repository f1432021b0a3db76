// Models by what is typed for them: a file, or a network of the zoo, 'resnet20' as well as 'lenet5'.

import { stat } from 'node:fs/promises';
import { nearest } from '../base/options.js';
import { type Model, type Shape, ValueError } from '../core.js';
import * as zoo from '../zoo/index.js';
import { isModelPath, readModel } from './formats.js';

const { resnet, ...others } = zoo;
const makers: Readonly<Record<string, (options: zoo.ZooOptions) => Model>> = others;

/** The names of the zoo, for help and messages. */
const zooNames = [...Object.keys(makers), 'resnet18', 'resnet20', 'resnet50'].sort();

/** Makes a network of the zoo; undefined for a name that it does not have. */
export function zooModel(name: string, options: zoo.ZooOptions = {}): Model | undefined {
  const [, depth] = /^resnet(\d{1,4})$/.exec(name) ?? [];
  if (depth) return resnet({ ...options, depth: Number(depth) });
  return Object.hasOwn(makers, name) ? makers[name](options) : undefined;
}

/** Whether a file is meant, and not a network of the zoo. */
export const isFile = async (name: string): Promise<boolean> =>
  isModelPath(name) || ((await stat(name).catch(() => undefined))?.isFile() ?? false);

/**
 * The model of a file, or the network of that name, after `init`.
 *
 * @param inputShape where the file leaves it open, or of the network
 *
 * @throws {ValueError} for a name that is neither
 */
export async function openModel(name: string, inputShape?: Shape): Promise<Model> {
  if (await isFile(name)) return readModel(name, { inputShape });
  return zooModel(name, { inputShape }) ?? unknownModel(name);
}

/** @throws {ValueError} */
export function unknownModel(name: string): never {
  throw new ValueError(
    `'${name}' is neither a model file nor a network of the zoo${nearest(name, zooNames)}; there are ${zooNames.join(', ')}; resnet takes any depth of its paper`,
  );
}
