// Runs several command lines of a program in this one process, one after another, and prints what came of them as JSON: to
// start Node and load the program takes longer than most commands.

import { pathToFileURL } from 'node:url';

const [, , program, json] = process.argv;
const { dispose } = await import(new URL('core.js', pathToFileURL(program)));
const streams = ['stdout', 'stderr'];
const print = process.stdout.write.bind(process.stdout);
for (const stream of streams) process[stream].setMaxListeners(0);

const outcomes = [];
for (const [i, args] of JSON.parse(json).entries()) {
  const outcome = { code: 0, stdout: '', stderr: '' };
  for (const stream of streams)
    process[stream].write = (part) => {
      outcome[stream] += part;
      return true;
    };
  process.argv = [process.argv[0], program, ...args];
  process.exitCode = undefined;
  // Its own module is run each time; what it loads is there already.
  await import(`${pathToFileURL(program)}?${i}`);
  outcome.code = process.exitCode ?? 0;
  outcomes.push(outcome);
  // As at a process's end: each starts the engine as it wants it.
  dispose();
}
process.exitCode = 0;
print(JSON.stringify(outcomes));
