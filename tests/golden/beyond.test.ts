// Windows that reach beyond the image, and output padding beyond the stride, against PyTorch: replays
// beyond.json, which beyond.py makes.

import { test } from 'uvu';
import { ops } from '../../src/index.js';
import { type Replay, replayAll } from '../helpers/golden.js';
import '../helpers/start.js';

const replay: Replay = {
  maxPool2d: ({ x, dy }, options) => ({
    y: ops.maxPool2d(x, options),
    dx: ops.maxPool2dBackward(dy, x, options),
  }),
  avgPool2d: ({ x, dy }, options) => ({
    y: ops.avgPool2d(x, options),
    dx: ops.avgPool2dBackward(dy, x.shape, options),
  }),
  conv2dTranspose: ({ x, filter, bias, dy }, options: ops.Conv2dTransposeOptions) => ({
    y: ops.conv2dTranspose(x, filter, { ...options, bias }),
    dx: ops.conv2dTransposeBackwardInput(dy, filter, x.shape, options),
    dfilter: ops.conv2dTransposeBackwardFilter(x, dy, filter.shape, options),
    dbias: ops.biasBackward(dy),
  }),
};

replayAll('beyond.json', import.meta.url, replay, 2 ** -18);

test.run();
