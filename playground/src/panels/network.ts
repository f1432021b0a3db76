// The editor of layers. What is edited is a draft until the library accepts it and it is put to use.

import type { App, Panel } from '../app.js';
import { byId, element, fill, onClick, oneAtATime, say } from '../dom.js';
import type { Description, Row } from '../messages.js';
import { type Field, kindOf, type LayerSpec, type LayerType, layerKinds } from '../networks.js';
import { putAside } from '../work.js';

/** A field of a layer; `change` gets its new value. */
function input(
  { name, label, choices, step = 1, least, most, fallback }: Field,
  value: number | string | boolean | undefined,
  change: (value: number | string | boolean) => void,
): HTMLLabelElement {
  const shown = value ?? fallback;
  if (choices) {
    const select = element('select', { name });
    fill(select, Object.fromEntries(choices.map((choice) => [choice, choice])));
    select.value = String(shown);
    select.addEventListener('change', () => change(select.value));
    return element('label', {}, label, select);
  }
  if (typeof fallback === 'boolean') {
    const box = element('input', { type: 'checkbox', name, checked: shown === true });
    box.addEventListener('change', () => change(box.checked));
    return element('label', { className: 'check' }, box, label);
  }
  const number = element('input', { type: 'number', name, step: String(step) });
  number.min = String(least);
  number.max = String(most);
  number.value = String(shown);
  number.addEventListener('change', () => change(number.valueAsNumber));
  return element('label', {}, label, number);
}

const count = (parameters: number): string =>
  parameters ? `${parameters.toLocaleString('en')} weights` : 'no weights';

class Editor {
  readonly #app: App;
  readonly #list = byId('layers', HTMLOListElement);
  #draft: LayerSpec[] = [];
  #described: Description | undefined;
  #changed = false;
  readonly #check = oneAtATime(
    async () => {
      const draft = this.#draft;
      const described = await this.#app.worker.ask('describe', draft);
      if (draft !== this.#draft) return;
      this.#described = described;
      this.#showDescription();
    },
    (error) => {
      if (!this.#described) say('network-message', error.message, true);
    },
  );

  constructor(app: App) {
    this.#app = app;
    const kind = byId('layer-kind', HTMLSelectElement);
    const kinds = Object.entries(layerKinds).map(([type, { title }]) => [type, title]);
    fill(kind, Object.fromEntries(kinds));
    onClick('add-layer', () => this.#add(kind.value as LayerType));
    onClick('apply', () => this.#apply());
    onClick('discard', () => {
      this.reset();
      kind.focus();
    });
  }

  /** Shows the network that is trained. */
  reset(): void {
    const { layers, rows = [] } = this.#app.network ?? {};
    this.#changed = false;
    this.#app.draft = undefined;
    this.#draft = [...(layers ?? [])];
    this.#described = undefined;
    byId('editing', HTMLElement).hidden = !layers;
    if (layers) {
      this.#render();
      this.#check();
    } else {
      this.#list.replaceChildren(...rows.map((row) => readOnly(row)));
      say(
        'network-message',
        'This network came from a file and has layers that the editor has not: it can be trained and looked into, not edited.',
      );
      this.#showButtons();
    }
  }

  /** @param focus where the focus goes: the first of these that can have it */
  #edit(draft: LayerSpec[], ...focus: string[]): void {
    this.#draft = draft;
    this.#begin();
    this.#described = undefined;
    this.#render();
    const found = focus.map((one) => this.#list.querySelector<HTMLElement>(`${one}:enabled`));
    if (focus.length > 0) (found.find(Boolean) ?? byId('add-layer', HTMLElement)).focus();
    this.#check();
  }

  #add(type: LayerType): void {
    const at = Math.max(0, this.#draft.length - 1);
    const layer = { type, options: kindOf(type).initial };
    this.#edit(this.#draft.toSpliced(at, 0, layer));
  }

  #move(from: number, by: number): void {
    const draft = [...this.#draft];
    const [layer] = draft.splice(from, 1);
    draft.splice(from + by, 0, layer);
    const [which, other] = by < 0 ? ['up', 'down'] : ['down', 'up'];
    const row = `li:nth-child(${from + by + 1})`;
    this.#edit(draft, `${row} .${which}`, `${row} .${other}`);
  }

  /** An option changed: the row stays as it is, with the focus in it. */
  #set(index: number, name: string, value: number | string | boolean): void {
    const { type, options } = this.#draft[index];
    this.#draft = this.#draft.with(index, { type, options: { ...options, [name]: value } });
    this.#begin();
    this.#described = undefined;
    this.#showDescription();
    this.#check();
  }

  /** From now on there are two networks: the one that is trained, and the draft. */
  #begin(): void {
    this.#changed = true;
    this.#app.draft = { use: () => this.#use() };
  }

  /** Makes the draft the network that is trained, if it fits. */
  async #use(): Promise<boolean> {
    const draft = this.#draft;
    const described = this.#described ?? (await this.#app.worker.ask('describe', draft));
    if (!('rows' in described)) return false;
    await putAside(this.#app);
    await this.#app.make('edited', draft);
    return true;
  }

  async #apply(): Promise<void> {
    try {
      await this.#use();
      // The button cannot be pressed again, and would let go of the focus.
      const { activeElement } = document;
      if (activeElement === document.body || activeElement?.id === 'apply')
        byId('layer-kind', HTMLElement).focus();
    } catch (error) {
      say('network-message', (error as Error).message, true);
    }
  }

