// What the backend needs of TF.js's packages, which users install: version 4, and one copy of tfjs-core.

import { MathBackendCPU, version_cpu } from '@tensorflow/tfjs-backend-cpu';
import { env, KernelBackend, Tensor, version_core } from '@tensorflow/tfjs-core';
import { EngineError } from '../base/errors.js';
import { INSTALL } from './name.js';

/** The version of TF.js whose insides the backend knows. */
const MAJOR = '4';

/** @throws {EngineError} for a package of another major version */
export function checkVersions(versions: Readonly<Record<string, string | undefined>>): void {
  for (const [name, version = 'one that says none'] of Object.entries(versions)) {
    if (version.split('.')[0] === MAJOR) continue;
    throw new EngineError(
      `wasmgrad/tfjs needs version ${MAJOR} of @tensorflow/${name}, not ${version}: ${INSTALL}`,
    );
  }
}

/** @throws {EngineError} where a package is of another major version, or has no backend to build on */
export function checkPeers(): void {
  checkVersions({ 'tfjs-core': version_core, 'tfjs-backend-cpu': version_cpu });
  if (MathBackendCPU) return;
  throw new EngineError(`wasmgrad/tfjs needs a whole @tensorflow/tfjs-backend-cpu: ${INSTALL}`);
}

/** Each copy sets its own when it is loaded. */
const { platform, platformName } = env();

/**
 * Whether another copy of tfjs-core is loaded. Copies share the engine and what is registered through the global object,
 * so programs go on; but what each keeps for itself, such as classes of layers, the others do not see.
 */
export function hasOtherCopy(): boolean {
  const { _tfGlobals: shared } = globalThis as { _tfGlobals?: ReadonlyMap<string, unknown> };
  const hasEarlier = shared?.get('Tensor') !== Tensor;
  const hasBeside = !(MathBackendCPU.prototype instanceof KernelBackend);
  const now = env();
  // A platform of another name is somebody's choice, such as React Native's.
  const hasLater = now.platformName === platformName && now.platform !== platform;
  return hasEarlier || hasBeside || hasLater;
}
