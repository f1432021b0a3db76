// Instantiating a module in a page, where every kilobyte counts: of what AssemblyScript's loader knows, strings
// and managed objects, the kernels use nothing.

import type { instantiate as loaderInstantiate } from '@assemblyscript/loader';

export const instantiate = (async (module: WebAssembly.Module, imports: WebAssembly.Imports) => {
  const instance = await WebAssembly.instantiate(module, imports);
  return { exports: instance.exports };
}) as unknown as typeof loaderInstantiate;
