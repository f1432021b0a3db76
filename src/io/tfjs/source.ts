// Where TF.js models come from: model.json at a path or URL with its shards beside it, the bytes of both, or what TF.js
// hands to its own savers.

import { beside, readBytes } from '#platform/src/platform/reading';
import { FormatError, ValueError } from '../../base/errors.js';
import { type Bytes, bytesOf } from '../../base/filebytes.js';
import { about } from '../../base/naming.js';
import { shown } from '../../base/shown.js';
import type { Constant } from '../importing/value.js';
import { isObject, type Json, listAt, objectAt, parsed } from './json.js';
import { type Group, groupsOf, readGroup } from './weights.js';

/** What TF.js's `model.save(tf.io.withSaveHandler(…))` gives, as far as it is read here. */
export interface TfjsArtifacts {
  modelTopology?: object;
  weightSpecs?: readonly object[];
  weightData?: Bytes | readonly Bytes[];
  format?: string;
  signature?: object;
  trainingConfig?: object;
  userDefinedMetadata?: object;
}

/** The files by their names: model.json, and the shards that it names. */
export type TfjsFiles = Readonly<Record<string, Bytes>>;

/** A model of TF.js: the path or URL of its model.json, its files' bytes by name, or TF.js's own `ModelArtifacts`. */
export type TfjsSource = string | URL | TfjsFiles | TfjsArtifacts;

/** A model file, read. */
export interface TfjsFile {
  /** What model.json has. */
  readonly json: Json;
  readonly weights: ReadonlyMap<string, Constant>;
}

/** Reads all files of a model. @throws {FormatError} for damaged ones @throws {EngineError} for those that cannot be read */
export async function fileOf(source: TfjsSource): Promise<TfjsFile> {
  if (typeof source === 'string' || source instanceof URL) {
    const json = jsonOf(await readBytes(source));
    return withShards(json, (name) => readBytes(beside(source, name)));
  }
  if (isObject(source) && Object.hasOwn(source, 'modelTopology'))
    return ofArtifacts(source as TfjsArtifacts);
  if (isObject(source) && Object.hasOwn(source, 'model.json')) return ofFiles(source as TfjsFiles);
  throw new ValueError(
    `expected the path or URL of a model.json, { 'model.json': bytes, 'weights.bin': bytes } or TF.js's ModelArtifacts, not ${shown(source)}`,
  );
}

function ofFiles(files: TfjsFiles): Promise<TfjsFile> {
  const json = jsonOf(about("'model.json'", () => bytesOf(files['model.json'])));
  return withShards(json, async (name) => {
    if (Object.hasOwn(files, name)) return about(shown(name), () => bytesOf(files[name]));
    throw new FormatError(
      `model.json names the shard ${shown(name)}: give its bytes too, { 'model.json': …, ${shown(name)}: … }`,
    );
  });
}

function ofArtifacts({ weightData = [], ...others }: TfjsArtifacts): TfjsFile {
  const { weightSpecs = [], ...json } = asJson(others);
  const list = Array.isArray(weightData) ? (weightData as readonly Bytes[]) : [weightData as Bytes];
  const bytes = joined(list.map((one) => about('weightData', () => bytesOf(one))));
  return { json, weights: readGroup(listAt('weightSpecs', weightSpecs), bytes) };
}

/** What a file would have of an object: no gaps, no functions, nothing that lies in itself. */
function asJson(value: object): Json {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch (cause) {
    throw new FormatError(
      `ModelArtifacts are JSON but for weightData (${(cause as Error).message})`,
      {
        cause,
      },
    );
  }
}

/** A file's JSON. Bytes that are no UTF-8 become characters that JSON does not know, or names that nothing has. */
const jsonOf = (bytes: Uint8Array): Json =>
  objectAt('model.json', parsed('model.json', new TextDecoder().decode(bytes)));

async function withShards(
  json: Json,
  read: (name: string) => Promise<Uint8Array>,
): Promise<TfjsFile> {
  const groups = groupsOf(json.weightsManifest ?? []);
  for (const path of groups.flatMap(({ paths }) => paths)) checkPath(path);
  const found = await Promise.all(groups.map((group) => ofGroup(group, read)));
  const weights = new Map<string, Constant>();
  for (const [name, constant] of found.flatMap((group) => [...group])) {
    if (weights.has(name)) throw new FormatError(`there are two weights ${shown(name)}`);
    weights.set(name, constant);
  }
  return { json, weights };
}

async function ofGroup(
  { paths, specs }: Group,
  read: (name: string) => Promise<Uint8Array>,
): Promise<Map<string, Constant>> {
  const bytes = joined(await Promise.all(paths.map(read)));
  return about(paths.length === 1 ? shown(paths[0]) : shown(paths), () => readGroup(specs, bytes));
}

/** @throws {FormatError} for a name that leaves the model's folder */
function checkPath(path: string): void {
  if (path !== '' && !/^[/\\]|^[a-z][a-z0-9+.-]*:|(^|[/\\])\.\.([/\\]|$)|[\0]/i.test(path)) return;
  throw new FormatError(`the shard ${shown(path)} does not lie in the folder of model.json`);
}

/** The bytes one after the other. A single shard is not copied. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
