// The networks: ready ones, the layers they can be edited with, and what the library is asked for each.

/** The options of a layer as the editor holds them. */
export type Options = Readonly<Record<string, number | string | boolean>>;

export interface LayerSpec {
  readonly type: LayerType;
  readonly options: Options;
}

/** What the editor offers for an option; `fallback` is what the library takes where none is given. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly choices?: readonly string[];
  /** Of a number that need not be whole. */
  readonly step?: number;
  /** Bounds of a number: what is beyond them is no network for a page. */
  readonly least?: number;
  readonly most?: number;
  readonly fallback?: number | string | boolean;
}

interface LayerKind {
  readonly title: string;
  readonly fields: readonly Field[];
  /** What a layer that is added begins with. */
  readonly initial: Options;
}

/** Of running statistics: epochs here are short, and the library's 0.99 would take some of them to follow. */
const MOMENTUM = 0.9;

const activations = ['linear', 'relu', 'leakyRelu', 'elu', 'gelu', 'silu', 'sigmoid', 'tanh'];
const kernelSize: Field = { name: 'kernelSize', label: 'kernel', least: 1, most: 15 };
const strides: Field = { name: 'strides', label: 'stride', least: 1, most: 8, fallback: 1 };
const padding: Field = {
  name: 'padding',
  label: 'padding',
  choices: ['valid', 'same'],
  fallback: 'valid',
};
const activation: Field = {
  name: 'activation',
  label: 'activation',
  choices: activations,
  fallback: 'linear',
};
const filters: Field = { name: 'filters', label: 'filters', least: 1, most: 512 };
const poolSize: Field = { name: 'poolSize', label: 'window', least: 1, most: 28, fallback: 2 };
const rate: Field = { name: 'rate', label: 'rate', step: 0.05, least: 0, most: 0.95 };
const convolution = { kernelSize: 3, padding: 'same', activation: 'relu' };

export const layerKinds = {
  conv2d: {
    title: 'Convolution',
    fields: [filters, kernelSize, strides, padding, activation],
    initial: { filters: 16, ...convolution },
  },
  depthwiseConv2d: {
    title: 'Depthwise convolution',
    fields: [kernelSize, strides, padding, activation],
    initial: convolution,
  },
  separableConv2d: {
    title: 'Separable convolution',
    fields: [filters, kernelSize, strides, padding, activation],
    initial: { filters: 16, ...convolution },
  },
  residual: {
    title: 'Residual block',
    fields: [
      filters,
      kernelSize,
      { name: 'batchNorm', label: 'batch norm', fallback: false },
      { name: 'projection', label: '1×1 shortcut', fallback: false },
    ],
    initial: { filters: 16, kernelSize: 3, batchNorm: true, projection: true },
  },
  maxPool2d: { title: 'Max pooling', fields: [poolSize], initial: {} },
  avgPool2d: { title: 'Average pooling', fields: [poolSize], initial: {} },
  globalAvgPool2d: { title: 'Global average pooling', fields: [], initial: {} },
  batchNorm: {
    title: 'Batch normalisation',
    fields: [
      { name: 'momentum', label: 'momentum', step: 0.01, least: 0, most: 1, fallback: 0.99 },
    ],
    initial: { momentum: MOMENTUM },
  },
  relu: { title: 'ReLU', fields: [], initial: {} },
  dropout: { title: 'Dropout', fields: [rate], initial: { rate: 0.25 } },
  flatten: { title: 'Flatten', fields: [], initial: {} },
  dense: {
    title: 'Dense',
    fields: [{ name: 'units', label: 'units', least: 1, most: 2048 }, activation],
    initial: { units: 64, activation: 'relu' },
  },
} as const satisfies Record<string, LayerKind>;

export type LayerType = keyof typeof layerKinds;

export const kindOf = (type: LayerType): LayerKind => layerKinds[type];

/** Whether a field can hold a value. */
function holds({ choices, step, least = 0, most = 0, fallback }: Field, value: unknown): boolean {
  if (choices) return choices.includes(value as string);
  if (typeof fallback === 'boolean') return typeof value === 'boolean';
  const isNumber = step ? Number.isFinite(value) : Number.isInteger(value);
  return isNumber && (value as number) >= least && (value as number) <= most;
}

/** What is wrong with a layer's options before the library is asked: it would take a day for some. */
export function complaint({ type, options }: LayerSpec): string | undefined {
  const { title, fields } = kindOf(type);
  const wrong = fields.find((field) => !holds(field, options[field.name] ?? field.fallback));
  if (!wrong) return undefined;
  const { label, choices, step, least, most } = wrong;
  const wanted = choices
    ? `one of ${choices.join(', ')}`
    : `a ${step ? '' : 'whole '}number from ${least} to ${most}`;
  return `${title}: ${label} must be ${wanted}.`;
}

/** What the library takes for options that the editor has no field for. */
const fixed: Readonly<Record<string, unknown>> = {
  useBias: true,
  biasInitializer: 'zeros',
  dilation: 1,
  groups: 1,
  depthMultiplier: 1,
  algorithm: 'auto',
  paddingMode: 'zeros',
  epsilon: 1e-3,
};

/** Initializers that the editor chooses by the activation; they do not matter to weights that are here. */
const chosen = ['glorotUniform', 'heNormal'];

