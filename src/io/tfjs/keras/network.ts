// Networks of Keras: Sequential and functional ones, which may be layers of others.

import { FormatError } from '../../../base/errors.js';
import { about } from '../../../base/naming.js';
import { shown } from '../../../base/shown.js';
import type { SymbolicTensor } from '../../../network/layer.js';
import { ofFile } from '../../importing/fault.js';
import { isList, isObject, type Json, listAt, objectAt, textAt } from '../json.js';
import { callsOf, type InboundCall, key, type Reference, referencesOf } from './calls.js';
import { missingText, translationOf } from './index.js';
import { type Call, type KerasFile, KerasLayer } from './layer.js';
import { mergeLayers } from './merge.js';

/** Networks in networks, and calls of layers: more than any network has, and less than takes long to refuse. */
const DEEPEST = 32;
const MOST_CALLS = 20_000;

/** A layer or a network that can be called. */
interface Callable {
  call(xs: readonly SymbolicTensor[]): SymbolicTensor[];
}

/** An input of a network: its name, and its shape with the batch as the file has it; undefined where it says none. */
interface InputSpec {
  readonly name: string;
  readonly shape: unknown;
}

/** A network: its inputs, and what it computes of them. */
export interface Network extends Callable {
  readonly name: string;
  readonly inputs: readonly InputSpec[];
}

/** Reads networks. What is wrong with their layers is collected. */
class Reader {
  readonly #file: KerasFile;
  readonly missing: KerasLayer[] = [];
  readonly faults: string[] = [];
  #calls = 0;

  constructor(file: KerasFile) {
    this.#file = file;
  }

  network(type: string, config: unknown, path: readonly string[]): Network {
    if (path.length > DEEPEST) throw new FormatError('networks lie too deep in each other');
    // Keras 1 and TF.js's first versions had a list of layers in place of a configuration.
    const own: Json = isList(config) ? { layers: config } : objectAt('its config', config);
    const name = typeof own.name === 'string' ? own.name : '';
    if (type === 'Sequential') return this.#sequential(name, own, path);
    return this.#functional(name, own, path);
  }

  /** The layer of an entry of `layers`. */
  #callable(entry: Json, name: string, path: readonly string[]): Callable {
    const type = textAt('class_name', entry.class_name);
    const own = [...path, name];
    if (networks.test(type)) return this.network(type, entry.config, own);
    const layer = new KerasLayer(type, objectAt('its config', entry.config), this.#file, own);
    const translation = translationOf(type);
    if (!translation) {
      this.missing.push(layer);
      return { call: () => [] };
    }
    return this.#translated(layer, () => translation(layer));
  }

  /** All that is wrong is told at once: the fault of a layer does not end the reading. */
  #translated(layer: KerasLayer, translate: () => Call): Callable {
    try {
      const call = translate();
      return {
        call: (xs) => [
          this.#called(layer, () => {
            checkCount(layer.type, xs.length);
            return call(...xs);
          }),
        ],
      };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.faults.push(`${layer.title}: ${error.message}`);
      return { call: () => [] };
    }
  }

  /** Makes layers. What these refuse is the file's fault. */
  #called(layer: KerasLayer, work: () => SymbolicTensor): SymbolicTensor {
    if (++this.#calls > MOST_CALLS)
      throw new FormatError(`its layers are called more than ${MOST_CALLS} times`);
    return about(layer.title, () => ofFile(work));
  }

  #sequential(name: string, config: Json, path: readonly string[]): Network {
    const entries = listAt("a Sequential's layers", config.layers).map((entry) =>
      objectAt('an entry of its layers', entry),
    );
    const members = entries.flatMap((entry, i): Callable[] => {
      if (entry.class_name === 'InputLayer') return [];
      return [this.#callable(entry, nameOf(entry) ?? `layer_${i}`, path)];
    });
    const [first] = entries;
    const [member] = members;
    const inner = member && 'inputs' in member ? (member as Network).inputs[0] : undefined;
    const shape =
      (first && shapeOf(objectAt('its config', isList(first.config) ? {} : first.config))) ??
      config.build_input_shape ??
      inner?.shape;
    const isInput = first?.class_name === 'InputLayer';
    const title = (isInput && nameOf(first)) || inner?.name || 'input';
    return {
      name,
      inputs: [{ name: title, shape }],
      call: (xs) => {
        if (xs.length !== 1)
          throw new FormatError(`the Sequential ${shown(name)} is called with ${xs.length} inputs`);
        return members.reduce<readonly SymbolicTensor[]>((x, layer) => layer.call(x), xs).slice();
      },
    };
  }

  #functional(name: string, config: Json, path: readonly string[]): Network {
    const layers = new Map<string, Callable | InputSpec>();
    const listed: InboundCall[] = [];
    for (const given of listAt("a model's layers", config.layers)) {
      const entry = objectAt('an entry of its layers', given);
      const own = nameOf(entry) ?? '';
      if (layers.has(own)) throw new FormatError(`there are two layers ${shown(own)}`);
      const isInput = entry.class_name === 'InputLayer';
      const shape = isInput ? shapeOf(objectAt('its config', entry.config)) : undefined;
      layers.set(own, isInput ? { name: own, shape } : this.#callable(entry, own, path));
      if (!isInput) listed.push(...about(`the layer ${shown(own)}`, () => callsOf(own, entry)));
    }
    const starts = referencesOf('input_layers', config.input_layers);
    const ends = referencesOf('output_layers', config.output_layers);
    const read = new Set([...ends, ...listed.flatMap(({ reads }) => reads)].map(key));
    // A network was called when it was made, which counts but is no call in this one.
    const calls = listed.map((one) => {
      const isNetwork = 'inputs' in (layers.get(one.layer) as object);
      const counts = isNetwork && !read.has(key({ layer: one.layer, node: 0 }));
      return counts ? { ...one, node: one.node + 1 } : one;
    });
    const inputs = starts.map(({ layer }): InputSpec => {
      const found = layers.get(layer);
      if (found && !('call' in found)) return found;
      throw new FormatError(`the input ${shown(layer)} is no InputLayer of the model`);
    });
    const run = (xs: readonly SymbolicTensor[]): SymbolicTensor[] => {
      if (xs.length !== starts.length)
        throw new FormatError(
          `the model ${shown(name)} has ${starts.length} inputs, and is called with ${xs.length}`,
        );
      const values = new Map(starts.map((start, i) => [key(start), [xs[i]] as const]));
      runAll(calls, values, (layer, own) => (layers.get(layer) as Callable).call(own));
      return ends.map((end) => picked(values, end));
    };
    return { name, inputs, call: run };
  }
}

