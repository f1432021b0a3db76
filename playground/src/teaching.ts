// Classes of one's own, in a worker: a network that was trained before is the base, whose weights stay; a dense layer
// above what it makes of an image, the head, learns the examples in a second.

import { layers, loadModel, Model, optimizers, Sequential, Tensor } from 'wasmgrad/core';
import { normalize } from 'wasmgrad/data';
import { writeOnnx } from 'wasmgrad/io';
import { features } from 'wasmgrad/vis';
import { datasets } from './datasets.js';
import { readFiles } from './foreign.js';
import { softmax } from './looking.js';
import type { Example, Taught, TaughtClasses, TaughtFile, TeachBase } from './messages.js';

/** Steps of the head, each with so many examples: however few there are, it learns them. */
const STEPS = 400;
const BATCH = 16;
const RATE = 0.005;

/** How bytes become what a network reads. */
type Preprocessing = NonNullable<Model['preprocessing']>;

/** A base. */
interface Base {
  readonly model: Model;
  /** The layer below its own scores. */
  readonly layer: string;
  readonly preprocessing: Preprocessing;
}

/** The layer that makes what the last dense layer reads, which is what the network knows of an image; else its scores. */
function describing(model: Model): string {
  const isLayer = (name: string | undefined) => model.layers.some((layer) => layer.name === name);
  const [owner] = model.weights.at(-1)?.name.split('/') ?? [];
  const last = model.layers.find(({ name }) => name === owner);
  const below = last?.type === 'dense' ? last.output.inputs[0]?.layer.name : undefined;
  if (below && isLayer(below)) return below;
  // What a softmax has made of scores is 0 and 1 mostly.
  const ends = ['softmax', 'sigmoid'];
  return model.layers.findLast(({ type }) => !ends.includes(type))?.name as string;
}

class Teacher {
  #base: Base | undefined;
  #head: Sequential | undefined;
  /** What the base knows of each example. */
  readonly #examples = new Map<number, Float32Array>();

  /** @throws for files that are no model, and for a model that reads no pictures: the base before stays */
  async setBase(given: TeachBase): Promise<Taught> {
    const isOwn = 'bytes' in given;
    const model = await (isOwn ? loadModel(given.bytes) : readFiles(given.files));
    const preprocessing = isOwn ? datasets[given.dataset].normalization : model.preprocessing;
    return this.#take(model, preprocessing ?? {});
  }

