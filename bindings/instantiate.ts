// Instantiating a module in Node, Deno and Bun, by AssemblyScript's own loader: it provides what asc may import
// (abort, trace, seed), so that a failed assertion of a debug build is an error that names the file and line. No
// other file imports it.

export { instantiate } from '@assemblyscript/loader';
