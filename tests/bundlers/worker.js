// A worker, or a service worker, for scripts/check/pages.ts: trains as it is told to, and answers with what comes
// of it.

import { train } from './train.js';

globalThis.onmessage = async ({ data: { url, ...options }, ports: [port] }) => {
  const wasm = url && new URL(url, location.href);
  port.postMessage(
    await train({ wasm, ...options }).catch(({ name, message }) => ({ name, error: message })),
  );
};
