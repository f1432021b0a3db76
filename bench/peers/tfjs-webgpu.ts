// TF.js by WebGPU.

import '@tensorflow/tfjs-backend-webgpu';
import { onGpu } from './tfjs-gpu.js';

/** What is used of `navigator.gpu`. */
interface Graphics {
  requestAdapter(): Promise<{
    info: Record<'vendor' | 'architecture' | 'description', string>;
  } | null>;
}

/** See the top of this file. */
export const adapter = onGpu('webgpu', async () => {
  const { gpu } = navigator as Navigator & { gpu?: Graphics };
  const { vendor, architecture, description } = (await gpu?.requestAdapter())?.info ?? {};
  return [vendor, architecture, description].filter(Boolean).join(' ') || undefined;
});
