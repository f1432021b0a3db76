// The worker's side: loads models, and does with them what it is asked to.

import { type LoadOptions, loadModel } from '../model/load.js';
import type { Model } from '../model/model.js';
import type { Port } from '../platform/port.js';
import { type Handlers, type Running, serve } from '../platform/rpc.js';
import { init } from '../runtime/runtime.js';
import { Tensor } from '../tensor/tensor.js';
import { type Callback, scheduledRate, type Training } from '../training/callback.js';
import { breathe } from '../training/measure.js';
import {
  type Begun,
  type Calls,
  type Event,
  mapNumbers,
  type Numbers,
  type OfModel,
  type Order,
  type View,
} from './protocol.js';

export type { Port } from '../platform/port.js';

type AnyModel = Awaited<ReturnType<typeof loadModel>>;
type Args<K extends 'fit' | 'evaluate' | 'predict' | 'trainOnBatch'> = Parameters<Model[K]>;

/**
 * Answers the calls of a page that has this worker from `startWorker`: what the package's own worker does, for
 * one of yours.
 *
 * @param self `self` in a browser, `parentPort` of `node:worker_threads` in Node
 * @param options layers of your own that models are made of, as for `loadModel`
 */
export function serveTraining(self: Port, { layers }: LoadOptions = {}): void {
  const models: AnyModel[] = [];

  /** A function of a model as a call: tensors for their numbers on the way in, numbers for tensors on the way out. */
  const ofModel =
    <A extends readonly unknown[]>(run: (model: AnyModel, args: A, call: Running) => unknown) =>
    async ({ model, args }: OfModel, call: Running): Promise<never> => {
      const made: Tensor[] = [];
      const given = mapNumbers(args, (numbers) => {
        if (!('data' in numbers)) return numbers;
        made.push(Tensor.from(numbers.data, numbers.shape));
        return made.at(-1);
      });
      try {
        return mapNumbers(await run(models[model], given as A, call), numbersOf) as never;
      } finally {
        for (const tensor of made) tensor.dispose();
      }
    };

  const handlers: Handlers<Calls> = {
    init,
    load: async (bytes) => models.push(await loadModel(bytes, { layers })) - 1,
    fit: ofModel((model, [x, y, options, events]: [...Args<'fit'>, readonly string[]], call) =>
      model.fit(x, y, { ...options, signal: call.signal, callbacks: reporter(call, events) }),
    ),
    evaluate: ofModel((model, [x, y, options]: Args<'evaluate'>, { signal }) =>
      model.evaluate(x, y, { ...options, signal }),
    ),
    predict: ofModel(
      async (
        model,
        [x, options, mayAbort]: [...Required<Args<'predict'>>, boolean],
        { signal },
      ) => {
        // It lets nothing through while it runs: what was aborted in the meantime need not begin.
        if (mayAbort) await breathe();
        return model.predict(x, { ...options, signal });
      },
    ),
    trainOnBatch: ofModel((model, args: Args<'trainOnBatch'>) => model.trainOnBatch(...args)),
    toBytes: ofModel((model) => model.toBytes()),
    swapAverage: ofModel((model) => model.swapAverage()),
    dispose: ofModel((model) => model.dispose()),
  };
  serve(self, handlers, buffersIn);
}

/** Reports what the page's callbacks want to hear, and waits until they have. */
function reporter(call: Running, events: readonly string[]): Callback {
  let training: Training;
  const report = (event: string, args: readonly unknown[]): Promise<void> =>
    call.report({ event, args, scheduledRate: scheduledRate(training) } satisfies Event);
  const all = events.map((event) => [event, (...args: unknown[]) => report(event, args)]);
  return {
    ...Object.fromEntries(all),
    onTrainBegin(begins) {
      training = begins;
      call.onMessage = (order: Order) => {
        if ('stop' in order) training.stop();
        else training.learningRateFactor = order.learningRateFactor;
      };
      const { epochs, batches, learningRateFactor } = training;
      const begun: Begun = { name: training.model.name, epochs, batches, learningRateFactor };
      return report('onTrainBegin', [begun]);
    },
  };
}

/** A tensor's numbers, to be given away; the tensor is not needed any more. */
function numbersOf(tensor: Numbers | View): Numbers | View {
  if (!(tensor instanceof Tensor)) return tensor;
  const numbers = { data: tensor.data.slice(), shape: [...tensor.shape] } as Numbers;
  tensor.dispose();
  return numbers;
}

/** What can be handed over instead of copied. */
function buffersIn(result: unknown): Transferable[] {
  const buffers: Transferable[] = [];
  mapNumbers(result, (numbers) => {
    buffers.push(('data' in numbers ? numbers.data : numbers).buffer as ArrayBuffer);
  });
  return buffers;
}
