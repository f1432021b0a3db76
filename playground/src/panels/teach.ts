// The room of one's own classes: a handful of drawings, files or camera pictures of each, and a network that was trained
// before learns them in a second.

import type { App, Panel } from '../app.js';
import { Camera } from '../camera.js';
import { centred } from '../centre.js';
import { Client } from '../client.js';
import { SIDE } from '../datasets.js';
import { bar, byId, element, onClick, oncePerFrame, oneAtATime, percent, say } from '../dom.js';
import type { Taught } from '../messages.js';
import { save } from '../save.js';
import { isPaper, pictureOf, Sheet } from '../sheet.js';

/** An example on the page: what it looked like, and the place where it is shown. */
interface Shown {
  readonly id: number;
  readonly picture: HTMLCanvasElement;
  readonly isDrawn: boolean;
}

interface TaughtClass {
  name: string;
  examples: Shown[];
}

const MOST_CLASSES = 8;
const tell = (text: string, isProblem = false): void => say('teach-message', text, isProblem);
const problem = (error: unknown): void => tell((error as Error).message, true);

class Room {
  readonly #app: App;
  readonly #sheet: Sheet;
  readonly #camera: Camera;
  #worker: Promise<Client> | undefined;
  #base: Taught | undefined;
  /** Whether the base is the page's own network, which reads digits as MNIST has them. */
  #isOwn = true;
  #classes: TaughtClass[] = [
    { name: 'circle', examples: [] },
    { name: 'triangle', examples: [] },
  ];
  #bars: ReturnType<typeof bar>[] = [];
  #isTaught = false;
  #count = 0;
  readonly #changed = oncePerFrame(() => this.#say());
  readonly #say = oneAtATime(async () => {
    if (!this.#isTaught) return;
    const pixels = this.#read(this.#sheet.canvas, this.#sheet.isDrawn);
    if (!pixels) return;
    const shares = await (await this.#client()).ask('teachSay', pixels);
    const most = Math.max(...shares);
    for (const [i, { row, set }] of this.#bars.entries()) {
      set(shares[i], percent(shares[i], 0));
      row.classList.toggle('best', shares[i] === most);
    }
  }, problem);

  constructor(app: App) {
    this.#app = app;
    this.#sheet = new Sheet(byId('teach-sheet', HTMLCanvasElement), this.#changed);
    this.#camera = new Camera(
      byId('teach-camera', HTMLButtonElement),
      (video) => {
        this.#show(video);
        this.#changed();
      },
      tell,
    );
    onClick('teach-clear', () => {
      this.#camera.stop();
      this.#sheet.clear();
    });
    onClick('add-class', () => {
      this.#classes.push({ name: `class ${this.#classes.length + 1}`, examples: [] });
      this.#isTaught = false;
      this.#render();
    });
    onClick('learn', () => this.#learn().catch(problem));
    onClick('own-base', () => this.#useOwn().catch(problem));
    byId('base-files', HTMLInputElement).addEventListener('change', (event) => {
      const input = event.target as HTMLInputElement;
      this.#useFiles([...(input.files ?? [])]).catch(problem);
      input.value = '';
    });
    onClick('save-taught', async () => {
      try {
        const names = this.#classes.map(({ name }) => name);
        const bytes = await (await this.#client()).ask('teachSave', names);
        save('taught.safetensors', bytes);
        tell('Saved: loadModel reads it in Node, and classify() gives the names of the classes.');
      } catch (error) {
        problem(error);
      }
    });
    byId('load-taught', HTMLInputElement).addEventListener('change', (event) => {
      const input = event.target as HTMLInputElement;
      const [file] = input.files ?? [];
      if (file) this.#load(file).catch(problem);
      input.value = '';
    });
    this.#render();
  }

  leave(): void {
    this.#camera.stop();
  }

  /** A worker of its own, so that nothing waits for the training. */
  #client(): Promise<Client> {
    this.#worker ??= (async () => {
      const made = new Client();
      await made.ask('init', { threads: 1 });
      return made;
    })();
    return this.#worker;
  }

  /** Puts a picture on the sheet; the page's own networks read light on dark. */
  #show(picture: HTMLVideoElement | ImageBitmap): void {
    if (!this.#isOwn) this.#sheet.show(picture, 'colour');
    else this.#sheet.show(picture, isPaper(picture) ? 'inverted' : 'grey');
  }

  /** The pixels as the base reads them; none of an empty sheet. */
  #read(picture: HTMLCanvasElement, isDrawn: boolean): Uint8ClampedArray<ArrayBuffer> | undefined {
    const ink = isDrawn ? centred(picture) : undefined;
    if (isDrawn && !ink) return undefined;
    const { height, width } = this.#base ?? { height: SIDE, width: SIDE };
    if (ink && this.#isOwn)
      return Uint8ClampedArray.from({ length: 4 * ink.length }, (_, i) => ink[i >> 2]);
    const canvas = element('canvas', { width, height });
    const context = canvas.getContext('2d', {
      willReadFrequently: true,
    }) as CanvasRenderingContext2D;
    context.drawImage(picture, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data as Uint8ClampedArray<ArrayBuffer>;
  }

  /** The base, which is the page's network as it is now, if no other one was chosen. */
  async #ready(): Promise<Client> {
    if (!this.#base) await this.#useOwn();
    return this.#client();
  }

  async #useOwn(): Promise<void> {
    const bytes = (await this.#app.worker.ask('save', undefined)).buffer;
    const { dataset, network, history } = this.#app;
    const client = await this.#client();
    const base = await client.ask('teachBase', { bytes, dataset }, [bytes]);
    this.#isOwn = true;
    const knows = history.epochs > 0 ? '' : ' It is untrained: train it first, and it knows more.';
    await this.#take(base, `${network?.name}${knows}`);
  }

  async #useFiles(files: File[]): Promise<void> {
    if (files.length === 0) return;
    tell('Reading the model …');
    const all = await Promise.all(
      files.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())] as const),
    );
    const base = await (await this.#client()).ask('teachBase', { files: Object.fromEntries(all) });
    this.#isOwn = false;
    await this.#take(base, files[0].name);
  }

  /** Another base looks at all examples anew. */
  async #take(base: Taught, name: string): Promise<void> {
    this.#base = base;
    this.#isTaught = false;
    const { height, width, numbers } = base;
    say(
      'base-message',
      `${name}: reads ${height} × ${width}, and describes an image by ${numbers} numbers.`,
    );
    tell('');
    for (const [label, { examples }] of this.#classes.entries())
      for (const example of examples) await this.#send(label, example);
  }

  async #send(label: number, { id, picture, isDrawn }: Shown): Promise<void> {
    const pixels = this.#read(picture, isDrawn);
    if (pixels) await (await this.#client()).ask('teachAdd', { id, label, pixels });
  }

  /** Takes what is on the sheet as an example of a class. */
  async #add(label: number): Promise<void> {
    await this.#ready();
    if (!this.#read(this.#sheet.canvas, this.#sheet.isDrawn)) {
      tell('The sheet is empty: draw something first.', true);
      return;
    }
    const { canvas, isDrawn } = this.#sheet;
    const picture = element('canvas', { width: canvas.width, height: canvas.height });
    picture.getContext('2d')?.drawImage(canvas, 0, 0);
    const example = { id: ++this.#count, picture, isDrawn };
    await this.#send(label, example);
    this.#classes[label].examples.push(example);
    this.#isTaught = false;
    // The next one is drawn on a new sheet.
    if (isDrawn) this.#sheet.clear();
    tell('');
    this.#render();
  }

  async #addFiles(label: number, files: readonly File[]): Promise<void> {
    for (const file of files) {
      this.#show(await pictureOf(file));
      await this.#add(label);
    }
  }

  async #drop(label: number, { id }: Shown): Promise<void> {
    await (await this.#client()).ask('teachDrop', id);
    const one = this.#classes[label];
    one.examples = one.examples.filter((example) => example.id !== id);
    this.#isTaught = false;
    this.#render();
  }

  async #learn(): Promise<void> {
    const empty = this.#classes.find(({ examples }) => examples.length === 0);
    if (empty) {
      tell(`“${empty.name}” has no examples yet: draw some, and add them.`, true);
      return;
    }
    const client = await this.#ready();
    tell('Learning …');
    const began = performance.now();
    const accuracy = await client.ask('teach', this.#classes.length);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    this.#isTaught = true;
    this.#showBars();
    tell(
      `Learned in ${seconds} s: ${percent(accuracy, 0)} of the examples are right. Draw to try it.`,
    );
    this.#say();
  }

  async #load(file: File): Promise<void> {
    const bytes = await file.arrayBuffer();
    const loaded = await (await this.#client()).ask('teachLoad', bytes, [bytes]);
    this.#base = loaded;
    this.#isOwn = loaded.height === SIDE && loaded.width === SIDE;
    this.#classes = loaded.classes.map((name) => ({ name, examples: [] }));
    this.#isTaught = true;
    this.#render();
    this.#showBars();
    tell(`“${file.name}” knows ${loaded.classes.join(', ')}. Draw to try it.`);
    this.#say();
  }

  #showBars(): void {
    this.#bars = this.#classes.map(({ name }) => bar(name));
    byId('taught-bars', HTMLElement).replaceChildren(...this.#bars.map(({ row }) => row));
  }

  #render(): void {
    byId('classes', HTMLElement).replaceChildren(
      ...this.#classes.map((one, label) => this.#card(one, label)),
    );
    byId('add-class', HTMLButtonElement).disabled = this.#classes.length >= MOST_CLASSES;
    if (!this.#isTaught) byId('taught-bars', HTMLElement).replaceChildren();
  }

  #card(one: TaughtClass, label: number): HTMLLIElement {
    const name = element('input', { type: 'text', value: one.name, maxLength: 30 });
    name.setAttribute('aria-label', `Name of class ${label + 1}`);
    name.addEventListener('input', () => {
      one.name = name.value;
    });
    const add = element('button', { type: 'button' }, 'Add what is on the sheet');
    add.addEventListener('click', () => this.#add(label).catch(problem));
    const files = element('input', { type: 'file', accept: 'image/*', multiple: true });
    files.className = 'hidden-input';
    files.addEventListener('change', () => {
      this.#addFiles(label, [...(files.files ?? [])]).catch(problem);
    });
    const pictures = one.examples.map((example, i) => {
      const drop = element('button', { type: 'button', className: 'example' }, example.picture);
      drop.setAttribute('aria-label', `Remove example ${i + 1} of ${one.name}`);
      drop.title = 'Remove it';
      drop.addEventListener('click', () => this.#drop(label, example).catch(problem));
      return drop;
    });
    return element(
      'li',
      { className: 'class' },
      name,
      element('div', { className: 'examples' }, ...pictures),
      element(
        'div',
        { className: 'row' },
        add,
        element('label', { className: 'button' }, 'Files', files),
      ),
    );
  }
}

export function teachPanel(app: App): Panel {
  const room = new Room(app);
  return { leave: () => room.leave() };
}
