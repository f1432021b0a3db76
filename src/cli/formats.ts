// The formats of model files, by the endings of their names: one line for each.

import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { loadModel, type Model, ValueError } from '../core.js';
import { shape, UsageError, type Values } from './command.js';
import { optionsNamed, readingOf } from './faults.js';
import { readLayers } from './layersjson.js';

/** The option of all commands that read models. */
export const inputOptions = {
  inputShape: shape(
    'the input, such as 224x224x3: of networks of the zoo, and where an ONNX or TF.js file leaves its sides open',
  ),
};

/** What a file does not say itself. */
interface Reading extends Values<typeof inputOptions> {
  /** Of the weights, where the file has none. */
  readonly seed?: number;
}

/** A format. What cannot be read or written has no such function. */
interface Format {
  readonly name: string;
  readonly endings: readonly string[];
  read?(bytes: Uint8Array, path: string, reading: Reading): Promise<Model>;
  /** The files by their names, beside each other: the first is the one that was asked for. */
  write?(model: Model, name: string): Promise<Readonly<Record<string, Uint8Array>>>;
}

const formats: readonly Format[] = [
  {
    name: 'wasmgrad',
    endings: ['.wasmgrad', '.safetensors'],
    async read(bytes, path, { inputShape }) {
      if (inputShape) isFixed(path);
      return loadModel(bytes);
    },
    write: async (model, name) => ({ [name]: model.toBytes() }),
  },
  {
    name: 'ONNX',
    endings: ['.onnx'],
    async read(bytes, path, { inputShape }) {
      const { readOnnx } = await import('../io/index.js');
      // What lies beside the model: its own checks keep names below the folder.
      const externalData = (name: string) => readFile(join(dirname(path), name));
      return optionsNamed(() => readOnnx(bytes, { inputShape, externalData }));
    },
    async write(model, name) {
      const { writeOnnx } = await import('../io/index.js');
      return { [name]: writeOnnx(model) };
    },
  },
  {
    // A list of layers, or a model of TF.js, whose weights lie beside it.
    name: 'JSON',
    endings: ['.json'],
    async read(bytes, path, { inputShape, seed }) {
      if (isTfjs(bytes)) {
        const { readTfjs } = await import('../io/index.js');
        return optionsNamed(() => readTfjs(path, { inputShape }));
      }
      if (inputShape) isFixed(path);
      return readLayers(bytes, seed);
    },
    async write(model, name) {
      const { writeTfjs } = await import('../io/index.js');
      const { 'model.json': topology, 'weights.bin': weights } = writeTfjs(model);
      // Beside other models: each has weights of its own, by the name that TF.js gives them too.
      const beside = name.replace(/json$/i, 'weights.bin');
      const json = JSON.parse(new TextDecoder().decode(topology));
      json.weightsManifest[0].paths = [beside];
      return { [name]: new TextEncoder().encode(JSON.stringify(json)), [beside]: weights };
    },
  },
];

/** Whether the bytes are a model.json of TF.js. */
const isTfjs = (bytes: Uint8Array): boolean =>
  new TextDecoder().decode(bytes).includes('"modelTopology"');

/** @throws {UsageError} for an input shape that cannot be chosen */
function isFixed(path: string): never {
  throw new UsageError(
    `'${path}' fixes its input's shape: --input-shape is for networks of the zoo, and for ONNX and TF.js files`,
  );
}

/** The ending of files that training goes on from. */
export const NATIVE = '.wasmgrad';

/** The format of a path by its ending; undefined for endings of no format. */
const formatOf = (path: string): Format | undefined =>
  formats.find(({ endings }) => endings.some((end) => path.toLowerCase().endsWith(end)));

const endingsOf = (what: 'read' | 'write'): string =>
  formats
    .filter((format) => format[what])
    .flatMap(({ endings }) => endings)
    .join(', ');

/** Whether a path has the ending of a model file. */
export const isModelPath = (path: string): boolean => formatOf(path) !== undefined;

/** Whether training can go on from files with the ending of this path. */
export const isNative = (path: string): boolean => formatOf(path)?.name === 'wasmgrad';

/**
 * Reads a model of any format, after `init`.
 *
 * @param reading what the file does not say
 * @throws {ValueError} for an ending of no format that is read
 * @throws {FormatError} for a file that is no model
 * @throws {UsageError} for an input shape that cannot be chosen
 */
export async function readModel(path: string, reading: Reading = {}): Promise<Model> {
  const { read } = checked(path, 'read');
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EISDIR') throw cause;
    throw new ValueError(`'${path}' is a folder, not a model's file`, { cause });
  });
  return readingOf(path, () => read(bytes, path, reading));
}

/** Throws what `writeModel` would throw for the ending, before there is a model. */
export const checkWritable = (path: string): void => {
  checked(path, 'write');
};

/**
 * Writes a model in the format of the path.
 *
 * @returns the paths written
 * @throws {ValueError} for an ending of no format that is written
 */
export async function writeModel(model: Model, path: string): Promise<string[]> {
  const files = await checked(path, 'write').write(model, basename(path));
  const written = Object.entries(files).map(
    ([name, bytes]) => [join(dirname(path), name), bytes] as const,
  );
  for (const [to, bytes] of written) await writeFile(to, bytes);
  return written.map(([to]) => to);
}

function checked<W extends 'read' | 'write'>(
  path: string,
  what: W,
): Format & Required<Pick<Format, W>> {
  const format = formatOf(path);
  if (format?.[what]) return format as Format & Required<Pick<Format, W>>;
  const why = format
    ? `${format.name} files cannot be ${what === 'read' ? 'read' : 'written'} by this version`
    : 'its ending is of no format of models';
  throw new ValueError(`'${path}': ${why}; there are ${endingsOf(what)}`);
}
