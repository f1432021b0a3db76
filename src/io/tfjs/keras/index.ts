// The layers of Keras that can be read: their translations by class name.

import { shown } from '../../../base/shown.js';
import { FOR_CONVOLUTIONS } from '../../importing/fault.js';
import { activationLayers } from './activation.js';
import { kernelLayers } from './conv.js';
import type { KerasLayer, Translation } from './layer.js';
import { mergeLayers } from './merge.js';
import { normLayers } from './norm.js';
import { poolLayers } from './pool.js';
import { shapeLayers } from './shape.js';

const translations: Readonly<Record<string, Translation>> = {
  ...kernelLayers,
  ...poolLayers,
  ...normLayers,
  ...activationLayers,
  ...shapeLayers,
  ...mergeLayers,
};

/** The translation of a class; undefined where there is none. */
export const translationOf = (type: string): Translation | undefined =>
  Object.hasOwn(translations, type) ? translations[type] : undefined;

/** What networks of other kinds consist of. */
const otherKinds =
  /LSTM|GRU|RNN|Attention|Embedding|Bidirectional|TimeDistributed|Einsum|Text|Token/;

/** What is said of layers that there are not. */
export function missingText(missing: readonly KerasLayer[]): string {
  const listed = missing.map(({ title, config }) => `${title} ${shown(config.json)}`).join('; ');
  const kind = missing.some(({ type }) => otherKinds.test(type)) ? ` ${FOR_CONVOLUTIONS}` : '';
  return `there are layers that it has not: ${listed}.${kind} It has ${Object.keys(translations).join(', ')}`;
}
