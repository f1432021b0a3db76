// Races the algorithms of one pass of a convolution against each other, on scratch memory.

import type { Backend } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import type { ConvPass, Verdict } from '../operators/conv/choice.emit.js';
import { convBackwardFilter, convBackwardInput, convForward } from '../operators/conv/conv.emit.js';
import { type ConvGeometry, convOutputShape } from '../operators/conv/geometry.emit.js';
import { type EmittedOp, Emitter, Value } from '../program/emitter.js';
import { FormStore } from '../program/forms.js';
import { Arena, assignAddresses, buildProgram, planMemory } from '../program/plan.js';
import { Tensor } from '../tensor/tensor.js';
import { repeat, Stopwatch, shortest } from './timing.js';

/** A pass of a convolution. */
export interface Work {
  readonly pass: ConvPass;
  /** Whether transformed filters are kept from run to run, as in predictions. */
  readonly kept: boolean;
  readonly geometry: ConvGeometry;
}

/** What distinguishes works but for their batch: a verdict is for batches of any size. */
export const keyOf = ({ pass, kept, geometry }: Work): string =>
  JSON.stringify([pass, kept, { ...geometry, batch: 0, reflection: undefined }]);

/** An algorithm for a work, and what it took at best. */
interface Way {
  readonly verdict: Verdict;
  /** 'direct', or Winograd's form, such as 'F(4×4, 3×3)': outputs and taps, of gradients of filters the reverse. */
  readonly name: string;
  /** Noise and code that the engine has not optimized yet only make it longer: the fastest run is nearest to the truth. */
  milliseconds: number;
}

const verdicts: readonly Verdict[] = [
  { algorithm: 'direct' },
  { algorithm: 'winograd', rank: 0 },
  { algorithm: 'winograd', rank: 1 },
  { algorithm: 'auto' },
];

/** The form of an op, and how many taps it has; undefined for ops of other algorithms. */
function formOf({ kernel, args }: EmittedOp): { name: string; taps: number } | undefined {
  if (kernel !== 'winograd' && kernel !== 'winogradBackwardFilter') return undefined;
  const { kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } =
    args as Readonly<Record<string, number>>;
  const taps = `${kernelHeight}×${kernelWidth}`;
  const outputs = `${strideHeight / dilationHeight}×${strideWidth / dilationWidth}`;
  const sides = kernel === 'winograd' ? [outputs, taps] : [taps, outputs];
  return { name: `F(${sides.join(', ')})`, taps: kernelHeight * kernelWidth };
}

/** The name of what ops compute: of several convolutions, that with the most taps. */
function nameOf(ops: readonly EmittedOp[]): string {
  const forms = ops.flatMap((op) => formOf(op) ?? []);
  return forms.sort((a, b) => b.taps - a.taps).at(0)?.name ?? 'direct';
}

/** The buffers of a work. They have no memory yet. */
class Buffers {
  readonly x: Value;
  readonly filter: Value;
  readonly y: Value;

  constructor(g: ConvGeometry) {
    const filter = [g.kernelHeight, g.kernelWidth, g.channels / g.groups, g.filters];
    const shapes = [[g.batch, g.height, g.width, g.channels], filter, convOutputShape(g)];
    // The filter is a weight: it has an address before anything is emitted.
    [this.x, this.filter, this.y] = shapes.map((shape) => new Value(shape, { address: 0 }));
  }

  /** Lets `use` run with memory for them. @throws {OutOfMemoryError} */
  during(use: () => void): void {
    const tensors: Tensor[] = [];
    try {
      for (const value of [this.x, this.filter, this.y]) {
        const tensor = Tensor.create(value.shape);
        tensors.push(tensor);
        // What lay there before may be so small that arithmetic is slow.
        tensor.numbers.fill(1);
        value.address = tensor.address;
      }
      use();
    } finally {
      for (const tensor of tensors) tensor.dispose();
    }
  }
}

