// Which of the wasm builds this engine can run.

import { relaxedSimd, simd } from 'wasm-feature-detect';
import { EngineError, ValueError } from './errors.js';

/** What a build of assembly/ needs of the engine. */
export type Instructions = 'simd' | 'relaxed';

/** A build, by its target in asconfig.json: for memory of its own, or for memory that threads share. */
export type Variant = Instructions | `${Instructions}-threads`;

/** 'strict' gives the same bits on every machine; 'relaxed' fuses multiply and add. */
export type SimdMode = 'auto' | 'strict' | 'relaxed';

/** What the engine knows. */
export interface Features {
  simd: boolean;
  relaxedSimd: boolean;
}

/** Asks the engine, by validating a few bytes of wasm for each feature. */
export async function probe(): Promise<Features> {
  if (typeof WebAssembly !== 'object') return { simd: false, relaxedSimd: false };
  const [hasSimd, hasRelaxed] = await Promise.all([simd(), relaxedSimd()]);
  return { simd: hasSimd, relaxedSimd: hasRelaxed };
}

/**
 * The build for a mode: an engine rejects a whole module for one opcode that it does not know.
 *
 * @throws {EngineError} where the engine has no SIMD, or no relaxed SIMD and that was asked for
 * @throws {ValueError} for a mode that there is not
 */
export function chooseInstructions(mode: SimdMode, features: Features): Instructions {
  if (!['auto', 'strict', 'relaxed'].includes(mode)) {
    throw new ValueError(`init: simd must be 'auto', 'strict' or 'relaxed', not ${String(mode)}`);
  }
  if (!features.simd) {
    throw new EngineError(
      'init: this engine has no WebAssembly SIMD, which wasmgrad needs: use Node ≥ 20, Chrome ≥ 103, Firefox ≥ 113 or Safari ≥ 16.4',
    );
  }
  if (mode === 'relaxed' && !features.relaxedSimd) {
    throw new EngineError(
      "init: this engine has no relaxed SIMD: use Node ≥ 22 or Chrome ≥ 114, or simd: 'auto'",
    );
  }
  return mode !== 'strict' && features.relaxedSimd ? 'relaxed' : 'simd';
}
