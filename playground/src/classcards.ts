// The cards of one's own classes: a name, its examples, and the buttons that give more of them.

import { byId, element } from './dom.js';

/** An example: what it looked like. */
export interface Shown {
  readonly id: number;
  readonly picture: HTMLCanvasElement;
  readonly isDrawn: boolean;
}

/** What the cards ask of the room. */
interface Room {
  /** Takes what is on the sheet as an example. */
  add(card: ClassCard): void;
  addFiles(card: ClassCard, files: readonly File[]): void;
  drop(example: Shown): void;
  /** Whether a button that is held takes one example after another. */
  repeats(): boolean;
  /** A class came or went. */
  changed(): void;
}

/** The fewest and the most classes. */
const LEAST = 2;
const MOST = 8;
/** Milliseconds between two examples while the button is held. */
const PAUSE = 250;

/** Calls `work` at a click, and again and again while the button is held, as long as `repeats` says so. */
function onHold(button: HTMLButtonElement, work: () => void, repeats: () => boolean): void {
  let timer = 0;
  button.addEventListener('click', work);
  button.addEventListener('pointerdown', ({ pointerId }) => {
    // What is added may move the button from under the pointer.
    button.setPointerCapture(pointerId);
    clearInterval(timer);
    timer = setInterval(() => repeats() && work(), PAUSE);
  });
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'])
    button.addEventListener(end, () => clearInterval(timer));
}

/** A class and its card. */
export class ClassCard {
  readonly row: HTMLLIElement;
  examples: Shown[] = [];
  readonly #room: Room;
  readonly #name: HTMLInputElement;
  readonly #pictures = element('div', { className: 'examples' });
  readonly #add = element('button', { type: 'button' }, 'Add what is on the sheet');

  constructor(name: string, room: Room, remove: (card: ClassCard) => void) {
    this.#room = room;
    this.#name = element('input', { type: 'text', value: name, maxLength: 30 });
    this.#name.setAttribute('aria-label', 'Name of the class');
    onHold(
      this.#add,
      () => room.add(this),
      () => room.repeats(),
    );
    const files = element('input', { type: 'file', accept: 'image/*', multiple: true });
    files.className = 'hidden-input';
    files.addEventListener('change', () => {
      room.addFiles(this, [...(files.files ?? [])]);
      files.value = '';
    });
    const away = element('button', { type: 'button', className: 'quiet' }, '✕');
    away.setAttribute('aria-label', 'Remove this class');
    away.title = 'Remove this class';
    away.addEventListener('click', () => remove(this));
    const buttons = [this.#add, element('label', { className: 'button' }, 'Files', files)];
    this.row = element(
      'li',
      { className: 'class' },
      element('div', { className: 'class-name' }, this.#name, away),
      element('div', { className: 'row' }, ...buttons),
      this.#pictures,
    );
  }

  get name(): string {
    return this.#name.value.trim() || 'nameless';
  }

  show(example: Shown): void {
    this.examples.push(example);
    const made = element('button', { type: 'button', className: 'example' }, example.picture);
    made.setAttribute('aria-label', `Remove example ${this.examples.length}`);
    made.title = 'Remove it';
    made.addEventListener('click', () => {
      this.examples = this.examples.filter(({ id }) => id !== example.id);
      made.remove();
      this.#add.focus();
      this.#room.drop(example);
    });
    this.#pictures.append(made);
  }
}

/** All cards, and the button for one more. */
export class ClassCards {
  readonly #place = byId('classes', HTMLElement);
  readonly #more = byId('add-class', HTMLButtonElement);
  readonly #room: Room;
  #cards: ClassCard[] = [];

  constructor(room: Room, names: readonly string[]) {
    this.#room = room;
    this.#more.addEventListener('click', () =>
      this.#set([...this.#cards, this.#make(`class ${this.#cards.length + 1}`)]),
    );
    this.begin(names);
  }

  get all(): readonly ClassCard[] {
    return this.#cards;
  }

  /** Other classes, without examples. */
  begin(names: readonly string[]): void {
    this.#set(names.map((name) => this.#make(name)));
  }

  #make(name: string): ClassCard {
    return new ClassCard(name, this.#room, (card) => {
      for (const example of card.examples) this.#room.drop(example);
      this.#set(this.#cards.filter((other) => other !== card));
      this.#more.focus();
    });
  }

  #set(cards: ClassCard[]): void {
    this.#cards = cards;
    for (const { row } of cards) if (!row.isConnected) this.#place.append(row);
    for (const row of [...this.#place.children])
      if (!cards.some((card) => card.row === row)) row.remove();
    this.#place.classList.toggle('fewest', cards.length <= LEAST);
    this.#more.disabled = cards.length >= MOST;
    this.#room.changed();
  }
}
