// TF.js by WebGL.

import '@tensorflow/tfjs-backend-webgl';
import { onGpu } from './tfjs-gpu.js';

/** See the top of this file. */
export const adapter = onGpu('webgl', () => {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  const unmasked = gl?.getExtension('WEBGL_debug_renderer_info')?.UNMASKED_RENDERER_WEBGL;
  return gl?.getParameter(unmasked ?? gl.RENDERER);
});
