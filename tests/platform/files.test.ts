// Files that are replaced whole: a program that is killed in the middle leaves one that can be loaded.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  callbacks,
  EngineError,
  FormatError,
  layers,
  loadCheckpoint,
  loadModel,
  Sequential,
  ValueError,
} from '../../src/index.js';
import { fileWriter } from '../../src/platform/files.js';
import { warnings } from '../helpers/console.js';
import { compiled, rejects, sameBits, samples, weightsOf } from '../helpers/models.js';
import '../helpers/start.js';

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'wasmgrad-files-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const { x, y } = samples(50);

const bytes = (...numbers: number[]) => Uint8Array.from(numbers);

/** Writes two files in turn, without end. */
const writer = (module: string) => `
import { readFileSync } from 'node:fs';
import { fileWriter } from '${pathToFileURL(module)}';
const [path, ...files] = process.argv.slice(2);
const contents = files.map((file) => readFileSync(file));
const file = fileWriter('test', path);
await file.begin();
await file.write(contents[0]);
process.send('begun');
for (let i = 1; ; i++) await file.write(contents[i % contents.length]);
`;

test('a program that is killed while it writes leaves a model that loads, and so is the one before', () =>
  withFolder(async (folder) => {
    const models = [1, 2].map(
      (seed) => new Sequential([layers.dense({ units: 500 })], { inputShape: [1000], seed }),
    );
    const names = await Promise.all(
      models.map(async (model, i) => {
        await writeFile(join(folder, `${i}.bytes`), model.toBytes());
        return join(folder, `${i}.bytes`);
      }),
    );
    const contents = await Promise.all(names.map((name) => readFile(name)));
    for (const model of models) model.dispose();
    const module = join(folder, 'files.mjs');
    const entryPoints = ['src/platform/files.ts'];
    await build({ entryPoints, outfile: module, bundle: true, platform: 'node', format: 'esm' });
    const script = join(folder, 'writer.mjs');
    await writeFile(script, writer(module));
    const path = join(folder, 'model.safetensors');
    let unfinished = 0;
    for (let kill = 0; kill < 12; kill++) {
      const child = fork(script, [path, ...names], { execArgv: [] });
      await once(child, 'message');
      await new Promise((resolve) => setTimeout(resolve, 3 * kill));
      child.kill('SIGKILL');
      await once(child, 'exit');
      for (const name of [path, ...(kill > 0 ? [`${path}.previous`] : [])]) {
        const found = await readFile(name);
        assert.ok(
          contents.some((one) => one.equals(found)),
          `${name} after kill ${kill}`,
        );
      }
      if ((await readdir(folder)).some((name) => name.endsWith('.tmp'))) unfinished++;
    }
    const loaded = await loadModel(await readFile(path));
    assert.is(loaded.weights.length, 2);
    loaded.dispose();
    assert.ok(unfinished > 3, `only ${unfinished} of 12 kills came amid a writing`);
    // What they left is removed when somebody writes there again.
    await fileWriter('test', path).begin();
    assert.equal(
      (await readdir(folder)).filter((name) => name.endsWith('.tmp')),
      [],
    );
  }));

test('the last two are kept; nothing else is left, nothing else is touched', () =>
  withFolder(async (folder) => {
    const others = [
      'model.bin.1-1.txt',
      'other.bin.999999999-1.tmp',
      `model.bin.${process.pid}-0.tmp`,
    ];
    for (const name of others) await writeFile(join(folder, name), '');
    const path = join(folder, 'model.bin');
    const file = fileWriter('test', path);
    await file.begin();
    await file.write(bytes(1));
    assert.equal((await readdir(folder)).sort(), ['model.bin', ...others].sort());
    for (const number of [2, 3, 4]) {
      await file.write(bytes(number));
      assert.equal([...(await readFile(path))], [number]);
      assert.equal([...(await readFile(`${path}.previous`))], [number - 1]);
    }
    assert.equal(
      (await readdir(folder)).sort(),
      ['model.bin', 'model.bin.previous', ...others].sort(),
    );
    // By its URL, and by a link to it, which stays one.
    await symlink(path, join(folder, 'link'));
    await fileWriter('test', join(folder, 'link')).write(bytes(5));
    await fileWriter('test', pathToFileURL(path)).write(bytes(6));
    assert.equal([...(await readFile(join(folder, 'link')))], [6]);
  }));

