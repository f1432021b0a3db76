// Damaged and hostile files of wasmgrad's own format: a model that goes on training or a FormatError each.

import { test } from 'uvu';
import { loadModel } from '../../src/index.js';
import { warnings } from '../helpers/console.js';
import { damagedBytes, damagedHeader, unsealed } from '../helpers/damage.js';
import { CASES, fuzz } from '../helpers/fuzz.js';
import { compiled } from '../helpers/models.js';
import '../helpers/start.js';

/** A model with all that a file can have, but for the checksum, which would find all damages. */
function saved(): Uint8Array {
  const model = compiled({ optimizer: 'adam' });
  model.labels = ['top', 'middle', 'bottom'];
  model.preprocessing = { resize: [8, 8] };
  const bytes = model.toBytes();
  model.dispose();
  return unsealed(bytes);
}

/** Numbers that are not finite are loaded, with a warning. */
const read = (file: Uint8Array): Promise<unknown> =>
  warnings(async () => (await loadModel(file)).dispose());

test('files with anything in place of something in their headers', () =>
  fuzz({
    name: 'loadModel',
    files: damagedHeader(saved()),
    read,
    cases: (3 * CASES) / 4,
    taken: 100,
    refused: 5000,
  }));

test('files with other bytes', () =>
  fuzz({
    name: 'loadModel',
    files: damagedBytes([saved()]),
    read,
    cases: CASES / 4,
    taken: 20,
    refused: 2000,
  }));

test.run();
