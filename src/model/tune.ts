// Tuning: which algorithm computes each convolution fastest on this machine. Loaded when it is first called.

import { backend } from '../../bindings/backend.js';
import { abortSignal, callable, callableOrNull, checkOptions, whole } from '../base/options.js';
import { layout } from '../base/table.js';
import { lower } from '../lowering/lower.js';
import type { Mode } from '../lowering/spec.js';
import type { ConvPass } from '../operators/conv/choice.emit.js';
import type { ConvGeometry } from '../operators/conv/geometry.emit.js';
import type { Advice } from '../program/emitter.js';
import type { Engine } from '../training/engine.js';
import { breathe } from '../training/measure.js';
import { type DataSet, Intake } from '../training/source.js';
import { outlineOf, usualTargets } from './outline.js';
import { keyOf, Race, type Work } from './race.js';

/** How far `tune` is. */
export interface TuningProgress {
  /** Measurements: a few for each pass of a convolution, where several are of the same sizes for one. */
  readonly done: number;
  readonly all: number;
  /** An estimate of the seconds until it is done. */
  readonly eta: number;
}

/** Options of `tune`. */
export interface TuneOptions {
  /** How many samples the batches have: by default as many as x. */
  batchSize?: number;
  /** What prints the table: console.log by default, null for none. */
  print?: ((text: string) => void) | null;
  onProgress?: (progress: TuningProgress) => void;
  /** Aborts between two measurements. */
  signal?: AbortSignal;
}

const words = {
  batchSize: whole(1),
  print: callableOrNull,
  onProgress: callable,
  signal: abortSignal,
};

/** What was chosen, and what 'auto' chooses. */
export interface Tuned {
  /** Those of the fastest of several runs. */
  readonly milliseconds: number;
  readonly autoMilliseconds: number;
  /** How many times as fast: 1 where the choice is that of 'auto'. */
  readonly gain: number;
}

/** A layer's pass. */
export interface TuningRow extends Tuned {
  readonly layer: string;
  /** Of predictions, or of training steps. */
  readonly pass: 'predict' | 'forward' | 'input gradient' | 'filter gradient';
  /**
   * 'direct', or Winograd's algorithm by its form, such as 'F(4×4, 3×3)': outputs and taps of a patch; for the gradient
   * of filters the reverse.
   */
  readonly chosen: string;
  readonly auto: string;
}

/** What `tune` returns. */
export interface Tuning {
  /** Those passes for which there is a choice, in the order in which they run. */
  readonly rows: readonly TuningRow[];
  /** All of them together. */
  readonly total: Tuned;
}

/** A work at its place in the network. */
interface Place extends Pick<TuningRow, 'layer' | 'pass'> {
  readonly work: Work;
}

/** Where convolutions are in a program for batches of `batch` samples: each layer's once, even if it is run again. */
function placesOf(engine: Engine, mode: Mode, batch: number): Place[] {
  const found: { layer: string; at: number; work: Work }[] = [];
  const advice: Advice = ({ layer, ops, keepsForms: kept }, pass, geometry) => {
    const work = { pass: pass as ConvPass, kept, geometry: geometry as ConvGeometry };
    found.push({ layer, at: ops.length, work });
    return undefined;
  };
  const { objective, network } = engine;
  const { graph } = network;
  const targets = objective ? usualTargets(objective) : [];
  // Nothing is allocated for a training that may not come.
  const weights = outlineOf(graph.layers);
  const spec = { graph, weights, objective, batch, mode, targets, weighted: false, advice };
  const { forward } = lower(spec);
  const passOf = (at: number, { pass }: Work): TuningRow['pass'] => {
    if (mode === 'predict') return 'predict';
    if (at < forward) return 'forward';
    return pass === 'filter' ? 'filter gradient' : 'input gradient';
  };
  const places = new Map<string, Place>();
  for (const { layer, at, work } of found) {
    const key = `${layer} ${keyOf(work)}`;
    if (!places.has(key)) places.set(key, { layer, work, pass: passOf(at, work) });
  }
  return [...places.values()];
}

/** Races by the keys of their works. */
type Races = ReadonlyMap<string, Race>;

/** The races of all works for which there is a choice. */
function racesOf(places: readonly Place[]): Races {
  const all = new Map(places.map(({ work }) => [keyOf(work), new Race(work)]));
  return new Map([...all].filter(([, { isOpen }]) => isOpen));
}