test('where nothing can be written', () =>
  withFolder(async (folder) => {
    await mkdir(join(folder, 'set'));
    const begin = (path: unknown) => async () => fileWriter('test', path as string).begin();
    await rejects(
      begin(join(folder, 'no', 'x')),
      ValueError,
      'test',
      "no folder '",
      'make it first',
    );
    await rejects(begin(join(folder, 'set')), ValueError, 'is a folder', 'model.safetensors');
    for (const path of ['', 5, null, {}]) await rejects(begin(path), ValueError, 'test', 'path');
    await rejects(begin('/dev/null'), ValueError, 'test', 'a device');
    const missing = fileWriter('test', join(folder, 'gone', 'x'));
    await rejects(() => missing.write(bytes(1)), EngineError, 'cannot be written', 'ENOENT');
    // The old one stays where the new one fails.
    const path = join(folder, 'x');
    await fileWriter('test', path).write(bytes(1));
    await mkdir(`${path}.previous`);
    await writeFile(join(`${path}.previous`, 'y'), '');
    await rejects(() => fileWriter('test', path).write(bytes(2)), EngineError, 'still there');
    assert.equal([...(await readFile(path))], [1]);
    assert.equal((await readdir(folder)).sort(), ['set', 'x', 'x.previous']);
    // Browsers: names, where the engine keeps files at all.
    const browser = await import('../../src/platform/files.browser.js');
    for (const name of ['', 5, new URL('file:///x')])
      await rejects(async () => browser.fileWriter('test', name as string), ValueError, 'a name');
    const nowhere = browser.fileWriter('test', 'x');
    await rejects(() => nowhere.begin(), EngineError, 'keeps no files', 'save');
  }));

test('checkpoint: a path is a file that is replaced whole, and the last two are kept', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'best.safetensors');
    const model = compiled();
    await model.fit(x, y, { epochs: 2, callbacks: callbacks.checkpoint(path) });
    const [last, first] = [await readFile(path), await readFile(`${path}.previous`)];
    assert.ok(last.equals(model.toBytes()));
    const loaded = await loadModel(first);
    await loaded.fit(x, y, { callbacks: callbacks.checkpoint({ path: pathToFileURL(path) }) });
    assert.ok((await readFile(path)).equals(last), 'the first, trained on');
    const lost = callbacks.checkpoint(join(folder, 'no', 'best.safetensors'));
    const before = weightsOf(model);
    await rejects(
      () => model.fit(x, y, { callbacks: lost }),
      ValueError,
      'checkpoint',
      'no folder',
    );
    sameBits(weightsOf(model), before, 'nothing was trained before the path was looked at');
    for (const one of [model, loaded]) one.dispose();
    await rejects(() => callbacks.checkpoint(''), ValueError, 'checkpoint', 'path');
    const none = callbacks.checkpoint({ path: 5 as never });
    const fitted = compiled();
    await rejects(
      () => fitted.fit(x, y, { callbacks: none }),
      ValueError,
      'checkpoint',
      'a path must be',
    );
    fitted.dispose();
  }));

test('checkpoint: where an epoch cannot be saved, training goes on, and the file of before stays', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'all', 'last.safetensors');
    await mkdir(join(folder, 'all'));
    const [model, undisturbed] = [compiled(), compiled()];
    const told: [number, Error][] = [];
    const removing: callbacks.Callback = {
      async onEpochBegin(epoch) {
        if (epoch === 2) await rename(join(folder, 'all'), join(folder, 'moved'));
        if (epoch === 4) await rename(join(folder, 'moved'), join(folder, 'all'));
      },
    };
    const onError = (error: Error, epoch: number) => void told.push([epoch, error]);
    const saving = callbacks.checkpoint({ path, onError });
    await model.fit(x, y, { epochs: 5, callbacks: [removing, saving] });
    await undisturbed.fit(x, y, { epochs: 5 });
    sameBits(weightsOf(model), weightsOf(undisturbed), 'trained as without errors');
    assert.equal(
      told.map(([epoch]) => epoch),
      [2, 3],
    );
    for (const [, error] of told) {
      assert.instance(error, EngineError);
      assert.match(error.message, /last.safetensors' cannot be written \(ENOENT.*still there/);
    }
    assert.ok((await readFile(path)).equals(model.toBytes()));
    // Without a listener it is a warning; a listener may end the training.
    await rename(join(folder, 'all'), join(folder, 'gone'));
    const save = () => {
      throw new Error('no space');
    };
    const said = await warnings(() =>
      model.fit(x, y, { callbacks: callbacks.checkpoint({ save }) }),
    );
    assert.match(said.join(), /epoch 6 is not saved, and training goes on: no space/);
    const strict = callbacks.checkpoint({
      save,
      onError(error) {
        throw error;
      },
    });
    await rejects(() => model.fit(x, y, { callbacks: strict }), Error, 'no space');
    for (const one of [model, undisturbed]) one.dispose();
  }));

