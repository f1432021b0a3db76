// Which values of a file are images: 4-D values that convolutions and pools read, and what goes in and out of operators
// that keep them images.

import type { GraphProto, ValueInfo } from './proto.js';

/** Operators whose first input and output are images. */
const overImages =
  /^(Conv|ConvTranspose|MaxPool|AveragePool|LpPool|GlobalAveragePool|GlobalMaxPool|GlobalLpPool|AdaptiveAveragePool|BlurPool|IdentityShortcut)$/;

/** Operators that compute number by number. */
const elementwise =
  /^(Relu|Sigmoid|Tanh|Softplus|Softsign|Mish|HardSwish|Silu|Relu6|HardSigmoid|Gelu|GeluTanh|LeakyRelu|Elu|Celu|Selu|ThresholdedRelu|Shrink|PRelu|Erf|Exp|Log|Sqrt|Neg|Abs|Round|Reciprocal|Clip|A?(Sin|Cos|Tan)h?|Where|Add|Sub|Mul|Div|Pow|Max|Min|Sum|Mean|Dropout|Identity|Cast)$/;
/** Others whose outputs are images where an input is one, and the other way round. */
const keeping =
  /^(BatchNormalization|InstanceNormalization|GroupNormalization|LRN|Concat|Split|Slice|Pad|Resize|Upsample|DepthToSpace|SpaceToDepth|Softmax|LogSoftmax|CumSum)$/;

/** Names that belong together. */
class Classes {
  readonly #parents = new Map<string, string>();

  of(name: string): string {
    let root = name;
    for (let next = this.#parents.get(root); next !== undefined; next = this.#parents.get(root))
      root = next;
    return root;
  }

  join(a: string, b: string): void {
    const [x, y] = [this.of(a), this.of(b)];
    if (x !== y) this.#parents.set(x, y);
  }
}

/** The names of all images of a graph. */
export function imagesOf({ nodes }: GraphProto, inputs: readonly ValueInfo[]): Set<string> {
  // What does not depend on the inputs is no image: a number that is added in two places would join them.
  const computed = new Set(inputs.map(({ name }) => name));
  const classes = new Classes();
  const seeds: string[] = [];
  for (const { op, inputs: reads, outputs } of nodes) {
    const own = reads.filter((name) => computed.has(name));
    if (own.length === 0) continue;
    for (const name of outputs) computed.add(name);
    if (overImages.test(op) && own[0] === reads[0]) seeds.push(reads[0], outputs[0]);
    else if (elementwise.test(op) || keeping.test(op))
      for (const name of [...own, ...outputs]) classes.join(name, own[0]);
  }
  const roots = new Set(seeds.map((name) => classes.of(name)));
  return new Set([...computed].filter((name) => roots.has(classes.of(name))));
}
