// Instantiating a module, by AssemblyScript's loader. In the browser build instantiate.browser.ts stands in its place.

export { instantiate } from '@assemblyscript/loader';