test('loadCheckpoint: the newest file, or the one before if that is damaged or missing', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'last.safetensors');
    const model = compiled({ optimizer: 'adam' });
    const kept: Uint8Array[] = [];
    const keeping: callbacks.Callback = { onEpochEnd: () => void kept.push(model.toBytes()) };
    await model.fit(x, y, { epochs: 3, callbacks: [callbacks.checkpoint(path), keeping] });
    const load = async (is: Uint8Array, ...parts: string[]): Promise<void> => {
      const said = await warnings(async () => {
        const loaded = await loadCheckpoint(path);
        assert.equal(loaded.toBytes(), is);
        loaded.dispose();
      });
      if (parts.length === 0) assert.equal(said, []);
      for (const part of parts) assert.ok(said.join().includes(part), `${said} ${part}`);
    };
    await load(kept[2]);
    const whole = await readFile(path);
    const flipped = Uint8Array.from(whole);
    flipped[whole.length - 100] ^= 4;
    const torn = [whole.subarray(0, 1000), whole.subarray(0, whole.length - 1), flipped, bytes()];
    const before = ['last.safetensors', "last.safetensors.previous' is taken", 'epoch 2'];
    for (const bad of torn) {
      await writeFile(path, bad);
      await load(kept[1], ...before);
    }
    await load(kept[1], 'empty');
    await rm(path);
    await load(kept[1], 'there is no such file', ...before);
    await writeFile(path, whole);
    await rm(`${path}.previous`);
    await load(kept[2]);
    // From what is loaded, training goes on with the same bits.
    await writeFile(path, flipped);
    await writeFile(`${path}.previous`, kept[0]);
    const resumed = await loadCheckpoint(pathToFileURL(path));
    await resumed.fit(x, y, { epochs: 2 });
    assert.equal(resumed.toBytes(), kept[2]);
    // What is damaged does not take the place of the one before when training goes on.
    const ending: callbacks.Callback = {
      onBatchEnd() {
        throw new Error('killed');
      },
    };
    await writeFile(path, flipped);
    const again = await loadCheckpoint(path);
    const saving = callbacks.checkpoint(path);
    await rejects(() => again.fit(x, y, { callbacks: [saving, ending] }), Error, 'killed');
    await again.fit(x, y, { callbacks: saving });
    assert.equal(Uint8Array.from(await readFile(`${path}.previous`)), kept[0]);
    await again.fit(x, y, { callbacks: saving });
    assert.equal(Uint8Array.from(await readFile(path)), again.toBytes());
    assert.not.equal(Uint8Array.from(await readFile(`${path}.previous`)), kept[0]);
    again.dispose();
    await writeFile(path, flipped);
    const refuses = (Kind: ErrorConstructor, ...parts: string[]) =>
      rejects(() => loadCheckpoint(path), Kind, 'loadCheckpoint', ...parts);
    await writeFile(`${path}.previous`, bytes(1, 2, 3));
    await refuses(FormatError as never, 'checksum', 'previous');
    for (const name of [path, `${path}.previous`]) await rm(name);
    await refuses(ValueError as never, 'last.safetensors', 'there is no such file');
    await mkdir(path);
    await refuses(EngineError as never, 'cannot be read', 'EISDIR');
    for (const bad of ['', 5, undefined])
      await rejects(() => loadCheckpoint(bad as never), ValueError, 'loadCheckpoint', 'a path');
    for (const one of [model, resumed]) one.dispose();
  }));

test.run();
