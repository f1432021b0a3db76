// Runs TF.js's specs with jasmine, in Node and in a page alike: bundle.ts makes a program of it. A process or a page
// runs them once, as jasmine's specs and TF.js's backends are global.

import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import * as tf from '@tensorflow/tfjs-core';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
// @ts-expect-error: it has no types
import jasmineRequire from 'jasmine-core/lib/jasmine-core/jasmine.js';
import { backendInfo } from '../../../src/runtime/runtime.js';
import { configure } from '../../../src/tfjs/index.js';

/** What is run. */
export interface Run {
  readonly backend: 'wasmgrad' | 'cpu';
  readonly threads: number;
  /** A regular expression that the names of specs must match. */
  readonly pattern?: string;
}

/** A spec that failed, with the first of its messages. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** What came of it. */
export interface Report {
  /** Specs that were run, pending ones included. */
  readonly specs: number;
  readonly pending: number;
  readonly failures: readonly Failure[];
  readonly seconds: number;
}

/** What jasmine tells of a spec, and of what is around specs. */
interface Result {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { message: string }[];
}

/** What declares a spec. */
type It = (name: string, work?: (done?: unknown) => unknown, patience?: number) => unknown;

/** Starts jasmine: its words become global, as specs want them. */
function startJasmine() {
  const jasmine = jasmineRequire.core(jasmineRequire);
  const env = jasmine.getEnv();
  const words = jasmineRequire.interface(jasmine, env);
  Object.assign(globalThis, { jasmine }, words, { it: withDone(words.it) });
  // That of TF.js.
  jasmine.DEFAULT_TIMEOUT_INTERVAL = 20_000;
  return env;
}

/** Specs that await and call `done` as well, as older jasmines let them. */
function withDone(it: It): It {
  return (name, work, patience) => {
    if (!work?.length) return it(name, work, patience);
    const whenDone = () =>
      new Promise<void>((resolve, reject) => {
        const done = Object.assign(() => resolve(), { fail: reject });
        Promise.resolve(work(done)).catch(reject);
      });
    return it(name, whenDone, patience);
  };
}

/** That the backend is there, and no other in its place, with the threads that are wanted. */
async function expectBackend({ backend, threads }: Run): Promise<void> {
  if (!(await tf.setBackend(backend))) throw new Error(`${backend} does not start`);
  const info = backend === 'cpu' ? { threads } : backendInfo();
  if (info.threads !== threads) throw new Error(`${info.threads} threads, not ${threads}`);
}

/** Runs the specs that `load` brings. @throws where the backend is not the one that is asked for */
export async function runSpecs(run: Run, load: () => Promise<unknown>): Promise<Report> {
  const { backend, threads, pattern } = run;
  const env = startJasmine();
  configure({ threads });
  // What asks for the best backend that there is gets the one that is meant.
  if (backend === 'cpu') tf.removeBackend('wasmgrad');
  await expectBackend(run);
  setTestEnvs([{ name: backend, backendName: backend, isDataSync: true }]);
  /** TF.js puts the backend and its flags into the names of specs. */
  const plain = (name: string): string => name.replace(` ${backend} {}`, '');
  const filter = new RegExp(pattern ?? '');
  env.configure({
    random: false,
    forbidDuplicateNames: false,
    specFilter: (spec: { getFullName(): string }) => filter.test(plain(spec.getFullName())),
  });
  // Suites that name no backend come after others, which leave none behind.
  env.beforeEach(async () => {
    if (!tf.engine().backendName) await tf.setBackend(backend);
  });
  let [specs, pending] = [0, 0];
  const failures: Failure[] = [];
  const fail = ({ fullName = '', failedExpectations }: Partial<Result>): void => {
    const [first] = failedExpectations ?? [];
    if (first) failures.push({ name: plain(fullName), message: first.message });
  };
  env.addReporter({
    specDone(result: Result) {
      if (result.status === 'excluded') return;
      specs++;
      if (result.status === 'pending') pending++;
      fail(result);
    },
    suiteDone: fail,
    jasmineDone: fail,
  });
  await load();
  const started = performance.now();
  await env.execute();
  await expectBackend(run);
  return { specs, pending, failures, seconds: (performance.now() - started) / 1000 };
}
