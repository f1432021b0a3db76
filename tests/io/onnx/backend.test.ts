// The ONNX project's own tests of the operators that are read, and its networks that PyTorch exported. Each test is run
// twice: with all arrays of floats as inputs of the network, and with the first one alone.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { translations } from '../../../src/io/onnx/operators/index.js';
import '../../helpers/start.js';
import { type Case, casesOf, hasCases, runCase } from './cases.js';

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
const reason = ({ name, ops, proto }: Case): string | undefined => {
  const missing = ops.filter((op) => !Object.hasOwn(translations, op));
  if (missing.length > 0) return `no ${missing.join(', ')}`;
  const found = outOfScope.find(([pattern]) => pattern.test(name));
  if (found) return found[1];
  const opset = proto.opsets.get('') ?? 0;
  return opset > 21 ? 'a later operator set' : undefined;
};

/** A network that lacks a size which it computes shapes from cannot be made: the other run has it as a constant. */
const KNOWN =
  /must be known when the network is built|does not depend on the inputs|no output depends on|has no inputs/;

if (!hasCases)
  console.log('not run: tests of the ONNX project, as libonnx-testdata is not installed');
for (const kind of hasCases ? ['node', 'pytorch-converted', 'pytorch-operator'] : []) {
  test(`the ONNX project's tests: ${kind}`, async () => {
    const failures: string[] = [];
    let passed = 0;
    for (const one of casesOf(kind)) {
      if (reason(one) !== undefined) continue;
      const runs = [await runCase(one, 'first'), await runCase(one, 'floats')];
      const isFault = ({ error, wrong }: (typeof runs)[0]): boolean =>
        wrong !== undefined || (error !== undefined && !KNOWN.test(error));
      const fault = runs.find(isFault);
      if (fault) failures.push(`${one.name}: ${fault.wrong ?? fault.error}`);
      else if (runs.every(({ error }) => error)) failures.push(`${one.name}: ${runs[0].error}`);
      else passed++;
    }
    console.log(`${kind}: ${passed} passed`);
    assert.equal(failures, []);
    assert.ok(passed > 20, `${passed}`);
  });
}

if (!hasCases) test('nothing to run without libonnx-testdata', () => {});

test.run();
