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

/** A difference that is more than chance. */
const CLEAR = 0.97;
/** Milliseconds of a sitting, and how often each algorithm runs at least. */
const BUDGET = 20;
const LEAST = 2;

/** A race of the algorithms that compute a work: that of 'auto' against all others, in several sittings. */
export class Race {
  /** What 'auto' chooses. */
  readonly auto: Way;
  /** The same where races run the same code. */
  readonly kind: string;
  readonly #work: Work;
  /** Those that have been clearly faster in all sittings. */
  #rivals: readonly Way[];

  constructor(work: Work) {
    this.#work = work;
    const buffers = new Buffers(work.geometry);
    const ways = new Map<string, Way>();
    const keys = verdicts.map((verdict) => {
      const { ops } = emitted(work, verdict, buffers);
      // Where the ops are the same, so is what they compute.
      const key = ops.map((op) => formOf(op)?.name ?? op.kernel).join();
      const way = { verdict, name: nameOf(ops), milliseconds: Number.POSITIVE_INFINITY };
      if (!ways.has(key)) ways.set(key, way);
      return key;
    });
    this.auto = ways.get(keys[keys.length - 1]) as Way;
    this.#rivals = [...ways.values()].filter((way) => way !== this.auto);
    this.kind = `${work.pass} ${[...ways.keys()].join()}`;
  }

  /** Whether there are rivals. */
  get isOpen(): boolean {
    return this.#rivals.length > 0;
  }

  /** The fastest rival; without any, the choice of 'auto'. */
  get fastest(): Way {
    return this.#rivals.reduce((a, b) => (b.milliseconds < a.milliseconds ? b : a), this.auto);
  }

  /**
   * Times all by turns. Rivals that are not clearly faster are out: another program that slows this one down makes none
   * win in all sittings.
   *
   * @param counts whether it counts
   * @throws {OutOfMemoryError}
   */
  sit(backend: Backend, counts: boolean): void {
    const ways = [this.auto, ...this.#rivals];
    const times = timesOf(backend, this.#work, ways);
    if (!counts) return;
    ways.forEach((way, i) => {
      way.milliseconds = Math.min(way.milliseconds, times[i]);
    });
    this.#rivals = this.#rivals.filter((_, i) => times[1 + i] < CLEAR * times[0]);
  }
}

/** Milliseconds of the fastest run of each way. */
function timesOf(backend: Backend, work: Work, ways: readonly Way[]): number[] {
  const buffers = new Buffers(work.geometry);
  const all = ways.map(({ verdict }) => emitted(work, verdict, buffers));
  const least = shortest();
  const watches = ways.map(() => new Stopwatch(least));
  const times = ways.map(() => Number.POSITIVE_INFINITY);
  buffers.during(() =>
    withPrograms(backend, all, (programs) =>
      repeat(BUDGET, LEAST, () => {
        programs.forEach((program, i) => {
          times[i] = Math.min(
            times[i],
            watches[i].time(() => program.run()),
          );
        });
      }),
    ),
  );
  return times;
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
