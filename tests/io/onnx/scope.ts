// Which of the ONNX project's tests are not run, and why.

import { operators } from '../../../src/io/onnx/operators/index.js';
import type { Case } from './cases.js';

/** Tests that are not run, and why. */
const outOfScope: readonly (readonly [RegExp, string])[] = [
  [/^test_(cast|castlike)_/, 'other types than float32'],
  [
    /^test_(shape|constant|constantofshape|size|range|where|equal|not|and|or|less|greater)(\dd|_|$)|window.*expanded$/,
    'constants alone: no layer computes them',
  ],
  [/(u?int(8|16|32|64)|_int_|float64|double)/, 'layers compute float32'],
  [/^test_(edge|reflect)_pad$|^test_identity_(opt|sequence)$/, 'no float32'],
  [
    /^test_(training_)?dropout.*(mask|default$|ratio$|dropout$)|^test_training_dropout/,
    'the mask, and dropping in training by another generator',
  ],
  [/^test_maxpool_with_argmax/, 'the indices of maxima are no output'],
  [/^test_Embedding|non_float_params/, 'whole numbers as input'],
  [/zero_size|allowzero_reordered|start_out_of_bounds/, 'arrays without numbers'],
  [
    /^test_operator_add_(broadcast|size1_right_broadcast|size1_singleton_broadcast)$|^test_operator_addconstant$|^test_operator_add_size1_broadcast$/,
    'numbers of float64 that float32 does not hold',
  ],
];

/** Why a test is not run; undefined for one that must pass. */
export const reason = ({ name, ops, proto }: Case): string | undefined => {
  const missing = ops.filter((op) => !Object.hasOwn(operators, op));
  if (missing.length > 0) return `no ${missing.join(', ')}`;
  const found = outOfScope.find(([pattern]) => pattern.test(name));
  if (found) return found[1];
  const opset = proto.opsets.get('') ?? 0;
  return opset > 21 ? 'a later operator set' : undefined;
};

/** A network that lacks a size which it computes shapes from cannot be made: the other run has it as a constant. */
export const KNOWN =
  /must be known when the network is built|does not depend on the inputs|no output depends on|has no inputs/;
