// One peer in a frame of a page: browser.ts loads it there, and asks.

import { flags } from '#platform/here';
import { startPeer } from './answer.js';

/** Answers a request. */
export const answer = await startPeer(flags[0]);
