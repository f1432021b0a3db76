// The identity shortcut: which pixels and channels go where, both ways, and nothing beside them.

import { test } from 'uvu';
import { Emitter } from '../../src/program/emitter.js';
import { close } from '../helpers/close.js';
import { Guarded } from '../helpers/guarded.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

test('identity shortcut: pixels left out, channels of zeros added, and back', () => {
  for (const [height, width] of [
    [1, 1],
    [2, 3],
    [5, 4],
    [7, 7],
  ]) {
    for (const stride of [1, 2, 3]) {
      for (const [channels, filters] of [
        [1, 1],
        [1, 3],
        [3, 4],
        [4, 9],
        [5, 8],
        [8, 16],
      ]) {
        check(2, height, width, stride, channels, filters);
      }
    }
  }
});

function check(
  batch: number,
  height: number,
  width: number,
  stride: number,
  channels: number,
  filters: number,
): void {
  const [lines, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const [inputs, outputs] = [
    [batch, height, width, channels],
    [batch, lines, columns, filters],
  ];
  const count = (shape: number[]) => shape.reduce((a, b) => a * b);
  const [x, dy] = [numbers(count(inputs), 1), numbers(count(outputs), 2)];
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < lines; i++) {
      for (let j = 0; j < columns; j++) {
        for (let c = 0; c < channels; c++) {
          const from = ((b * height + i * stride) * width + j * stride) * channels + c;
          const to = ((b * lines + i) * columns + j) * filters + c;
          y[to] = x[from];
          dx[from] = dy[to];
        }
      }
    }
  }
  const memory = new Guarded();
  const [vx, vdy] = [memory.value('x', inputs, x), memory.value('dy', outputs, dy)];
  const [vy, vdx] = [memory.value('y', outputs), memory.value('dx', inputs)];
  const e = new Emitter();
  const sizes = { batch, height, width, channels, filters, stride };
  e.emit('identityShortcut', { y: vy, x: vx, ...sizes });
  e.emit('identityShortcutBackward', { dx: vdx, dy: vdy, ...sizes });
  const what = `${inputs} → ${outputs}`;
  memory.run(e, what);
  close(memory.read(vy), y, {}, `${what}: y`);
  close(memory.read(vdx), dx, {}, `${what}: dx`);
  memory.free();
}

test.run();
