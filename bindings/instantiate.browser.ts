// Instantiating a module in a page, where every kilobyte counts: without AssemblyScript's loader, as released builds
// assert nothing, and have neither strings nor managed objects.

export const instantiate = (
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
): Promise<WebAssembly.Instance> => WebAssembly.instantiate(module, imports);