/** @throws {FormatError} for a layer that is called with more or fewer tensors than it takes */
function checkCount(type: string, count: number): void {
  const isMerge = Object.hasOwn(mergeLayers, type);
  const wanted = type === 'Dot' ? 2 : 1;
  if (isMerge && type !== 'Dot' ? count >= 1 : count === wanted) return;
  throw new FormatError(
    `it takes ${wanted} input${wanted > 1 ? 's' : ''}, but is called with ${count}`,
  );
}

const networks = /^(Sequential|Functional|Model)$/;

const nameOf = ({ name, config }: Json): string | undefined => {
  const given = name ?? (isObject(config) ? config.name : undefined);
  return typeof given === 'string' ? given : undefined;
};

/** The shape of an input with the batch, as any version of Keras has it. */
const shapeOf = (config: Json): unknown =>
  config.batch_input_shape ?? config.batch_shape ?? undefined;

type Values = Map<string, readonly SymbolicTensor[]>;

/** @throws {FormatError} where nothing computes it */
function picked(values: Values, reference: Reference): SymbolicTensor {
  const tensor = values.get(key(reference))?.[reference.tensor];
  if (tensor) return tensor;
  throw new FormatError(
    `nothing computes the output ${reference.tensor} of call ${reference.node} of the layer ${shown(reference.layer)}: it is not in the model, or depends on itself`,
  );
}

/** Calls layers, each after those that it reads, whatever order the file has. */
function runAll(
  calls: readonly InboundCall[],
  values: Values,
  call: (layer: string, xs: readonly SymbolicTensor[]) => readonly SymbolicTensor[],
): void {
  const waiting = new Map<string, InboundCall[]>();
  const missing = new Map<InboundCall, number>();
  const ready: InboundCall[] = [];
  for (const one of calls) {
    const open = new Set(one.reads.map(key).filter((own) => !values.has(own)));
    missing.set(one, open.size);
    if (open.size === 0) ready.push(one);
    for (const own of open) {
      const list = waiting.get(own) ?? [];
      list.push(one);
      waiting.set(own, list);
    }
  }
  for (const one of ready) {
    const own = key(one);
    values.set(
      own,
      call(
        one.layer,
        one.reads.map((reference) => picked(values, reference)),
      ),
    );
    for (const next of waiting.get(own) ?? []) {
      const left = (missing.get(next) as number) - 1;
      missing.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
}

/** Reads a network with all that it consists of. @throws {FormatError} that names all layers that there are not */
export function networkOf(topology: Json, file: KerasFile): Network {
  const type = textAt('class_name', topology.class_name);
  const reader = new Reader(file);
  if (!networks.test(type))
    throw new FormatError(`it is of the class ${shown(type)}, and no model`);
  const network = reader.network(type, topology.config, []);
  const { missing, faults } = reader;
  const texts = [...(missing.length > 0 ? [missingText(missing)] : []), ...faults];
  if (texts.length > 0) throw new FormatError(texts.join('; '));
  return network;
}
