// The worker's side: loads models, and does with them what it is asked to.

import type { Layer } from '../layers/layer.js';
import type { Callback, Training } from '../model/callback.js';
import { loadModel } from '../model/load.js';
import type { Model } from '../model/model.js';
import { init } from '../runtime.js';
import { Tensor } from '../tensor.js';
import {
  type Call,
  failureOf,
  type Message,
  mapNumbers,
  type Numbers,
  type Reply,
} from './protocol.js';

/** The worker's end of its connection. */
export interface Port {
  onmessage: ((event: MessageEvent<Message>) => void) | null;
  postMessage(reply: Reply, transfer: Transferable[]): void;
}

/** A call that runs, as far as it can be told something. */
interface Running {
  readonly abort: AbortController;
  training?: Training;
}

type AnyModel = Awaited<ReturnType<typeof loadModel>>;
type Layers = Record<string, (options: never) => Layer>;

/**
 * Answers the calls of a page that has this worker from `startWorker`: what the package's own worker does, for
 * one of yours.
 *
 * @param port `self` in a browser, `parentPort` in Node
 * @param options.layers those of your own that models are made of, by their types
 */
export function serveTraining(port: Port, { layers }: { layers?: Layers } = {}): void {
  const models = new Map<number, AnyModel>();
  const running = new Map<number, Running>();
  let next = 0;

  const answer = async (call: Call): Promise<unknown> => {
    if (call.call === 'init') return init(call.args[0] as never);
    if (call.call === 'load') {
      models.set(
        ++next,
        await loadModel(call.args[0] as Uint8Array<ArrayBuffer>, { layers } as never),
      );
      return next;
    }
    const model = models.get(call.model as number) as AnyModel;
    const made: Tensor[] = [];
    const args = mapNumbers(call.args, ({ data, shape }) => {
      made.push(Tensor.from(data, shape));
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

  /** Sends the page what its callbacks want to hear. */
  const listener = ({ id, events = [] }: Call): Callback => {
    const tell = (event: string, args: unknown[]) => port.postMessage({ id, event, args }, []);
    const all = events.map((event) => [event, (...args: unknown[]) => tell(event, args)]);
    return {
      ...Object.fromEntries(all),
      onTrainBegin(training) {
        (running.get(id) as Running).training = training;
        tell('onTrainBegin', [{ epochs: training.epochs, batches: training.batches }]);
      },
    };
  };

  port.onmessage = async ({ data: message }) => {
    if ('about' in message) {
      const call = running.get(message.about);
      if (message.abort) call?.abort.abort(message.abort.reason);
      if (message.stop) call?.training?.stop();
      if (call?.training && message.learningRateFactor !== undefined)
        call.training.learningRateFactor = message.learningRateFactor;
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
function given(tensor: Numbers): Numbers {
  if (!(tensor instanceof Tensor)) return tensor;
  const numbers = { data: tensor.data.slice(), shape: [...tensor.shape] } as Numbers;
  tensor.dispose();
  return numbers;
}

/** What can be handed over instead of copied. */
function buffersIn(result: unknown): Transferable[] {
  const buffers: Transferable[] = [];
  if (result instanceof Uint8Array) buffers.push(result.buffer as ArrayBuffer);
  mapNumbers(result, (numbers) => buffers.push(numbers.data.buffer));
  return buffers;
}
