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
import { median, repeat, Stopwatch, shortest } from './timing.js';

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

/** An algorithm for a work, and what it took. */
interface Way {
  readonly verdict: Verdict;
  /** 'direct', or Winograd's form, such as 'F(4×4, 3×3)': outputs and taps, of gradients of filters the reverse. */
  readonly name: string;
  readonly milliseconds: number;
}

/** How a work is computed fastest, and how by 'auto'. */
export interface Outcome {
  readonly fastest: Way;
  readonly auto: Way;
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
  during<T>(use: () => T): T {
    const tensors: Tensor[] = [];
    try {
      for (const value of [this.x, this.filter, this.y]) {
        const tensor = Tensor.create(value.shape);
        tensors.push(tensor);
        // What lay there before may be so small that arithmetic is slow.
        tensor.numbers.fill(1);
        value.address = tensor.address;
      }
      return use();
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

/** An algorithm as ops, and what they are: where that is the same, so are the ops. */
interface Draft {
  readonly verdict: Verdict;
  readonly emitter: Emitter;
  readonly algorithm: string;
}

function draftsOf({ pass, kept, geometry }: Work, buffers: Buffers): Draft[] {
  return verdicts.map((verdict) => {
    const emitter = new Emitter(kept);
    // Reflecting the image costs the same with all algorithms.
    emitters[pass](emitter, buffers, { ...geometry, ...verdict, reflection: undefined });
    const algorithm = emitter.ops.map((op) => formOf(op)?.name ?? op.kernel).join();
    return { verdict, emitter, algorithm };
  });
}

/**
 * Races all algorithms that compute a work. 'auto' keeps its choice unless another is clearly faster.
 *
 * @param warm what was raced before: the engine has optimized its code
 * @returns undefined where there is only one
 * @throws {OutOfMemoryError}
 */
export function race(backend: Backend, work: Work, warm: Set<string>): Outcome | undefined {
  const buffers = new Buffers(work.geometry);
  const all = draftsOf(work, buffers);
  const different = all.filter(
    ({ algorithm }, i) => all.findIndex((one) => one.algorithm === algorithm) === i,
  );
  if (different.length === 1) return undefined;
  const auto = different.findIndex(({ algorithm }) => algorithm === all[all.length - 1].algorithm);
  const isCold = different.some(({ algorithm }) => !warm.has(algorithm));
  for (const { algorithm } of different) warm.add(algorithm);
  const times = buffers.during(() =>
    withPrograms(backend, different, (programs) => timesOf(programs, auto, isCold)),
  );
  const ways = different.map(({ verdict, emitter }, i) => ({
    ...{ verdict, name: nameOf(emitter.ops), milliseconds: times[i] },
  }));
  const fastest = ways.reduce((a, b) => (b.milliseconds < a.milliseconds ? b : a));
  const isClear = fastest.milliseconds < CLEAR * ways[auto].milliseconds;
  return { fastest: isClear ? fastest : ways[auto], auto: ways[auto] };
}

/** Runs `use` with the programs of drafts. They have one arena, in which they take turns. */
function withPrograms<T>(
  backend: Backend,
  drafts: readonly Draft[],
  use: (programs: readonly Program[]) => T,
): T {
  const forms = new FormStore(backend);
  const arena = new Arena(backend, 'the scratch of an op', 'scratch');
  const programs: Program[] = [];
  try {
    for (const form of drafts.flatMap(({ emitter }) => emitter.forms)) {
      forms.keep(form);
      forms.refresh(form, 0);
    }
    const plans = drafts.map(({ emitter }) => planMemory(emitter));
    arena.reserve(Math.max(...plans.map(({ bytes }) => bytes)));
    drafts.forEach(({ emitter }, i) => {
      assignAddresses(plans[i], arena.address);
      programs.push(buildProgram(backend, emitter.ops));
    });
    return use(programs);
  } finally {
    for (const program of programs) program.dispose();
    arena.dispose();
    forms.dispose();
  }
}

/** What takes more than so many times as long as the fastest at first sight is not timed on. */
const CLOSE = 1.5;
/** A difference that is more than chance. */
const CLEAR = 0.97;

/** Milliseconds of runs that do not count: those in which the engine optimizes new code, and others. */
const COLD = 100;
const WARM = 5;
/** And of runs that do. */
const BUDGET = 30;

/** Median milliseconds of each program, run by turns. @param own the number of the one that is always timed */
function timesOf(programs: readonly Program[], own: number, isCold: boolean): number[] {
  const least = shortest();
  const watches = programs.map(() => new Stopwatch(least));
  const times = programs.map((): number[] => []);
  const round = (numbers: readonly number[]): void => {
    for (const i of numbers) times[i].push(watches[i].time(() => programs[i].run()));
  };
  const all = [...programs.keys()];
  repeat(isCold ? COLD : WARM, 2, () => round(all));
  const best = times.map((list) => Math.min(...list));
  const close = all.filter((i) => i === own || best[i] <= CLOSE * Math.min(...best));
  if (close.length > 1) {
    for (const i of close) times[i].length = 0;
    repeat(BUDGET, 5, () => round(close));
  }
  return times.map(median);
}
