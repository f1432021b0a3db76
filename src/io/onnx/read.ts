// Reads ONNX files into models: nodes in order, each translated into layers. See operators/ for what each becomes.

import { FormatError, ValueError } from '../../base/errors.js';
import { type Bytes, bytesOf } from '../../base/filebytes.js';
import { about, naming } from '../../base/naming.js';
import { namingAsync } from '../../base/namingasync.js';
import { any, checkOptions, objectOf, oneOf } from '../../base/options.js';
import { shown } from '../../base/shown.js';
import type { Model } from '../../core.js';
import { input, type Layer, Tensor } from '../../core.js';
import { loadArrays, withArrays } from '../importing/arrays.js';
import { Builder, NeedsWhole } from '../importing/builder.js';
import { FOR_CONVOLUTIONS, ofFile } from '../importing/fault.js';
import { USUAL_SIDE } from '../importing/imported.js';
import {
  checkInputNames,
  checkInputShape,
  type InputShape,
  wantedShape,
} from '../importing/inputshape.js';
import { fromOrder } from '../importing/moves.js';
import { finished, type Output } from '../importing/network.js';
import { Activation, Constant, type Value } from '../importing/value.js';
import { checkOperators, checkVersions } from './check.js';
import { imagesOf } from './images.js';
import { made } from './made.js';
import { channelsLast, describe, frozenLayers } from './metadata.js';
import { Node, titleOf } from './node.js';
import {
  type GraphProto,
  type ModelProto,
  type NodeProto,
  readModelProto,
  type ValueInfo,
} from './proto.js';
import { simplified } from './simplify.js';
import { constantOf, type ExternalFiles, kindOf } from './tensors.js';

/** Options of `readOnnx`. */
export interface ReadOnnxOptions {
  /**
   * One sample's shape, as the model has it ([height, width, channels] for images), where the file leaves dimensions
   * open; a record by the inputs' names for several. Without it, open sides of images are 224 at first, and `predict`
   * takes tensors with others.
   */
  inputShape?: Exclude<InputShape, undefined>;
  /**
   * 'nhwc', the default: images, 4-D values that convolutions and pools read, are [height, width, channels] in the model.
   * 'nchw' keeps the file's order of all inputs and outputs.
   */
  layout?: 'nhwc' | 'nchw';
  /** Inputs that are known: shapes, sizes, weights; by name. */
  constants?: Readonly<Record<string, Tensor>>;
  /** Files that lie beside the model and hold its weights: by the names that it has for them, or what reads them. */
  externalData?: Readonly<Record<string, Bytes>> | ((location: string) => Bytes | Promise<Bytes>);
}

