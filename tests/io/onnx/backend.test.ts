// The ONNX project's own tests of the operators that are read, and its networks that PyTorch exported. What layers compute
// is run twice: with all arrays of floats as inputs of the network, and with the first one alone. backend.md lists them.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import '../../helpers/start.js';
import { type Case, casesOf, foldCase, hasCases, type Outcome, runCase } from './cases.js';
import { KNOWN, kinds, scopeOf } from './scope.js';

/** What is wrong with a test that layers compute; undefined for nothing. */
async function faultOf(one: Case): Promise<string | undefined> {
  const runs = [await runCase(one, 'first'), await runCase(one, 'floats')];
  const isFault = ({ error, wrong }: Outcome): boolean =>
    wrong !== undefined || (error !== undefined && !KNOWN.test(error));
  const fault = runs.find(isFault) ?? (runs.every(({ error }) => error) ? runs[0] : undefined);
  return fault && (fault.wrong ?? fault.error);
}

if (!hasCases)
  console.log('not run: tests of the ONNX project, as libonnx-testdata is not installed');
for (const kind of hasCases ? kinds : []) {
  test(`the ONNX project's tests: ${kind}`, async () => {
    const failures: string[] = [];
    let passed = 0;
    for (const one of casesOf(kind)) {
      const scope = scopeOf(one);
      if ('reason' in scope) continue;
      const { wrong, error } =
        scope.run === 'constants' ? foldCase(one) : { wrong: await faultOf(one), error: undefined };
      const fault = wrong ?? error;
      if (fault) failures.push(`${one.name}: ${fault}`);
      else passed++;
    }
    console.log(`${kind}: ${passed} passed`);
    assert.equal(failures, []);
    assert.ok(passed > 20, `${passed}`);
  });
}

if (!hasCases) test('nothing to run without libonnx-testdata', () => {});

test.run();