const emitters: Readonly<Record<ConvPass, (e: Emitter, b: Buffers, g: ConvGeometry) => void>> = {
  forward: (e, { y, x, filter }, g) => convForward(e, y, x, filter, g),
  input: (e, { y, x, filter }, g) => convBackwardInput(e, x, y, filter, g),
  filter: (e, { y, x, filter }, g) => convBackwardFilter(e, filter, x, y, g),
};

function emitted({ pass, kept, geometry }: Work, verdict: Verdict, buffers: Buffers): Emitter {
  const emitter = new Emitter(kept);
  // Reflecting the image costs the same with all algorithms.
  emitters[pass](emitter, buffers, { ...geometry, ...verdict, reflection: undefined });
  return emitter;
}

/** What takes more than so many times as long as the fastest is not timed on. */
const CLOSE = 1.5;
/** A difference that is more than chance. */
const CLEAR = 0.97;
/** Milliseconds of a sitting, and how often each algorithm runs at least. */
const BUDGET = 20;
const LEAST = 2;

/** A race of all algorithms that compute a work. */
export class Race {
  readonly #work: Work;
  readonly #ways: Way[] = [];
  readonly #auto: Way;

  constructor(work: Work) {
    this.#work = work;
    const buffers = new Buffers(work.geometry);
    const known = new Map<string, Way>();
    let way: Way | undefined;
    for (const verdict of verdicts) {
      const { ops } = emitted(work, verdict, buffers);
      // Where the ops are the same, so is what they compute.
      const key = ops.map((op) => formOf(op)?.name ?? op.kernel).join();
      way = known.get(key) ?? {
        verdict,
        name: nameOf(ops),
        milliseconds: Number.POSITIVE_INFINITY,
      };
      known.set(key, way);
    }
    this.#ways = [...known.values()];
    this.#auto = way as Way;
  }

  /** Whether there is more than one. */
  get isOpen(): boolean {
    return this.#ways.length > 1;
  }

  /** What 'auto' chooses. */
  get auto(): Way {
    return this.#auto;
  }

  /** The fastest one: that of 'auto', unless another is clearly faster. */
  get fastest(): Way {
    const first = this.#ways.reduce((a, b) => (b.milliseconds < a.milliseconds ? b : a));
    return first.milliseconds < CLEAR * this.#auto.milliseconds ? first : this.#auto;
  }

  /** Forgets all times. */
  restart(): void {
    for (const way of this.#ways) way.milliseconds = Number.POSITIVE_INFINITY;
  }

  /** Times those by turns that may be the fastest. @throws {OutOfMemoryError} */
  sit(backend: Backend): void {
    const most = CLOSE * Math.min(...this.#ways.map(({ milliseconds }) => milliseconds));
    const close = this.#ways.filter((way) => way === this.#auto || way.milliseconds <= most);
    const buffers = new Buffers(this.#work.geometry);
    const all = close.map(({ verdict }) => emitted(this.#work, verdict, buffers));
    const least = shortest();
    const watches = close.map(() => new Stopwatch(least));
    buffers.during(() =>
      withPrograms(backend, all, (programs) =>
        repeat(BUDGET, LEAST, () => {
          close.forEach((way, i) => {
            const time = watches[i].time(() => programs[i].run());
            way.milliseconds = Math.min(way.milliseconds, time);
          });
        }),
      ),
    );
  }
}

/** Runs `use` with the programs of emitters. They have one arena, in which they take turns. */
function withPrograms(
  backend: Backend,
  emitters: readonly Emitter[],
  use: (programs: readonly Program[]) => void,
): void {
  const forms = new FormStore(backend);
  const arena = new Arena(backend, 'the scratch of an op', 'scratch');
  const programs: Program[] = [];
  try {
    for (const form of emitters.flatMap((emitter) => emitter.forms)) {
      forms.keep(form);
      forms.refresh(form, 0);
    }
    const plans = emitters.map(planMemory);
    arena.reserve(Math.max(...plans.map(({ bytes }) => bytes)));
    emitters.forEach(({ ops }, i) => {
      assignAddresses(plans[i], arena.address);
      programs.push(buildProgram(backend, ops));
    });
    use(programs);
  } finally {
    for (const program of programs) program.dispose();
    arena.dispose();
    forms.dispose();
  }
}