/** A layer of a model as the editor holds it; none where it cannot hold all that is said of the layer. */
export function specOf(
  type: string,
  options: Readonly<Record<string, unknown>>,
): LayerSpec | undefined {
  if (!Object.hasOwn(layerKinds, type)) return undefined;
  const { fields } = kindOf(type as LayerType);
  const held: Record<string, number | string | boolean> = {};
  for (const [name, given] of Object.entries(options)) {
    // Both sides of a window may be given, and may be the same.
    const value = Array.isArray(given) && given[0] === given[1] ? given[0] : given;
    if (value === undefined || name === 'name' || value === fixed[name]) continue;
    if (name === 'kernelInitializer' && chosen.includes(value)) continue;
    const field = fields.find((field) => field.name === name);
    if (field && holds(field, value)) held[name] = value;
    else if (field || !isPoolDefault(type, name, value, options)) return undefined;
  }
  const spec = { type: type as LayerType, options: held };
  return complaint(spec) ? undefined : spec;
}

/** A pool's windows lie side by side, and inside the image, where nothing else is said. */
function isPoolDefault(
  type: string,
  name: string,
  value: unknown,
  { poolSize = 2 }: Readonly<Record<string, unknown>>,
): boolean {
  if (type !== 'maxPool2d' && type !== 'avgPool2d') return false;
  const side = Array.isArray(poolSize) ? poolSize[0] : poolSize;
  return (name === 'strides' && value === side) || (name === 'padding' && value === 'valid');
}

/** Short names for the layers of ready networks. */
export const conv = (filters: number, kernelSize: number, more: Options = {}): LayerSpec => ({
  type: 'conv2d',
  options: { filters, kernelSize, activation: 'relu', ...more },
});
export const same = { padding: 'same' };
export const pool: LayerSpec = { type: 'maxPool2d', options: {} };
export const flat: LayerSpec = { type: 'flatten', options: {} };
export const dense = (units: number, more: Options = { activation: 'relu' }): LayerSpec => ({
  type: 'dense',
  options: { units, ...more },
});
const block = (filters: number, projection: boolean): LayerSpec => ({
  type: 'residual',
  options: { filters, kernelSize: 3, batchNorm: true, projection },
});
export const average: LayerSpec = { type: 'globalAvgPool2d', options: {} };
export const output = dense(10, {});

/** Networks to begin with. */
export const presets = {
  lenet5: {
    title: 'LeNet-5',
    layers: [conv(6, 5, same), pool, conv(16, 5), pool, flat, dense(120), dense(84), output],
  },
  plain: {
    title: 'Plain CNN, 3×3',
    layers: [
      conv(16, 3, same),
      conv(16, 3, same),
      pool,
      conv(32, 3, same),
      pool,
      flat,
      dense(64),
      output,
    ],
  },
  residual: {
    title: 'Small residual net',
    layers: [conv(12, 3, same), pool, block(12, false), block(24, true), pool, average, output],
  },
  perceptron: { title: 'Perceptron, no convolution', layers: [flat, dense(64), output] },
} as const satisfies Record<string, { title: string; layers: readonly LayerSpec[] }>;

export type PresetName = keyof typeof presets;

/** A call of the library's `layers`, with what it is given. */
export interface LayerCall {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * What the library is asked for a layer, and what the code on screen says: one and the same. Options that the
 * library has by default are left out, and what ends in a rectifier begins with weights that suit it.
 */
export function callOf({ type, options }: LayerSpec): LayerCall {
  if (type === 'residual') return residualCall(options);
  const given = kindOf(type).fields.filter(
    ({ name, fallback }) => options[name] !== undefined && options[name] !== fallback,
  );
  const said = Object.fromEntries(given.map(({ name }) => [name, options[name]]));
  const rectifies = ['relu', 'leakyRelu', 'elu', 'gelu', 'silu'].includes(String(said.activation));
  return { type, options: rectifies ? { ...said, kernelInitializer: 'heNormal' } : said };
}

/** The deviation of a residual block: convolution, ReLU, convolution, with or without normalisation. */
function residualCall({ filters, kernelSize, batchNorm, projection }: Options): LayerCall {
  const norm = batchNorm ? [{ type: 'batchNorm', options: { momentum: MOMENTUM } }] : [];
  const lies = { filters, kernelSize, padding: 'same', kernelInitializer: 'heNormal' };
  const conv = { type: 'conv2d', options: batchNorm ? { ...lies, useBias: false } : lies };
  const shortcut = [{ type: 'conv2d', options: { filters, kernelSize: 1 } }];
  const layers = [conv, ...norm, { type: 'relu', options: {} }, conv, ...norm];
  return { type: 'residual', options: projection ? { layers, shortcut } : { layers } };
}

/** Whether an option of a call is a list of calls; other lists there are none. */
export const isCalls = (value: unknown): value is readonly LayerCall[] => Array.isArray(value);

/** Whether the layer takes an `algorithm`: it is a convolution. */
export const isConvolution = ({ type }: LayerCall): boolean => type === 'conv2d';

/**
 * How many layers of the library a call becomes: a residual block is its parts, their sum, and a ReLU, and a separable
 * convolution is two.
 */
function placesOf({ type, options }: LayerCall): number {
  if (type === 'residual') return Object.values(options).flat().length + 2;
  return type === 'separableConv2d' ? 2 : 1;
}

/**
 * A layer's name, as the editor shows it.
 *
 * @param index of the library's layers
 * @param name the library's, where the editor has none
 */
export function layerTitle(
  { layers = [] }: { readonly layers: readonly LayerSpec[] | undefined },
  index: number,
  name: string,
): string {
  let left = index;
  for (const [i, spec] of layers.entries()) {
    const places = placesOf(callOf(spec));
    const title = `${i + 1}. ${kindOf(spec.type).title}`;
    if (left < places) return places > 1 ? `${title}: ${name}` : title;
    left -= places;
  }
  return name;
}
