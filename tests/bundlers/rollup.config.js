// What Rollup makes a page of: it is told where packages are.

import { nodeResolve } from '@rollup/plugin-node-resolve';

export default {
  input: ['page.js', 'own-worker.js'],
  output: { dir: 'out/rollup' },
  plugins: [nodeResolve({ browser: true })],
};
