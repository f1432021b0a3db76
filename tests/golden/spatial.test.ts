// Pooling of every kind, padding, upsampling, response normalisation and concatenation against PyTorch:
// replays spatial.json, which spatial.py makes.

import { test } from 'uvu';
import { ops } from '../../src/index.js';
import { type Replay, replayAll } from '../helpers/golden.js';
import '../helpers/start.js';

const replay: Replay = {
  minPool2d: ({ x, dy }, options) => ({
    y: ops.minPool2d(x, options),
    dx: ops.minPool2dBackward(dy, x, options),
  }),
  lpPool2d: ({ x, dy }, options) => ({
    y: ops.lpPool2d(x, options),
    dx: ops.lpPool2dBackward(dy, x, options),
  }),
  globalMaxPool2d: ({ x, dy }) => ({
    y: ops.globalMaxPool2d(x),
    dx: ops.globalMaxPool2dBackward(dy, x),
  }),
  adaptiveAvgPool2d: ({ x, dy }, options) => ({
    y: ops.adaptiveAvgPool2d(x, options),
    dx: ops.adaptiveAvgPool2dBackward(dy, x.shape, options),
  }),
  adaptiveMaxPool2d: ({ x, dy }, options) => ({
    y: ops.adaptiveMaxPool2d(x, options),
    dx: ops.adaptiveMaxPool2dBackward(dy, x, options),
  }),
  channelPool: ({ x, dy }, options) => ({
    y: ops.channelPool(x, options),
    dx: ops.channelPoolBackward(dy, x, options),
  }),
  blurPool2d: ({ x, dy }, options) => ({
    y: ops.blurPool2d(x, options),
    dx: ops.blurPool2dBackward(dy, x.shape, options),
  }),
  lrn: ({ x, dy }, options) => ({
    y: ops.lrn(x, options),
    dx: ops.lrnBackward(dy, x, options),
  }),
  pad2d: ({ x, dy }, options) => ({
    y: ops.pad2d(x, options),
    dx: ops.pad2dBackward(dy, x.shape, options),
  }),
  upsampling2d: ({ x, dy }, options) => ({
    y: ops.upsampling2d(x, options),
    dx: ops.upsampling2dBackward(dy, x.shape, options),
  }),
  concat({ a, b, c, dy }) {
    const [da, db, dc] = ops.concatBackward(dy, [5, 8, 1]);
    return { y: ops.concat([a, b, c]), da, db, dc };
  },
  conv2d: ({ x, filter, dy }, options: ops.Conv2dOptions) => ({
    y: ops.conv2d(x, filter, options),
    dx: ops.conv2dBackwardInput(dy, filter, x.shape, options),
    dfilter: ops.conv2dBackwardFilter(x, dy, filter.shape, options),
  }),
};

replayAll('spatial.json', import.meta.url, replay, 2 ** -18);

test.run();
