// The room of one's own classes: a handful of drawings, files or camera pictures of each, and a network that was trained
// before learns them in a second.

import type { App, Panel } from '../app.js';
import { Camera } from '../camera.js';
import { centred } from '../centre.js';
import { type ClassCard, ClassCards, type Shown } from '../classcards.js';
import { Client } from '../client.js';
import { SIDE } from '../datasets.js';
import {
  bar,
  byId,
  element,
  onClick,
  oncePerFrame,
  oneAtATime,
  onFile,
  percent,
  say,
} from '../dom.js';
import type { Taught, TaughtFile } from '../messages.js';
import { save } from '../save.js';
import { isPaper, pictureOf, Sheet } from '../sheet.js';

const tell = (text: string, isProblem = false): void => say('teach-message', text, isProblem);
const problem = (error: unknown): void => tell((error as Error).message, true);

class Room {
  readonly #app: App;
  readonly #sheet: Sheet;
  readonly #camera: Camera;
  #worker: Promise<Client> | undefined;
  #base: Taught | undefined;
  readonly #cards: ClassCards;
  #bars: ReturnType<typeof bar>[] = [];
  /** Whether what was learned is of these classes. */
  #isTaught = false;
  #count = 0;
  /** What must not happen while something else does: the one after the other. */
  #turn: Promise<void> = Promise.resolve();
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
    onClick('learn', () => this.#inTurn(() => this.#learn()));
    onClick('own-base', () => this.#alone(() => this.#useOwn()));
    byId('base-files', HTMLInputElement).addEventListener('change', (event) => {
      const input = event.target as HTMLInputElement;
      const files = [...(input.files ?? [])];
      this.#alone(() => this.#useFiles(files));
      input.value = '';
    });
    onClick('save-taught', () => this.#save('safetensors').catch(problem));
    onClick('save-onnx', () => this.#save('onnx').catch(problem));
    onFile('load-taught', (file) => this.#alone(() => this.#load(file)));
    const cards = {
      add: (card: ClassCard) => this.#add(card).catch(problem),
      addFiles: (card: ClassCard, files: readonly File[]) =>
        this.#inTurn(() => this.#addFiles(card, files)),
      drop: (example: Shown) => this.#drop(example).catch(problem),
      repeats: () => this.#camera.isOn,
      changed: () => {
        this.#isTaught = false;
        byId('taught-bars', HTMLElement).replaceChildren();
      },
    };
    this.#cards = new ClassCards(cards, ['circle', 'triangle']);
  }

  leave(): void {
    this.#camera.stop();
  }

  /** Changes the base, while nothing is added and nothing learned. Where that fails, the one before stays. */
  async #alone(change: () => Promise<void>): Promise<void> {
    const [classes, learn] = [byId('classes', HTMLElement), byId('learn', HTMLButtonElement)];
    classes.inert = true;
    learn.disabled = true;
    await this.#inTurn(change);
    classes.inert = false;
    learn.disabled = false;
  }

  /** Does what takes a while after what was asked for before: a base does not change while a head learns above it. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work).catch(problem);
    return this.#turn;
  }

  /** A worker of its own, so that nothing waits for the training. */
  #client(): Promise<Client> {
    this.#worker ??= (async () => {
      const made = new Client();
      try {
        await made.ask('init', { threads: 1 });
      } catch (error) {
        // The next one who asks tries again: the network may be back.
        made.end();
        this.#worker = undefined;
        throw error;
      }
      return made;
    })();
    return this.#worker;
  }