  #render(): void {
    this.#list.replaceChildren(...this.#draft.map((layer, index) => this.#row(layer, index)));
    this.#showDescription();
  }

  #row({ type, options }: LayerSpec, index: number): HTMLLIElement {
    const { title, fields } = kindOf(type);
    const button = (name: string, label: string, text: string, click: () => void) => {
      const made = element('button', { type: 'button', className: `quiet ${name}` }, text);
      made.setAttribute('aria-label', `${label} ${title}, layer ${index + 1}`);
      made.addEventListener('click', click);
      return made;
    };
    const up = button('up', 'Move up', '↑', () => this.#move(index, -1));
    const down = button('down', 'Move down', '↓', () => this.#move(index, 1));
    up.disabled = index === 0;
    down.disabled = index === this.#draft.length - 1;
    const remove = button('remove', 'Remove', '✕', () =>
      this.#edit(
        this.#draft.toSpliced(index, 1),
        `li:nth-child(${index + 1}) .remove`,
        'li:last-child .remove',
      ),
    );
    const inputs = fields.map((field) =>
      input(field, options[field.name], (value) => this.#set(index, field.name, value)),
    );
    return element(
      'li',
      {},
      element('strong', {}, `${index + 1}. ${title}`),
      element('span', { className: 'shape' }),
      element('span', { className: 'fields' }, ...inputs),
      element('span', { className: 'actions' }, up, down, remove),
      element('p', { className: 'why' }),
    );
  }

  /** The shapes, or the error at its layer. */
  #showDescription(): void {
    const described = this.#described;
    const wrong = described && 'error' in described ? described : undefined;
    const rows = described && 'rows' in described ? described.rows : [];
    [...this.#list.children].forEach((item, i) => {
      item.classList.toggle('wrong-layer', wrong?.at === i);
      const why = item.querySelector('.why');
      if (why) why.textContent = wrong?.at === i ? wrong.error : '';
      const shape = item.querySelector('.shape');
      if (!shape) return;
      shape.textContent = rows[i]
        ? `${rows[i].shape.join(' × ')} · ${count(rows[i].parameters)}`
        : '';
    });
    if (wrong) say('network-message', wrong.error, true);
    else say('network-message', described ? this.#summary(rows) : 'Checking …');
    this.#showButtons();
  }

  #summary(rows: readonly Row[]): string {
    const sum = rows.reduce((sum, { parameters }) => sum + parameters, 0);
    const all = `${sum.toLocaleString('en')} weights in all.`;
    return this.#changed ? `${all} This network is new: it starts untrained.` : all;
  }

  #showButtons(): void {
    const described = this.#described;
    const fits = described !== undefined && 'rows' in described;
    byId('apply', HTMLButtonElement).disabled = !(this.#changed && fits);
    byId('discard', HTMLButtonElement).disabled = !this.#changed;
  }
}

const readOnly = ({ type, shape, parameters }: Row): HTMLLIElement =>
  element(
    'li',
    {},
    element('strong', {}, type),
    element('span', { className: 'shape' }, `${shape.join(' × ')} · ${count(parameters)}`),
  );

export function networkPanel(app: App): Panel {
  const editor = new Editor(app);
  app.listen('network', () => editor.reset());
  return {};
}
