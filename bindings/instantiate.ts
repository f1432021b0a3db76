// Instantiating a module, by AssemblyScript's loader.

export { instantiate } from '@assemblyscript/loader';