  /** Whether the base reads digits as MNIST has them: light on dark, in the middle. */
  get #readsDigits(): boolean {
    const { height, width, channels } = this.#base ?? { height: SIDE, width: SIDE, channels: 1 };
    return height === SIDE && width === SIDE && channels === 1;
  }

  /** Puts a picture on the sheet. */
  #show(picture: HTMLVideoElement | ImageBitmap): void {
    if (!this.#readsDigits) this.#sheet.show(picture, 'colour');
    else this.#sheet.show(picture, isPaper(picture) ? 'inverted' : 'grey');
  }

  /** The pixels as the base reads them; none of an empty sheet. */
  #read(picture: HTMLCanvasElement, isDrawn: boolean): Uint8ClampedArray<ArrayBuffer> | undefined {
    const ink = isDrawn ? centred(picture) : undefined;
    if (isDrawn && !ink) return undefined;
    const { height, width } = this.#base ?? { height: SIDE, width: SIDE };
    if (ink && this.#readsDigits)
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
    const knows = history.epochs > 0 ? '' : ' It is untrained: train it first, and it knows more.';
    await this.#take(base, network?.name ?? '', knows);
  }

  async #useFiles(files: File[]): Promise<void> {
    if (files.length === 0) return;
    tell('Reading the model …');
    const all = await Promise.all(
      files.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())] as const),
    );
    const base = await (await this.#client()).ask('teachBase', { files: Object.fromEntries(all) });
    await this.#take(base, files[0].name);
  }

  /** Another base looks at all examples anew. */
  async #take(base: Taught, name: string, remark = ''): Promise<void> {
    this.#base = base;
    this.#isTaught = false;
    byId('taught-bars', HTMLElement).replaceChildren();
    tell('It looks at the examples …');
    for (const { examples } of this.#cards.all)
      for (const example of examples) await this.#send(example);
    const { height, width, channels, numbers } = base;
    const colours = channels === 3 ? 'in colour' : 'in grey';
    say(
      'base-message',
      `${name}: reads ${height} × ${width} ${colours}, and describes an image by ${numbers} numbers.${remark}`,
    );
    tell('');
  }

  async #send({ id, picture, isDrawn }: Shown): Promise<void> {
    const pixels = this.#read(picture, isDrawn);
    if (pixels) await (await this.#client()).ask('teachAdd', { id, pixels });
  }

  /** Takes what is on the sheet as an example of a class. */
  async #add(card: ClassCard): Promise<void> {
    const { canvas, isDrawn } = this.#sheet;
    if (!this.#read(canvas, isDrawn)) {
      tell('The sheet is empty: draw something first, or turn the camera on.', true);
      return;
    }
    const picture = element('canvas', { width: canvas.width, height: canvas.height });
    picture.getContext('2d')?.drawImage(canvas, 0, 0);
    // The next one is drawn on a new sheet.
    if (isDrawn) this.#sheet.clear();
    await this.#ready();
    const example = { id: ++this.#count, picture, isDrawn };
    await this.#send(example);
    card.show(example);
    tell(this.#isTaught ? 'Press Learn to have it learn the new examples too.' : '');
  }

  async #addFiles(card: ClassCard, files: readonly File[]): Promise<void> {
    await this.#ready();
    const wrong: string[] = [];
    for (const file of files) {
      try {
        this.#show(await pictureOf(file));
        await this.#add(card);
      } catch (error) {
        wrong.push((error as Error).message);
      }
    }
    if (wrong.length > 0) tell(wrong.join(' '), true);
  }

  async #drop({ id }: Shown): Promise<void> {
    await (await this.#client()).ask('teachDrop', id);
  }

  async #learn(): Promise<void> {
    const cards = this.#cards.all;
    const empty = cards.find(({ examples }) => examples.length === 0);
    if (empty) {
      const out = cards.length > 2 ? ', or remove the class' : '';
      tell(`“${empty.name}” has no examples yet: draw some and add them${out}.`, true);
      return;
    }
    const client = await this.#ready();
    tell('Learning …');
    const began = performance.now();
    const ids = cards.map(({ examples }) => examples.map(({ id }) => id));
    const accuracy = await client.ask('teach', ids);
    if (cards !== this.#cards.all) {
      tell('A class came or went meanwhile: press Learn once more.');
      return;
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    this.#showBars();
    tell(
      `Learned in ${seconds} s: ${percent(accuracy, 0)} of the examples are right. Draw to try it, or turn the camera on.`,
    );
  }

  async #save(format: TaughtFile['format']): Promise<void> {
    if (!this.#isTaught) {
      tell('There is nothing to save yet: press Learn first.', true);
      return;
    }
    const classes = this.#cards.all.map(({ name }) => name);
    const bytes = await (await this.#client()).ask('teachSave', { classes, format });
    save(`taught.${format}`, bytes);
    const reader =
      format === 'onnx' ? 'io.readOnnx, and every other program for ONNX' : 'loadModel';
    tell(`Saved: ${reader} reads it. In Node, model.classify('picture.png') names the class.`);
  }

  async #load(file: File): Promise<void> {
    const bytes = await file.arrayBuffer();
    const { classes, ...base } = await (await this.#client()).ask('teachLoad', bytes, [bytes]);
    this.#cards.begin(classes);
    await this.#take(base, file.name);
    this.#showBars();
    tell(`“${file.name}” knows ${classes.join(', ')}. Draw to try it.`);
  }

  /** What was learned answers from now on. */
  #showBars(): void {
    this.#bars = this.#cards.all.map(({ name }) => bar(name));
    byId('taught-bars', HTMLElement).replaceChildren(...this.#bars.map(({ row }) => row));
    this.#isTaught = true;
    this.#say();
  }
}

export function teachPanel(app: App): Panel {
  const room = new Room(app);
  return { leave: () => room.leave() };
}
