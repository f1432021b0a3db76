// How much memory a work adds to a new process, at its peak.

import { fault } from './compete.js';
import type { Peer } from './peers/index.js';
import type { PeerHost, Preparation } from './protocol.js';
import type { Expected } from './reference.js';

async function memoryOf(host: PeerHost) {
  const { resident, told = {}, failed } = await host.ask({ do: 'memory' });
  if (resident) return { ...resident, told };
  throw new Error(`what is resident is not known: ${failed?.trim().split('\n').at(-1)}`);
}

/**
 * The most bytes that were resident once a work was prepared, less those when only the library was loaded; and what the
 * library says of them.
 *
 * @throws {Error} where the peer fails, or its results are wrong
 */
export async function addedBy(peer: Peer, request: Preparation, expected: Expected[]) {
  const host = await peer.start();
  try {
    const before = await memoryOf(host);
    const reason = fault(await host.ask(request), expected);
    if (reason) throw new Error(reason);
    const { peak, told } = await memoryOf(host);
    return { bytes: peak - before.now, told };
  } finally {
    host.stop();
  }
}
