// How an error gets the name of the call or layer that it is about.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  EngineError,
  FormatError,
  NumericError,
  OutOfMemoryError,
  ShapeError,
  StateError,
  ValueError,
} from '../../src/base/errors.js';
import { about, naming } from '../../src/base/naming.js';
import { namingAsync } from '../../src/base/namingasync.js';
import type { Shape } from '../../src/base/shape.js';
import { input, layers, Tensor } from '../../src/core.js';
import { Layer } from '../../src/network/layer.js';
import * as emit from '../../src/operators/emit.js';
import * as ops from '../../src/operators/ops.js';
import '../helpers/start.js';

/** What `work` throws. */
function thrown(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

const fail = (error: unknown) => (): never => {
  throw error;
};

test('a name is put in front, in the message and in the stack; class, cause and the error itself stay', () => {
  for (const Kind of [ShapeError, ValueError, NumericError, FormatError]) {
    const error = new Kind('$& is no size', { cause: 7 });
    assert.is(
      thrown(() => naming('conv2d', fail(error))),
      error,
    );
    assert.is(error.message, 'conv2d: $& is no size');
    assert.instance(error, Kind);
    assert.is(error.cause, 7);
    assert.match(error.stack ?? '', /conv2d: \$& is no size\n/);
  }
});

test('the innermost name is the only one', () => {
  const error = thrown(() => naming('fit', () => naming('conv2d', fail(new ValueError('no')))));
  assert.is(error.message, 'conv2d: no');
  const own = thrown(() => naming('conv2d', fail(new ValueError('conv2d: no'))));
  assert.is(own.message, 'conv2d: no');
});

test('parts are listed after the name', () => {
  const part = () => about('the filter', () => about('its rows', fail(new ShapeError('no'))));
  assert.is(thrown(() => naming('conv2d', part)).message, 'conv2d: the filter: its rows: no');
});

test('what is not about the arguments gets no name', () => {
  const others = [StateError, EngineError, OutOfMemoryError, Error, TypeError];
  for (const error of [...others.map((Kind) => new Kind('no')), 'no']) {
    assert.is(
      thrown(() => naming('conv2d', fail(error))),
      error,
    );
    assert.is((error as Error).message ?? error, 'no');
  }
});

test('a function for custom layers takes the name first', () => {
  assert.is(emit.poolGeometry('mine', [1, 4, 4, 2], {}).outputHeight, 2);
  const { message } = thrown(() => emit.poolGeometry('mine', [4, 4, 2], {}));
  assert.match(message, /^mine: expected 4 dimensions/);
});

test('work that awaits', async () => {
  assert.is(await namingAsync('readIdx', async () => 3), 3);
  const error = await namingAsync('readIdx', async () => fail(new FormatError('no'))()).catch(
    (error) => error,
  );
  assert.is(error.message, 'readIdx: no');
});

test('a layer of a layer has its own name in the message, an op is named once', () => {
  const block = layers.residual({
    layers: [layers.conv2d({ name: 'c', filters: 1, kernelSize: 3 })],
  });
  assert.match(thrown(() => block.shapeFor([8])).message, /^c: expected 3 dimensions/);
  const x = Tensor.zeros([4]);
  assert.match(
    thrown(() => ops.conv2d(x, x)).message,
    /^conv2d: expected 4 dimensions \[batch, height, width, channels\], received 1: \[4\]$/,
  );
  x.dispose();
});

test("a layer of one's own: its name is put in front, and not twice", () => {
  class Own extends Layer {
    readonly #message: string;

    constructor(message: string) {
      super('own', {}, []);
      this.#message = message;
    }

    shapeFor(shape: Shape): Shape {
      throw new ShapeError(`${this.#message}${shape.length}`);
    }

    emitForward(): never {
      throw new Error('not reached');
    }

    emitBackward(): undefined {}
  }
  const x = input([2]);
  for (const message of ['own: no ', 'no '])
    assert.is(thrown(() => new Own(message).apply(x)).message, 'own: no 1');
});

test.run();
