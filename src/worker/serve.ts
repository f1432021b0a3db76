// The worker's side: loads models, and does with them what it is asked to.

import { type LoadOptions, loadModel } from '../model/load.js';
import type { Model } from '../model/model.js';
import { init } from '../runtime/runtime.js';
import { Tensor } from '../tensor/tensor.js';
import type { Callback, Training } from '../training/callback.js';
import {
  type Begun,
  CALLBACK_THREW,
  type Call,
  failureOf,
  type Message,
  mapNumbers,
  type Numbers,
  type Reply,
  type View,
} from './protocol.js';

/** The worker's end of its connection: what messages can be posted to. */
export interface Port {
  postMessage(...args: never[]): void;
}

/** What is known of it. */
interface Connected {
  onmessage: ((event: { data: Message }) => void) | null;
  onmessageerror: (() => void) | null;
  postMessage(reply: Reply, transfer: Transferable[]): void;
}

/** A call that runs, as far as it can be told something. */
interface Running {
  readonly abort: AbortController;
  training?: Training;
  /** Called when the page's callbacks have heard what they were told. */
  heard?: (well: boolean) => void;
}

type AnyModel = Awaited<ReturnType<typeof loadModel>>;

/**
 * Answers the calls of a page that has this worker from `startWorker`: what the package's own worker does, for
 * one of yours.
 *
 * @param self `self` in a browser, `parentPort` of `node:worker_threads` in Node
 * @param options layers of your own that models are made of, as for `loadModel`
 */
export function serveTraining(self: Port, { layers }: LoadOptions = {}): void {
  const port = self as unknown as Connected;
  const models = new Map<number, AnyModel>();
  const running = new Map<number, Running>();
  let next = 0;

  const answer = async (call: Call): Promise<unknown> => {
    if (call.call === 'init') return init(call.args[0] as never);
    if (call.call === 'load') {
      models.set(++next, await loadModel(call.args[0] as Uint8Array<ArrayBuffer>, { layers }));
      return next;
    }
    const model = models.get(call.model as number) as AnyModel;
    const made: Tensor[] = [];
    const args = mapNumbers(call.args, (numbers) => {
      if (!('data' in numbers)) return numbers;
      made.push(Tensor.from(numbers.data, numbers.shape));
      return made.at(-1);
    }) as unknown[];
    try {
      if (call.call === 'fit' || call.call === 'evaluate') {
        const [x, y, options] = args as Parameters<Model['fit']>;
        const { signal } = (running.get(call.id) as Running).abort;
        const heard = call.call === 'fit' ? { callbacks: listener(call) } : {};
        return await model[call.call](x, y, { ...options, signal, ...heard } as never);
      }
      const result = (model[call.call] as (...args: unknown[]) => unknown)(...args);
      return mapNumbers(result, given);
    } finally {
      for (const tensor of made) tensor.dispose();
    }
  };

  /** Sends the page what its callbacks want to hear, and waits until they have. */
  const listener = ({ id, events = [] }: Call): Callback => {
    const call = running.get(id) as Running;
    const tell = (event: string, args: unknown[]) =>
      new Promise<void>((resolve, reject) => {
        call.heard = (well) => (well ? resolve() : reject(new Error(CALLBACK_THREW)));
        port.postMessage({ id, event, args }, []);
      });
    const all = events.map((event) => [event, (...args: unknown[]) => tell(event, args)]);
    return {
      ...Object.fromEntries(all),
      onTrainBegin(training) {
        call.training = training;
        const { epochs, batches, learningRateFactor } = training;
        const begun: Begun = { name: training.model.name, epochs, batches, learningRateFactor };
        return tell('onTrainBegin', [begun]);
      },
    };
  };

  port.onmessageerror = () => {
    // Nobody knows whose call it was: all learn that the worker is gone.
    throw new Error('a message could not be read');
  };
  port.onmessage = async ({ data: message }) => {
    if ('about' in message) {
      const call = running.get(message.about);
      if (message.abort) call?.abort.abort(message.abort.reason);
      if (message.stop) call?.training?.stop();
      if (call?.training && message.learningRateFactor !== undefined)
        call.training.learningRateFactor = message.learningRateFactor;
      if (message.heard !== undefined) call?.heard?.(message.heard);
      return;
    }
    const { id } = message;
    running.set(id, { abort: new AbortController() });
    try {
      const result = await answer(message);
      port.postMessage({ id, result }, buffersIn(result));
    } catch (error) {
      port.postMessage({ id, error: failureOf(error) }, []);
    } finally {
      running.delete(id);
    }
  };
}

/** A tensor's numbers, to be given away; the tensor is not needed any more. */
function given(tensor: Numbers | View): Numbers | View {
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
