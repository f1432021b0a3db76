// The entry `wasmgrad/tfjs`: a backend for TensorFlow.js. Importing it is enough: `await tf.setBackend('wasmgrad')`.

import {
  getKernelsForBackend,
  type KernelConfig,
  registerBackend,
  registerKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { type InitOptions, starting, warnOnce } from '../../bindings/backend.js';
import { useArrays } from '../../bindings/usearrays.js';
import { StateError, ValueError, WasmgradError } from '../base/errors.js';
import { checkOptions } from '../base/options.js';
import { init, initWords } from '../runtime/runtime.js';
import { WasmgradBackend } from './backend.js';
import { patchBatchNorm, registerBatchNorm } from './batchnorm.js';
import { registerFilled } from './filled.js';
import { registerGradients } from './gradients.js';
import { inputsOf, type Native } from './kernel.js';
import { natives } from './kernels/index.js';
import { NAME } from './name.js';
import { patchOptimizers } from './optimizers.js';
import { checkPeers, hasOtherCopy } from './peers.js';
import { registerTopK } from './topk.js';

let options: InitOptions | undefined;
let isStarted = false;

/**
 * How the backend starts: threads, SIMD, most memory; what `init` of wasmgrad takes. Call it before
 * `tf.setBackend('wasmgrad')`; without it everything is chosen, or, where wasmgrad runs already, is as it is.
 *
 * @throws {ValueError} for an option that makes no sense
 * @throws {StateError} where the backend has started
 */
export function configure(chosen: InitOptions): void {
  checkOptions('configure', chosen, initWords);
  if (isStarted)
    throw new StateError(
      `configure: the backend has started already: call it before tf.setBackend('${NAME}') and tf.ready()`,
    );
  options = { ...chosen };
}

/** Above cpu (1) and wasm (2): of several that are imported, TF.js starts this one first. */
const PRIORITY = 3;

type KernelFunction = KernelConfig['kernelFunc'];

/** A kernel of ours, which leaves what it cannot do to TF.js's; ours alone has none there. */
function withFallback(native: Native, cpu: KernelFunction | undefined): KernelFunction {
  return (call) => {
    const { inputs, backend, attrs = {} } = call;
    const own = (backend as WasmgradBackend).run(native, inputsOf(native, inputs), attrs);
    if (own) return own.length === 1 && !native.isList ? own[0] : own;
    if (cpu) return cpu(call);
    throw new ValueError(`${native.name}: its inputs do not fit each other`);
  };
}

/** TF.js's cast. */
function casting(cpu: KernelFunction): KernelFunction {
  return (call) => (call.backend as WasmgradBackend).stored(cpu(call) as TensorInfo);
}

function registerKernels(): void {
  const cpu = new Map(getKernelsForBackend('cpu').map((kernel) => [kernel.kernelName, kernel]));
  const ours = new Map(natives.map((native) => [native.name, native]));
  for (const kernelName of new Set([...cpu.keys(), ...ours.keys()])) {
    const native = ours.get(kernelName);
    const kernel = cpu.get(kernelName);
    let theirs = kernel?.kernelFunc;
    if (theirs && kernelName === 'Cast') theirs = casting(theirs);
    const kernelFunc = native ? withFallback(native, theirs) : (theirs as KernelFunction);
    registerKernel({ ...kernel, kernelName, backendName: NAME, kernelFunc });
  }
}

const COPIES =
  'two copies of @tensorflow/tfjs-core are loaded, which is slower: "npm ls @tensorflow/tfjs-core" finds them; beside a script tag take wasmgrad/tfjs-script';

/** Starts our kernels. What the packages of TF.js register late, such as gradients, is there by now. */
async function start(): Promise<WasmgradBackend> {
  isStarted = true;
  try {
    if (hasOtherCopy()) warnOnce('copies', COPIES);
    await useArrays();
    if (starting && !options) await starting.ready;
    else await init(options);
    registerGradients();
    patchBatchNorm();
    return new WasmgradBackend();
  } catch (error) {
    isStarted = false;
    // TF.js catches it and prints its stack: the message says all that there is to say.
    if (error instanceof WasmgradError) error.stack = String(error);
    throw error;
  }
}

checkPeers();
registerKernels();
registerFilled();
registerTopK();
registerBatchNorm();
patchOptimizers();
registerBackend(NAME, start, PRIORITY);
