// The specs of tfjs-layers, tfjs-converter and tfjs-data. Their packages of today carry none: in 4.22 they have helpers
// of specs alone, and none from 3.10 on has more. Those of 3.6 to 3.9 have source maps of their specs with the sources in
// them (before, without). So these are the specs of 3.9, run on the packages of today.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import ts from 'typescript';

const modules = fileURLToPath(new URL('mapped/node_modules/', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Where the packages of today are. Layers' specs come last: they reset the engine, and some of the converter's make
 * their tensors as they are declared.
 */
const today = {
  converter: `${root}node_modules/@tensorflow/tfjs-converter/dist`,
  data: `${modules}@tensorflow/tfjs-data/dist`,
  layers: `${root}node_modules/@tensorflow/tfjs-layers/dist`,
};

/** Needs a validator of JSON schemas, and looks at tables only. */
const NOT_RUN = /op_list_test/;

/** Names that the packages have changed since. */
const RENAMED = {
  loadLayersModelInternal: 'loadLayersModel',
  setupFakeAudeoStream: 'setupFakeAudioStream',
};

/** A source with the names of today. */
const renamed = (source: string): string =>
  Object.entries(RENAMED).reduce((text, [was, is]) => text.replaceAll(was, is), source);

/** The sources in a package's maps, by the paths that they would have in the package of today. */
function sourcesOf([name, home]: readonly [name: string, home: string]): [string, string][] {
  const folder = `${modules}${name}-specs/dist`;
  const maps = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js.map'),
  );
  return maps.map((file) => {
    const { sourcesContent } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return [join(home, file.replace(/\.js\.map$/, '')), renamed(sourcesContent[0])];
  });
}

/**
 * A module as CommonJS whose exports can be set: specs put spies into the modules that they look at, as one could when
 * TypeScript made CommonJS of TF.js for its specs.
 */
function commonJs(source: string): string {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      importHelpers: true,
    },
  });
  return outputText.replace(
    /Object\.defineProperty\(exports, "(\w+)", \{ enumerable: true, get: function \(\) \{ return ([\w.]+); \} \}\);/g,
    'exports.$1 = $2;',
  );
}

/** What TypeScript calls in such modules. */
const HELPERS = `
  exports.__exportStar = (from, to) => {
    for (const name in from) if (name !== 'default' && !(name in to)) to[name] = from[name];
  };
  exports.__importStar = (module) => module;
  exports.__importDefault = (module) => (module.__esModule ? module : { default: module });`;

/** Resolves `specs:` to a module with all these specs. What they import is today's, where it is there. */
export const mappedSpecs: Plugin = {
  name: 'mapped-specs',
  setup({ onResolve, onLoad }) {
    const sources = new Map(Object.entries(today).flatMap(sourcesOf));
    const specs = [...sources.keys()].filter((path) => /_test$/.test(path) && !NOT_RUN.test(path));
    onResolve({ filter: /^specs:/ }, () => ({ path: 'specs', namespace: 'mapped' }));
    onResolve({ filter: /^tslib$/ }, () => ({ path: 'tslib', namespace: 'mapped' }));
    onResolve({ filter: /^[./]/, namespace: 'mapped' }, ({ path, resolveDir }) => {
      const target = join(resolveDir, path);
      if (existsSync(`${target}.js`)) return { path: `${target}.js` };
      return sources.has(target) ? { path: target, namespace: 'mapped' } : undefined;
    });
    onLoad({ filter: /./, namespace: 'mapped' }, ({ path }) => {
      if (path === 'tslib') return { contents: HELPERS };
      const source = sources.get(path);
      if (source) return { contents: commonJs(source), resolveDir: dirname(path) };
      const contents = specs.map((spec) => `require(${JSON.stringify(spec)});`).join('\n');
      return { contents, resolveDir: '/' };
    });
    onLoad({ filter: /@tensorflow.tfjs-\w+.dist.*\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      // They are written for cpu and WebGL: what they do on cpu alone is meant for all that is no WebGL.
      const isMeant = /tfjs-layers.dist.utils.test_utils\.js$/.test(path);
      const meant = source.replace("backendName === 'cpu'", "backendName !== 'webgl'");
      return { contents: commonJs(isMeant ? meant : source) };
    });
  },
};
