// Which tensors a layer of a functional model is called with: lists in Keras 2 and TF.js, arguments in Keras 3.

import { FormatError } from '../../../base/errors.js';
import { shown } from '../../../base/shown.js';
import { isList, isObject, type Json, listAt } from '../json.js';

/** An output of a call of a layer. */
export interface Reference {
  readonly layer: string;
  /** Which of the layer's calls, from 0. */
  readonly node: number;
  /** Which of its outputs. */
  readonly tensor: number;
}

/** A call of a layer. */
export interface InboundCall {
  readonly layer: string;
  readonly node: number;
  readonly reads: readonly Reference[];
}

/** A call's name in tables. */
export const key = ({ layer, node }: { layer: string; node: number }): string => `${node} ${layer}`;

const isReference = (value: unknown): value is [string, number, number] =>
  isList(value) &&
  typeof value[0] === 'string' &&
  Number.isInteger(value[1]) &&
  Number.isInteger(value[2]);

const referenceOf = ([layer, node, tensor]: [string, number, number]): Reference => ({
  layer,
  node,
  tensor,
});

/** The calls of a layer. */
export function callsOf(layer: string, { inbound_nodes: nodes }: Json): InboundCall[] {
  return listAt('its inbound_nodes', nodes).map((given, node) => {
    // Keras leaves the list out where there is one input.
    const reads = isObject(given)
      ? tensorsIn(given.args)
      : isReference(given)
        ? [referenceOf(given)]
        : listAt('a call in its inbound_nodes', given).map(checked);
    return { layer, node, reads };
  });
}

function checked(value: unknown): Reference {
  if (isReference(value)) return referenceOf(value);
  throw new FormatError(
    `its inbound_nodes have ${shown(value)}, which is no [layer, node, tensor]`,
  );
}

/** All tensors in Keras 3's arguments, in their order. */
function tensorsIn(value: unknown, depth = 0): Reference[] {
  if (depth > 8) throw new FormatError('its inbound_nodes are nested too deep');
  if (isList(value)) return value.flatMap((one) => tensorsIn(one, depth + 1));
  if (!isObject(value) || value.class_name !== '__keras_tensor__') return [];
  return [checked(isObject(value.config) ? value.config.keras_history : undefined)];
}

/** Inputs or outputs of a model: one, a list, or a record of them. */
export function referencesOf(what: string, value: unknown): Reference[] {
  if (isReference(value)) return [referenceOf(value)];
  const list = isObject(value) ? Object.values(value) : listAt(what, value);
  if (list.length > 0 && list.every(isReference)) return list.map(referenceOf);
  throw new FormatError(`${what} must be [layer, node, tensor] each, not ${shown(value)}`);
}
