// Classes of one's own, in a worker: a network that was trained before is the base, whose weights stay; a dense layer
// above what it makes of an image, the head, learns the examples in a second. Loaded when it is first asked for.

import { layers, loadModel, Model, optimizers, Sequential, Tensor } from 'wasmgrad/core';
import { features } from 'wasmgrad/vis';
import { datasets } from './datasets.js';
import { readFiles } from './foreign.js';
import type { Example, Taught, TeachBase } from './messages.js';

/** Steps of the head, each with so many examples: however few there are, it learns them. */
const STEPS = 400;
const BATCH = 16;
const RATE = 0.005;

/** How bytes become what a network reads. */
interface Scale {
  readonly mean: number;
  readonly std: number;
}

/** A base. */
interface Base {
  readonly model: Model;
  /** The layer below its own scores. */
  readonly layer: string;
  readonly scale: Scale;
}

/** The layer that makes what the last dense layer reads: what the network knows of an image. */
function describing(model: Model): string {
  const last = model.layers.findLast(({ type }) => type === 'dense');
  const below = last?.output.inputs[0]?.layer.name;
  const isLayer = model.layers.some(({ name }) => name === below);
  return below && isLayer ? below : (model.layers.at(-1)?.name as string);
}

class Teacher {
  #base: Base | undefined;
  #head: Sequential | undefined;
  /** What the base knows of each example. */
  readonly #examples = new Map<number, { label: number; numbers: Float32Array }>();

  /** @throws for files that are no model, and for a model that reads no pictures: the base before stays */
  async setBase(given: TeachBase): Promise<Taught> {
    const isOwn = 'bytes' in given;
    const model = await (isOwn ? loadModel(given.bytes) : readFiles(given.files));
    const { mean, std } = isOwn ? datasets[given.dataset].normalization : { mean: 0, std: 1 };
    return this.#take(model, { mean, std });
  }

  #take(model: Model, scale: Scale): Taught {
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
    this.#base = { model, layer, scale };
    const shape = model.getLayer(layer).output.shape;
    const [height, width] = inputShape;
    return { height, width, numbers: shape.reduce((a, b) => a * b, 1) };
  }

  get #has(): Base {
    if (!this.#base) throw new Error('There is no network to teach yet.');
    return this.#base;
  }

  /** What the base knows of an image. */
  async #look(pixels: Uint8ClampedArray): Promise<Float32Array> {
    const { model, layer, scale } = this.#has;
    const [height, width, channels] = model.inputShape;
    const x = new Float32Array(height * width * channels);
    for (let i = 0; i < height * width; i++) {
      const [red, green, blue] = pixels.subarray(4 * i);
      const colours = channels === 3 ? [red, green, blue] : [(red + green + blue) / 3];
      for (const [c, value] of colours.entries())
        x[i * channels + c] = (value / 255 - scale.mean) / scale.std;
    }
    using image = Tensor.from(x, [1, height, width, channels]);
    using found = await features(model, image, layer);
    return Float32Array.from(found.data);
  }

  async add({ id, label, pixels }: Example): Promise<void> {
    this.#examples.set(id, { label, numbers: await this.#look(pixels) });
  }

  drop(id: number): void {
    this.#examples.delete(id);
  }

  /** A new head learns all examples. @returns the share of them that it has right */
  async teach(classes: number): Promise<number> {
    const all = [...this.#examples.values()];
    const size = all[0].numbers.length;
    const x = new Float32Array(all.length * size);
    for (const [i, { numbers }] of all.entries()) x.set(numbers, i * size);
    const y = Int32Array.from(all, ({ label }) => label);
    this.#head?.dispose();
    this.#head = new Sequential([layers.dense({ units: classes })], {
      inputShape: [size],
      seed: 1,
    });
    this.#head.compile({
      optimizer: optimizers.adam({ learningRate: RATE }),
      loss: 'softmaxCrossEntropy',
      metrics: ['accuracy'],
    });
    const epochs = Math.ceil(STEPS / Math.ceil(all.length / BATCH));
    await this.#head.fit(x, y, { epochs, batchSize: BATCH });
    const { accuracy } = await this.#head.evaluate(x, y);
    return accuracy;
  }

  async say(pixels: Uint8ClampedArray): Promise<readonly number[]> {
    if (!this.#head) throw new Error('It has learned nothing yet.');
    const numbers = await this.#look(pixels);
    using scores = this.#head.predict(numbers);
    const powers = Array.from(scores.data, (score) => Math.exp(score - Math.max(...scores.data)));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  }

  /** Base and head as one model, which `loadModel` reads and `classify` uses. */
  save(classes: readonly string[]): Uint8Array<ArrayBuffer> {
    const head = this.#head;
    if (!head) throw new Error('It has learned nothing yet: press Learn first.');
    const { model, layer, scale } = this.#has;
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
    whole.preprocessing = scale;
    return whole.toBytes();
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
    const { mean, std } = preprocessing as Scale;
    const taught = this.#take(model, { mean, std });
    this.#head = head;
    return { ...taught, classes: labels };
  }
}

export const teacher = new Teacher();
