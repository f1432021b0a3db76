// Two trainings of the visitor's own choice: a network, an optimizer and a learning rate each.

import type { App } from '../app.js';
import type { Side } from '../comparisons.js';
import { byId, fill } from '../dom.js';
import { type PresetName, presets } from '../networks.js';

/** The choice that is the network of the first room, edited or not. */
const ON_SCREEN = 'screen';

/** The fields of one of the two. */
class Choice {
  readonly #app: App;
  readonly #name: string;
  readonly #network: HTMLSelectElement;
  readonly #optimizer: HTMLSelectElement;
  readonly #rate: HTMLInputElement;

  constructor(app: App, name: string) {
    this.#app = app;
    this.#name = name;
    this.#network = byId(`${name}-network`, HTMLSelectElement);
    this.#optimizer = byId(`${name}-optimizer`, HTMLSelectElement);
    this.#rate = byId(`${name}-rate`, HTMLInputElement);
    const titles = Object.entries(presets).map(([preset, { title }]) => [preset, title]);
    fill(this.#network, { [ON_SCREEN]: 'The network on screen', ...Object.fromEntries(titles) });
  }

  get #layers(): Side['layers'] | undefined {
    const { value } = this.#network;
    return value === ON_SCREEN ? this.#app.network?.layers : presets[value as PresetName].layers;
  }

  /** Whether it can be trained; where not, the field says why. */
  isValid(): boolean {
    const isKnown = this.#layers !== undefined;
    this.#network.setCustomValidity(
      isKnown ? '' : 'It came from a file with layers that the editor has not: take another one.',
    );
    return this.#network.reportValidity() && this.#rate.reportValidity();
  }

  get side(): Side {
    const [network] = this.#network.selectedOptions;
    const [optimizer] = this.#optimizer.selectedOptions;
    return {
      title: this.#name,
      about: `${network.text}, ${optimizer.text} at ${this.#rate.value}`,
      layers: this.#layers ?? [],
      optimizer: this.#optimizer.value as Side['optimizer'],
      learningRate: this.#rate.valueAsNumber,
    };
  }
}

/** Sets the fields up. */
export function ownPair(app: App) {
  const [first, second] = ['first', 'second'].map((name) => new Choice(app, name));
  return {
    place: byId('own-pair', HTMLElement),
    remark: 'Change one thing only, and you know what made the difference.',
    isValid: (): boolean => first.isValid() && second.isValid(),
    get sides(): readonly [Side, Side] {
      return [first.side, second.side];
    },
  };
}
