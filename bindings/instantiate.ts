// Instantiating a module in Node, Deno and Bun, by AssemblyScript's own loader: it provides what asc may import
// (abort, trace, seed), so that a failed assertion of a debug build is an error that names the file and line. No
// other file imports it. At once, as the module is compiled already: the loader's other function asks whether it was
// given a Response, and Node then loads all of fetch.

import { instantiateSync } from '@assemblyscript/loader';

export const instantiate = async (
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
): Promise<{ exports: WebAssembly.Exports }> => instantiateSync(module, imports);
