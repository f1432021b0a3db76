// Small helpers for the page.

/** The element of an id, which index.html has. */
export function byId<E extends Element>(id: string, type: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} '${id}'`);
  return found;
}

/** A new element with properties and content. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...content);
  return made;
}

/** Listens to clicks on a button. */
export function onClick(id: string, handle: () => unknown): HTMLButtonElement {
  const button = byId(id, HTMLButtonElement);
  button.addEventListener('click', handle);
  return button;
}

/** Listens to files being chosen, one or more; the same ones may be chosen again. */
export function onFiles(id: string, handle: (files: readonly File[]) => unknown): void {
  const input = byId(id, HTMLInputElement);
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    if (files.length > 0) handle(files);
    input.value = '';
  });
}

/** Listens to a file being chosen. */
export const onFile = (id: string, handle: (file: File) => unknown): void =>
  onFiles(id, ([file]) => handle(file));

/** The bytes of files, by their names. */
export const bytesOf = async (files: readonly File[]): Promise<Record<string, Uint8Array>> =>
  Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())]),
    ),
  );

/** Writes a text, unless it is there already. */
export function setText(id: string, text: string): void {
  const place = byId(id, HTMLElement);
  if (place.textContent !== text) place.textContent = text;
}

/** Says something in a panel; as a problem, in its colour. */
export function say(id: string, text: string, isProblem = false): void {
  const message = byId(id, HTMLElement);
  if (message.textContent !== text) message.textContent = text;
  message.classList.toggle('problem', isProblem);
}

/** What takes a value from the visitor. */
export type Field = HTMLSelectElement | HTMLInputElement;

/** Gives a field a value. @returns whether it can hold it; if not it stays as it is */
export function put(field: Field, value: string): boolean {
  const before = field.value;
  field.value = value;
  if (field.value !== '' && field.checkValidity()) return true;
  field.value = before;
  return false;
}

/** The options of a select, by value. */
export function fill(select: HTMLSelectElement, titles: Readonly<Record<string, string>>): void {
  select.replaceChildren(
    ...Object.entries(titles).map(([value, title]) => element('option', { value }, title)),
  );
}

/**
 * A function that is never under way twice: called meanwhile, it runs once more afterwards. What it throws goes
 * to `fail`.
 */
export function oneAtATime(
  work: () => Promise<unknown>,
  fail: (error: Error) => void = () => {},
): () => void {
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    again = running;
    if (running) return;
    running = true;
    try {
      await work();
    } catch (error) {
      fail(error as Error);
    }
    running = false;
    if (again) run();
  };
  return run;
}

export const percent = (share: number, digits = 1): string =>
  `${(100 * share).toFixed(digits)}\u00a0%`;

/** A share as the length of a bar, with its number beside it. */
export function bar(label: string): { row: HTMLLIElement; set(share: number, text: string): void } {
  const length = element('span', { className: 'length' });
  const number = element('span', { className: 'number' });
  const track = element('span', { className: 'track' }, length);
  const row = element('li', {}, element('span', { className: 'label' }, label), track, number);
  return {
    row,
    set(share, text) {
      row.style.setProperty('--share', String(share));
      number.textContent = text;
    },
  };
}

/** Draws in the next frame, however often it was asked to before. */
export function oncePerFrame(draw: () => void): () => void {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      draw();
    });
  };
}

/** A number in as many characters as an axis or a figure has room for, however large. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e5) return value.toExponential(0).replace('e+', 'e');
  return size >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
