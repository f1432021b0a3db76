// The process of one peer: reads requests as lines of JSON, and answers them.
//
// A process for each library, because libraries that share one disturb each other: V8's flags are the
// process's (wasmgrad may ask for 256-bit code, the peers run on default flags), and V8 compiles all of
// a thread's typed-array code with extra checks once an ArrayBuffer there was detached, which every
// growing wasm memory does: beside wasmgrad ConvNetJS was 9 % slower than alone.

import { createInterface } from 'node:readline';
import { startPeer } from './answer.js';
import { MARK, type Reply } from './protocol.js';

const answer = await startPeer(process.argv[2]);
const reply = (content: Reply) => process.stdout.write(`\n${MARK}${JSON.stringify(content)}\n`);

reply(await answer({ do: 'about' }));
for await (const line of createInterface({ input: process.stdin }))
  reply(await answer(JSON.parse(line)));
// The end of the input is the end of the benchmark, however it ended.
process.exit();