  #take(model: Model, preprocessing: Preprocessing): Taught {
    const { inputShape } = model;
    const channels = inputShape.at(-1) as number;
    if (inputShape.length !== 3 || (channels !== 1 && channels !== 3)) {
      model.dispose();
      throw new Error(
        `This model reads ${inputShape.join(' × ')} numbers, and no pictures of one or three colours: take another one.`,
      );
    }
    this.#base?.model.dispose();
    this.#head?.dispose();
    this.#head = undefined;
    this.#examples.clear();
    const layer = describing(model);
    this.#base = { model, layer, preprocessing };
    const shape = model.getLayer(layer).output.shape;
    const [height, width] = inputShape;
    return { height, width, channels, numbers: shape.reduce((a, b) => a * b, 1) };
  }

  get #has(): Base {
    if (!this.#base) throw new Error('There is no network to teach yet.');
    return this.#base;
  }

  /** What the base knows of an image. */
  async #look(pixels: Uint8ClampedArray): Promise<Float32Array> {
    const { model, layer, preprocessing } = this.#has;
    const { resize: _, ...normalization } = preprocessing;
    const [height, width, channels] = model.inputShape;
    const bytes = new Uint8Array(height * width * channels);
    for (let i = 0; i < height * width; i++) {
      const [red, green, blue] = pixels.subarray(4 * i);
      bytes.set(channels === 3 ? [red, green, blue] : [(red + green + blue) / 3], i * channels);
    }
    const x = normalize(bytes, normalization);
    using image = Tensor.from(x, [1, height, width, channels]);
    using found = await features(model, image, layer);
    return Float32Array.from(found.data);
  }

  async add({ id, pixels }: Example): Promise<void> {
    this.#examples.set(id, await this.#look(pixels));
  }

  drop(id: number): void {
    this.#examples.delete(id);
  }

  /** A new head learns the examples of each class. @returns the share of them that it has right */
  async teach(classes: TaughtClasses): Promise<number> {
    const all = classes.flat().map((id) => this.#examples.get(id) as Float32Array);
    const size = all[0].length;
    const x = new Float32Array(all.length * size);
    for (const [i, numbers] of all.entries()) x.set(numbers, i * size);
    const y = Int32Array.from(classes.flatMap((ids, label) => ids.map(() => label)));
    const head = new Sequential([layers.dense({ units: classes.length })], {
      inputShape: [size],
      seed: 1,
    });
    try {
      head.compile({
        optimizer: optimizers.adam({ learningRate: RATE }),
        loss: 'softmaxCrossEntropy',
        metrics: ['accuracy'],
      });
      const epochs = Math.ceil(STEPS / Math.ceil(all.length / BATCH));
      await head.fit(x, y, { epochs, batchSize: BATCH });
      const { accuracy } = await head.evaluate(x, y);
      // Until here the one before answers, and is saved.
      this.#head?.dispose();
      this.#head = head;
      return accuracy;
    } catch (error) {
      head.dispose();
      throw error;
    }
  }

  async say(pixels: Uint8ClampedArray): Promise<readonly number[]> {
    if (!this.#head) throw new Error('It has learned nothing yet.');
    const numbers = await this.#look(pixels);
    using scores = this.#head.predict(numbers);
    return Array.from(softmax(scores.data as Float32Array, scores.data.length));
  }

  /** Base and head as one model, which `classify` takes: a file for `loadModel`, or ONNX. */
  async save({ classes, format }: TaughtFile): Promise<Uint8Array<ArrayBuffer>> {
    const head = this.#head;
    if (!head) throw new Error('It has learned nothing yet: press Learn first.');
    const { model, layer, preprocessing } = this.#has;
    const known = model.getLayer(layer).output;
    const flat =
      known.shape.length > 1 ? layers.flatten({ name: 'taught_flat' }).apply(known) : known;
    const dense = layers.dense({ name: 'taught', units: classes.length });
    using whole = new Model({ inputs: model.inputs, outputs: dense.apply(flat), name: 'taught' });
    for (const [i, part] of ['kernel', 'bias'].entries()) {
      const to = whole.weights.find(({ name }) => name === `taught/${part}`);
      to?.tensor.data.set(head.weights[i].tensor.data);
    }
    whole.labels = classes;
    whole.preprocessing = preprocessing;
    return format === 'onnx' ? await writeOnnx(whole) : whole.toBytes();
  }

  /** A model that was saved here, base and head. */
  async load(bytes: ArrayBuffer): Promise<Taught & { classes: readonly string[] }> {
    const model = await loadModel(bytes);
    const { labels, preprocessing } = model;
    if (!labels) {
      model.dispose();
      throw new Error(
        'This model has no classes that were taught here: take a file that “Save” made.',
      );
    }
    const [kernel, bias] = ['kernel', 'bias'].map((part) =>
      model.weights.find(({ name }) => name === `taught/${part}`),
    );
    if (!kernel || !bias) {
      model.dispose();
      throw new Error('This model was not taught here: take a file that “Save” made.');
    }
    const [size] = kernel.tensor.shape;
    const head = new Sequential([layers.dense({ units: labels.length })], { inputShape: [size] });
    for (const [i, { tensor }] of [kernel, bias].entries())
      head.weights[i].tensor.data.set(tensor.data);
    const taught = this.#take(model, preprocessing ?? {});
    this.#head = head;
    return { ...taught, classes: labels };
  }
}

export const teacher = new Teacher();