/** See load.ts. */
export function readOnnx(file: Bytes, options: ReadOnnxOptions = {}): Promise<Model> {
  return namingAsync('readOnnx', async () => {
    const words = {
      inputShape: any,
      layout: oneOf('nhwc', 'nchw'),
      constants: any,
      externalData: any,
    };
    checkOptions('readOnnx', options, words);
    const proto = readModelProto(bytesOf(file));
    checkVersions(proto);
    checkOperators(proto.graph as GraphProto);
    const graph = simplified(proto.graph as GraphProto);
    const files = await filesOf(graph, options.externalData);
    // A network for other sides is made while `predict` runs, which waits for nothing.
    if (graph.inputs.some(isOpen)) await loadArrays('readOnnx');
    const model = await withArrays('readOnnx', () => translated(proto, graph, options, files));
    try {
      describe(model, proto.metadata, options.layout);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  });
}

/**
 * Files beside the model, read before they are needed.
 *
 * @throws {FormatError} for a name that is no plain path below the model's folder, and for files that are not given
 */
async function filesOf(
  { initializers }: GraphProto,
  externalData: ReadOnnxOptions['externalData'] = {},
): Promise<ExternalFiles> {
  const locations = initializers.flatMap(({ isExternal, external }) =>
    isExternal ? (external.get('location') ?? []) : [],
  );
  const files = new Map<string, Uint8Array>();
  for (const location of new Set(locations)) {
    if (/^([/\\]|[a-z]:)|(^|[/\\])\.\.([/\\]|$)/i.test(location))
      throw new FormatError(
        `weights are in the file ${shown(location)}, which is not below the model's folder`,
      );
    if (typeof externalData === 'function')
      files.set(location, bytesOf(await externalData(location)));
    else if (Object.hasOwn(externalData, location))
      files.set(location, bytesOf(externalData[location]));
    else
      throw new FormatError(
        `weights are in the file ${shown(location)}: give its bytes, readOnnx(bytes, { externalData: { ${shown(location)}: … } })`,
      );
  }
  return (location) => {
    const file = files.get(location);
    if (file) return file;
    throw new FormatError(
      `its numbers are in ${shown(location)}: only weights may be in other files`,
    );
  };
}

/** Whether an input has sides of any size. The first one is the batch. */
const isOpen = ({ shape }: ValueInfo): boolean =>
  shape?.slice(1).some((side) => typeof side !== 'number') ?? false;

/** A graph's inputs that are no initializers. */
function inputsOf(graph: GraphProto, known: ReadonlySet<string>): ValueInfo[] {
  return graph.inputs.filter(({ name }) => !known.has(name));
}

function translated(
  proto: ModelProto,
  graph: GraphProto,
  options: ReadOnnxOptions,
  files: ExternalFiles,
): Model {
  const constants = new Map<string, Constant>();
  for (const tensor of graph.initializers) constants.set(tensor.name, constantOf(tensor, files));
  const given = about('constants', () => objectOf(options.constants ?? {}, 'shape'));
  checkInputNames('constants', given, [
    ...new Set([...graph.inputs.map(({ name }) => name), ...constants.keys()]),
  ]);
  for (const [name, tensor] of Object.entries(given)) constants.set(name, ofTensor(name, tensor));
  const inputs = inputsOf(graph, new Set(constants.keys()));
  if (inputs.length === 0) throw new FormatError('the graph has no inputs');
  if (graph.outputs.length === 0) throw new FormatError('the graph has no outputs');
  checkInputShape(
    options.inputShape,
    inputs.map(({ name }) => name),
  );
  const translation = new Translation(proto, graph, options, files, constants, inputs);
  try {
    return translation.run(false);
  } catch (error) {
    if (!(error instanceof NeedsWhole)) throw error;
    return translation.run(true);
  }
}

function ofTensor(name: string, tensor: Tensor): Constant {
  if (!(tensor instanceof Tensor))
    throw new ValueError(`constants.${name} must be a tensor, not ${shown(tensor)}`);
  const { shape, numbers, dtype } = tensor;
  return dtype === 'int32'
    ? new Constant(shape, 'int', Array.from(numbers), name)
    : new Constant(shape, 'float', Float32Array.from(numbers), name);
}

/** A file that becomes a model. */
class Translation {
  readonly #proto: ModelProto;
  readonly #graph: GraphProto;
  readonly #options: ReadOnnxOptions;
  readonly #files: ExternalFiles;
  readonly #constants: ReadonlyMap<string, Constant>;
  readonly #inputs: readonly ValueInfo[];
  /** The names of values that somebody reads. */
  readonly #read: ReadonlySet<string>;
  /** The names of values that are images. */
  readonly #images: ReadonlySet<string>;
  /** The names of inputs and outputs that had their channels last in the model that was written. */
  readonly #channelsLast: ReadonlySet<unknown>;

  constructor(
    proto: ModelProto,
    graph: GraphProto,
    options: ReadOnnxOptions,
    files: ExternalFiles,
    constants: ReadonlyMap<string, Constant>,
    inputs: readonly ValueInfo[],
  ) {
    this.#proto = proto;
    this.#graph = graph;
    this.#options = options;
    this.#files = files;
    this.#constants = constants;
    this.#inputs = inputs;
    const { nodes, outputs } = graph;
    this.#read = new Set([
      ...nodes.flatMap((node) => node.inputs),
      ...outputs.map(({ name }) => name),
    ]);
    this.#images = options.layout === 'nchw' ? new Set() : imagesOf(graph, inputs);
    this.#channelsLast = options.layout === 'nchw' ? new Set() : channelsLast(proto.metadata);
  }

  /** Whether an input or output of the file has its channels last in the model. */
  #isImage(name: string, rank: number): boolean {
    return this.#channelsLast.has(name) ? rank > 2 : rank === 4 && this.#images.has(name);
  }

  /**
   * @param whole whether inputs have no batch
   * @param other the layers of the same network for other sides, and the inputs' shapes
   * @throws {NeedsWhole} where inputs must have no batch
   */
  run(
    whole: boolean,
    other?: { layers: ReadonlyMap<string, Layer>; shapes: readonly (readonly number[])[] },
  ): Model {
    const batch = this.#inputs[0].shape?.[0];
    const others = this.#inputs.map(({ shape }) => shape?.[0]);
    if (!whole && others.some((side) => typeof side === 'number' && side !== batch))
      throw new NeedsWhole();
    const builder = new Builder(
      typeof batch === 'number' ? batch : undefined,
      other?.layers,
      frozenLayers(this.#proto.metadata),
    );
    const values = new Map<string, Value>(this.#constants);
    const inputs = this.#inputs.map((info, i) => {
      const value = this.#input(info, whole, other?.shapes[i]);
      values.set(info.name, value);
      return value;
    });
    const opset = this.#proto.opsets.get('') as number;
    for (const proto of this.#graph.nodes) this.#translate(proto, opset, builder, values, whole);
    const outputs = this.#graph.outputs.map(({ name }): Output => {
      const value = values.get(name);
      if (value instanceof Activation) {
        if (value.hasBatchInside) throw new NeedsWhole();
        return { name, value, isImage: this.#isImage(name, value.rank) };
      }
      throw new FormatError(
        value
          ? `the output ${shown(name)} does not depend on the inputs`
          : `no node makes the output ${shown(name)}`,
      );
    });
    const resized = (shapes: readonly (readonly number[])[]): Model =>
      naming('predict', () => this.run(false, { layers: builder.layers, shapes }));
    return finished(builder, inputs, outputs, {
      name: this.#graph.name,
      whole,
      keepsOrder: this.#options.layout === 'nchw',
      ...(this.#inputs.some(isOpen) && !whole && !other ? { resized } : {}),
    });
  }

  #translate(
    proto: NodeProto,
    opset: number,
    builder: Builder,
    values: Map<string, Value>,
    whole: boolean,
  ): void {
    const work = (): void => {
      const inputs = proto.inputs.map((name) => {
        if (name === '') return undefined;
        const value = values.get(name);
        if (value) return value;
        throw new FormatError(
          `it reads ${shown(name)}, which nothing before it makes: nodes must be in order, without cycles`,
        );
      });
      const weight = inputs.find(
        (value, i) =>
          (i > 0 || proto.op === 'Gather') &&
          value instanceof Constant &&
          value.kind === 'float' &&
          value.name !== undefined,
      ) as Constant | undefined;
      const isMoved = inputs.some((value) => value instanceof Activation && value.hasBatchInside);
      if (isMoved && !withBatchAnywhere.has(proto.op)) throw new NeedsWhole();
      builder.call(nameOf(proto, weight?.name));
      const list = made(new Node(proto, opset, builder, inputs, this.#files, this.#read), whole);
      proto.outputs.forEach((name, i) => {
        if (values.has(name))
          throw new FormatError(`it makes ${shown(name)}, which is there already`);
        if (list[i] && name) values.set(name, list[i]);
      });
    };
    about(titleOf(proto), () => ofFile(work));
  }

  /** An input of the network as the translation sees it. */
  #input(info: ValueInfo, whole: boolean, given?: readonly number[]): Activation {
    const { name, elemType } = info;
    return about(`the input ${shown(name)}`, () => {
      if (kindOf(elemType) !== 'float' && !this.#isOfRows(name))
        throw new FormatError(
          `it is no array of floats. ${FOR_CONVOLUTIONS} If it is a size, a shape or an index that stays the same, give it as a constant, readOnnx(bytes, { constants: { name: tensor } })`,
        );
      const isImage = this.#isImage(name, info.shape?.length ?? 0);
      const shape = this.#shapeOf(info, whole, isImage, given);
      // A list of numbers has no samples.
      if (!whole && shape.length < 2) throw new NeedsWhole();
      if (whole && shape.length === 0)
        return fromOrder(input([1], { name: plain(name) }), [], false);
      const order = [...shape.keys()].slice(whole ? 0 : 1);
      const sides = [...shape.keys()].slice(2);
      const last = isImage ? [...(whole ? [0] : []), ...sides, 1] : order;
      const sample = last.map((axis) => shape[axis]);
      const tensor = input(sample, { name: plain(name) });
      return fromOrder(tensor, last, !whole);
    });
  }

  /** Whether an input is nothing but numbers of rows, as those of classes are: floats can say them. */
  #isOfRows(name: string): boolean {
    const readers = this.#graph.nodes.filter(({ inputs }) => inputs.includes(name));
    return (
      readers.length > 0 && readers.every(({ op, inputs }) => op === 'Gather' && inputs[0] !== name)
    );
  }

  /** Its whole shape in the file's order, the batch as 1; open sides from the options. */
  #shapeOf(
    { name, shape }: ValueInfo,
    whole: boolean,
    isImage: boolean,
    other: readonly number[] | undefined,
  ): number[] {
    if (!shape) throw new FormatError('its shape is missing');
    const given = other ?? wantedShape(name, this.#options.inputShape);
    const rank = shape.length;
    // The first dimension may be said too. It counts where inputs are given whole; it is 1 otherwise.
    const first = given?.length === rank ? given[0] : undefined;
    const sample = first === undefined ? given : given?.slice(1);
    if (sample && sample.length !== rank - 1)
      throw new ValueError(
        `inputShape [${sample.join(', ')}] has ${sample.length} dimensions, the file has ${rank - 1} after the batch: [${shape.join(', ')}]`,
      );
    return shape.map((side, axis) => {
      if (axis === 0 && !whole) return 1;
      if (axis === 0 && given && typeof side !== 'number') return first ?? 1;
      const place = isImage ? (axis === 1 ? rank - 2 : axis - 2) : axis - 1;
      const wanted = axis === 0 ? first : sample?.[place];
      if (typeof side === 'number') {
        if (wanted !== undefined && wanted !== side)
          throw new ValueError(`inputShape says ${wanted} where the file has ${side}`);
        if (side > 0 && side < 2 ** 31) return side;
        throw new FormatError(`its shape is [${shape.join(', ')}]`);
      }
      if (wanted !== undefined && Number.isInteger(wanted) && wanted > 0) return wanted;
      if (shape.length === 4 && axis > 1 && !whole) return USUAL_SIDE;
      throw new ValueError(
        whole
          ? `the network computes across its first dimension, so its whole shape must be known, but the file leaves [${shape.join(', ')}] open: say it, as in readOnnx(bytes, { inputShape: [224, 224, 3] }); or give inputs that are sizes as constants`
          : `its shape [${shape.join(', ')}] leaves sides open: say which they are, readOnnx(bytes, { inputShape: [height, width, channels] })`,
      );
    });
  }
}

/** Operators for which the batch need not be the first axis: what attention picks queries, keys and values with. */
const withBatchAnywhere = new Set(['Transpose', 'Slice', 'Gather', 'Squeeze']);

/**
 * What a node's layer is called: as its weight ('conv1' for 'conv1.weight'), or by the modules of PyTorch's names, where
 * '/layer1/layer1.0/conv1/Conv' is layer1.0.conv1.
 */
function nameOf({ name, op }: NodeProto, weight: string | undefined): string {
  const own = weight?.match(/^(.+)[./](weight|kernel|gamma|value)$/)?.[1];
  if (own) return own;
  const path: string[] = [];
  for (const part of name.split('/').filter(Boolean)) {
    if (part.startsWith(`${path.at(-1)}.`)) path.pop();
    path.push(part);
  }
  if (weight !== undefined && path.length > 1 && path.at(-1) === op) path.pop();
  return path.join('.') || op;
}

/** A name that a layer may have. */
const plain = (name: string): string => name.replaceAll('/', '.') || 'input';