/** How often the algorithms of a pass are timed, at different times, as other programs may disturb them. */
const SITTINGS = 4;

/** All sittings. Those of the first ones, a race of each kind, do not count: the engine optimizes the code meanwhile. */
function sittingsOf(races: readonly Race[]): { race: Race; counts: boolean }[] {
  const kinds = [...new Map(races.map((race) => [race.kind, race])).values()];
  const rounds = Array.from({ length: SITTINGS }, () => races).flat();
  return [
    ...kinds.map((race) => ({ race, counts: false })),
    ...rounds.map((race) => ({ race, counts: true })),
  ];
}

/** See `Model.tune`. */
export async function tune(engine: Engine, x: DataSet, options: TuneOptions): Promise<Tuning> {
  const checked = checkOptions('tune', options, words);
  const { print = console.log, onProgress, signal } = checked;
  const samples = new Intake(engine, 'tune').inputs(x);
  const { count, where } = samples;
  const batch = checked.batchSize ?? count;
  signal?.throwIfAborted();
  // Runs a prediction: it says so if numbers are not finite.
  const size = Math.min(batch, count);
  engine.rehearse({ samples, order: null, first: 0, size }, () => {});
  const modes: Mode[] = engine.objective ? ['predict', 'train'] : ['predict'];
  const places = modes.flatMap((mode) => placesOf(engine, mode, batch));
  const races = racesOf(places);
  const sittings = sittingsOf([...races.values()]);
  const all = sittings.length;
  const start = performance.now();
  for (const [i, { race, counts }] of sittings.entries()) {
    const { isOpen } = race;
    if (isOpen) race.sit(backend(), counts);
    const done = i + 1;
    const eta = ((performance.now() - start) / 1000 / done) * (all - done);
    onProgress?.({ done, all, eta });
    if (isOpen) await breathe();
    engine.check(where);
    signal?.throwIfAborted();
  }
  const tuning = tuningOf(places, races);
  // First, as after any error, one of print's too, the model computes as before.
  const what = engine.objective ? '' : ', predictions alone: compile first to tune training';
  print?.(table(`${engine.network.name}: tuned for batches of ${batch}${what}`, tuning));
  engine.advice = adviceOf(races);
  return tuning;
}

/** What was found to be fastest, as the advice for programs. */
function adviceOf(races: Races): Advice {
  const verdicts = new Map([...races].map(([key, { fastest }]) => [key, fastest.verdict]));
  return ({ keepsForms: kept }, pass, geometry) =>
    verdicts.get(keyOf({ pass: pass as ConvPass, kept, geometry: geometry as ConvGeometry }));
}

const tuned = (milliseconds: number, autoMilliseconds: number): Tuned => ({
  milliseconds,
  autoMilliseconds,
  gain: milliseconds > 0 ? autoMilliseconds / milliseconds : 1,
});

function tuningOf(places: readonly Place[], races: Races): Tuning {
  const rows = places.flatMap(({ layer, pass, work }): TuningRow[] => {
    const race = races.get(keyOf(work));
    if (!race) return [];
    const { fastest, auto } = race;
    const times = tuned(fastest.milliseconds, auto.milliseconds);
    return [{ layer, pass, chosen: fastest.name, auto: auto.name, ...times }];
  });
  const sum = (of: (row: TuningRow) => number): number =>
    rows.reduce((all, row) => all + of(row), 0);
  const total = tuned(
    sum(({ milliseconds }) => milliseconds),
    sum(({ autoMilliseconds }) => autoMilliseconds),
  );
  return { rows, total };
}

/** The tuning as a table. */
function table(title: string, { rows, total }: Tuning): string {
  const numbers = ({ milliseconds, autoMilliseconds, gain }: Tuned): string[] => [
    milliseconds.toFixed(4),
    autoMilliseconds.toFixed(4),
    `${gain.toFixed(2)}×`,
  ];
  const head = ['layer', 'pass', 'chosen', 'by auto', 'ms', 'ms by auto', 'gain'];
  const lines = rows.map((row) => [row.layer, row.pass, row.chosen, row.auto, ...numbers(row)]);
  return layout(title, [head, ...lines, ['total', '', '', '', ...numbers(total)]], 4);
}
