// What Rollup makes a page of: it is told where packages are, and how to read those that TF.js depends on.

import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';

export default {
  input: ['page.js', 'own-worker.js'],
  output: { dir: 'out/rollup' },
  plugins: [nodeResolve({ browser: true }), commonjs()],
};
