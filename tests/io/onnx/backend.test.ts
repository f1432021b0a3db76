// The ONNX project's own tests of the operators that are read, and its networks that PyTorch exported. Each test is run
// twice: with all arrays of floats as inputs of the network, and with the first one alone.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import '../../helpers/start.js';
import { casesOf, hasCases, runCase } from './cases.js';
import { KNOWN, reason } from './scope.js';

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
