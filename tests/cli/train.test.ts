// `wasmgrad train`, `predict` and `evaluate`, as users run them: what is written, what of it is read again, and that a
// training which was stopped gives the same bits.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  firstOfMnist,
  idxFiles,
  inFolder,
  mnist,
  photos,
  run,
  runAll,
  start,
  write,
} from '../helpers/cli.js';

const words = (line: string): string[] => line.split(' ');
const fast = words('--threads 1 --simd strict');

/** Runs a command that must succeed. */
async function succeed(line: string, folder: string, input?: Uint8Array) {
  const outcome = await run([...words(line), ...fast], folder, input);
  assert.is(outcome.code, 0, `${line}: ${outcome.stderr}`);
  return outcome;
}

/** Runs commands one after another, which must succeed but for those whose exit code is given. */
function succeedAll(lines: readonly string[], folder: string, codes: Record<string, number> = {}) {
  const outcomes = runAll(
    lines.map((line) => [...words(line), ...fast]),
    folder,
  );
  for (const [i, line] of lines.entries())
    assert.is(outcomes[i].code, codes[line] ?? 0, `${line}: ${outcomes[i].stderr}`);
  return outcomes;
}

const read = (folder: string, name: string): Buffer => readFileSync(join(folder, name));
const logOf = (folder: string, name: string) =>
  read(folder, name)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** A network that learns what lines are in a second. */
const network = JSON.stringify({
  inputShape: [16, 16, 1],
  layers: [
    { type: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' },
    { type: 'globalMaxPool2d' },
    { type: 'dropout', rate: 0.1 },
    { type: 'dense', units: 2 },
  ],
});

test('a folder of photos: train, predict, evaluate, and nothing else is needed', async () => {
  await inFolder(async (folder) => {
    write(join(folder, 'photos'), await photos(120));
    write(folder, { 'net.json': network });
    const line =
      'train photos --model net.json --epochs 12 --learning-rate 0.03 --batch-size 16 --plot curves.svg';
    const [{ stdout, stderr }, predicted, text, csv, evaluated, table, reported, about] =
      succeedAll(
        [
          line,
          'predict model.wasmgrad photos/level/1.png photos/upright --json --top-k 1',
          'predict model.wasmgrad photos/level/1.png',
          'predict model.wasmgrad photos/level/1.png --csv',
          'evaluate model.wasmgrad photos --json',
          'evaluate model.wasmgrad photos --plot confusion.svg',
          'report model.wasmgrad photos --images 30',
          'summary model.wasmgrad',
        ],
        folder,
      );
    assert.match(stderr, '96 images 16×16×1 of 2 classes, 24 more for validation');
    assert.match(stderr, /epoch {2}1\/12 {3}loss .* val_accuracy .* s {3}best\n/);
    assert.match(stdout, /^model.wasmgrad {3}loss [\d.]+ {3}accuracy /);
    const written = readdirSync(folder).sort();
    assert.equal(written, [
      'confusion.svg',
      'curves.svg',
      'model.best.wasmgrad',
      'model.jsonl',
      'model.wasmgrad',
      'net.json',
      'photos',
      'report.html',
    ]);

    for (const name of ['loss', 'accuracy', 'learningRate', 'gradient norms', 'conv2d', 'dense'])
      assert.match(read(folder, 'curves.svg').toString(), `>${name}</text>`);

    const log = logOf(folder, 'model.jsonl');
    assert.equal(log[0].classes, ['level', 'upright']);
    assert.equal(
      log.map(({ event }) => event),
      ['begin', ...Array(12).fill('epoch'), 'end'],
    );
    assert.ok(log[12].logs.val_accuracy > 0.9, JSON.stringify(log[12]));
    for (const { gradientNorms } of log.slice(1, 13)) {
      assert.equal(Object.keys(gradientNorms), ['conv2d', 'dense']);
      for (const norm of Object.values<number>(gradientNorms)) assert.ok(norm > 0);
    }

    // The best of the epochs is the file of that name.
    const answers = predicted.stdout
      .trimEnd()
      .split('\n')
      .map((answer) => JSON.parse(answer));
    assert.is(answers.length, 61);
    assert.is(answers[0].file, 'photos/level/1.png');
    const right = answers.slice(1).filter((one) => one.answers[0].label === 'upright').length;
    assert.ok(right > 54, `${right}`);
    assert.match(text.stdout, /^photos\/level\/1.png {3}level \d+\.\d % {3}upright \d+\.\d %\n$/);
    assert.match(
      csv.stdout,
      /^file,rank,label,index,probability\nphotos\/level\/1.png,1,level,0,0\.\d+\n/,
    );
    const piped = await succeed(
      'predict model.wasmgrad - --csv --top-k 1',
      folder,
      read(folder, 'photos/level/1.png'),
    );
    assert.is(
      piped.stdout.split('\n')[1],
      csv.stdout.split('\n')[1].replace('photos/level/1.png', '-'),
    );

    const { top1, top5, matrix } = JSON.parse(evaluated.stdout);
    assert.is(top1, (matrix[0][0] + matrix[1][1]) / 120);
    assert.equal([matrix[1][1], top5], [right, null]);
    assert.match(table.stdout, /right ╲ predicted {3}level {3}upright/);
    assert.match(table.stdout, `120 images   top-1 ${(100 * top1).toFixed(2)} %`);
    // A report of some of them, with the curves of the training.
    assert.match(reported.stdout, /^report.html {3}0\.\d MiB, 30 images\n$/);
    const report = read(folder, 'report.html').toString();
    for (const words of [
      'Training',
      'gradient norms',
      'Worst mistakes',
      'Why it says so',
      '>upright<',
    ])
      assert.match(report, words);
    assert.match(
      about.stdout,
      /labels: level, upright\npreprocessing: .*mean.*\ntrained: 12 epochs, 72 steps/,
    );
  });
});

test('an image that cannot be read is told, and the others are predicted', async () => {
  await inFolder(async (folder) => {
    write(folder, { 'net.json': network, 'bad.png': 'no image', ...(await photos(2)) });
    const bad = 'predict net.wasmgrad bad.png upright --json';
    const lines = ['convert net.json net.wasmgrad', bad];
    const [, { stdout, stderr }] = succeedAll(lines, folder, { [bad]: 1 });
    // Without a word on the pixels, the model's file may be misread in silence.
    assert.match(
      stderr,
      /^'net.wasmgrad' does not say how pixels are normalized: .*\n {2}npx wasmgrad convert net.wasmgrad /,
    );
    assert.match(stderr, /\nerror: 'bad.png' cannot be decoded/);
    assert.is(JSON.parse(stdout).file, 'upright/0.png');
  });
});

test('MNIST: its files, gzipped or not, LeNet-5 without being asked, test digits to evaluate', async () => {
  await inFolder(async (folder) => {
    const zipped = (name: string) => gzipSync(readFileSync(mnist(name)), { level: 1 });
    write(join(folder, 'mnist'), {
      't10k-images-idx3-ubyte.gz': zipped('t10k-images-idx3-ubyte'),
      't10k-labels-idx1-ubyte.gz': zipped('t10k-labels-idx1-ubyte'),
    });
    const [{ stderr }, evaluated] = succeedAll(
      ['train mnist --epochs 1', 'evaluate model.wasmgrad mnist --json'],
      folder,
    );
    assert.match(stderr, 'lenet5: 61,706 parameters');
    assert.match(stderr, '8000 images 28×28×1 of 10 classes, 2000 more for validation');
    const { top1, top5 } = JSON.parse(evaluated.stdout);
    assert.ok(top1 > 0.88 && top5 > top1, `${top1} ${top5}`);
  });
});

const long = words(
  'train data --epochs 4 --seed 3 --batch-size 60 --gradient-accumulation 3 --flip both',
);

test('Ctrl-C saves, says how to go on, and the result has the same bits as without it', async () => {
  await inFolder(async (folder) => {
    write(join(folder, 'data'), {
      'train-images-idx3-ubyte': firstOfMnist('t10k-images-idx3-ubyte', 2500),
      'train-labels-idx1-ubyte': firstOfMnist('t10k-labels-idx1-ubyte', 2500),
    });
    const more = words(
      '--mixup 0.2 --class-weights --average-decay 0.9 --schedule cosine --early-stopping 9',
    );
    const whole = await run([...long, ...more, ...fast, '-o', 'whole.wasmgrad'], folder);
    assert.is(whole.code, 0, whole.stderr);

    const { child, says, outcome } = start([...long, ...more, ...fast], folder);
    await says('epoch 1/4 ');
    child.kill('SIGINT');
    const { code, stdout, stderr } = await outcome;
    assert.is(code, 130, stderr);
    assert.is(stdout, '');
    assert.match(stderr, /Ctrl-C again ends at once/);
    assert.match(
      stderr,
      /stopped in epoch \d, after step \d+; saved.*\n {2}npx wasmgrad train --resume model.wasmgrad\n$/s,
    );
    const stopped = logOf(folder, 'model.jsonl').at(-1);
    assert.is(stopped.event, 'stop');
    assert.ok(stopped.epoch >= 1 && stopped.epoch < 4);

    const [resumed, done] = succeedAll(
      ['train --resume model.wasmgrad', 'train --resume model.wasmgrad --epochs 4'],
      folder,
      { 'train --resume model.wasmgrad --epochs 4': 2 },
    );
    assert.is(resumed.stdout.split('\n')[0].slice(14), whole.stdout.split('\n')[0].slice(14));
    for (const name of ['', '.best'])
      assert.ok(
        read(folder, `model${name}.wasmgrad`).equals(read(folder, `whole${name}.wasmgrad`)),
        name,
      );
    const epochs = (name: string) => logOf(folder, name).filter(({ event }) => event === 'epoch');
    const validated = (name: string) => epochs(name).map(({ logs }) => logs.val_loss);
    assert.equal(validated('model.jsonl'), validated('whole.jsonl'));

    assert.match(
      done.stderr,
      'all 4 epochs are done, and --epochs counts them: --epochs 8 goes on',
    );
    const longer = await succeed('train --resume model.wasmgrad --epochs 5', folder);
    assert.match(longer.stderr, 'epoch 5/5');
  });
});

test('a model that cannot be saved: each epoch says so, and so does the end, with a code of failure', async () => {
  await inFolder(async (folder) => {
    // What is in the way of the file of before.
    write(folder, { 'model.wasmgrad.previous/file': 'x' });
    write(join(folder, 'data'), idxFiles(64));
    const { code, stderr } = await run([...words('train data --epochs 3'), ...fast], folder);
    assert.is(code, 1, stderr);
    for (const epoch of [2, 3]) assert.match(stderr, `epoch ${epoch} is not saved: `);
    assert.match(stderr, /\nerror: .*'model.wasmgrad' cannot be written .*still there\n$/);
  });
});

test('a second Ctrl-C ends at once, and what an epoch saved is still there', async () => {
  await inFolder(async (folder) => {
    write(join(folder, 'data'), idxFiles(64));
    const { child, says, outcome } = start(words('train data --epochs 1000000'), folder);
    await says('epoch       2/');
    child.kill('SIGTERM');
    child.kill('SIGINT');
    const { code } = await outcome;
    assert.ok(code === 130 || code === 143, `${code}`);
    await succeed('summary model.wasmgrad', folder);
  });
});

test('killed at any moment, and its newest model and log torn besides: it goes on from the model before, with the same bits', async () => {
  await inFolder(async (folder) => {
    write(join(folder, 'data'), idxFiles(64));
    const { child, says, outcome } = start(
      [...words('train data --epochs 1000000'), ...fast],
      folder,
    );
    await says('epoch       3/');
    child.kill('SIGKILL');
    await outcome;
    const model = read(folder, 'model.wasmgrad');
    model[model.length - 9] ^= 1;
    const log = read(folder, 'model.jsonl').toString();
    write(folder, { 'model.wasmgrad': model, 'model.jsonl': `${log}{"event":"epo` });
    const { epoch } = JSON.parse(log.trimEnd().split('\n').at(-1) as string);
    const [resumed] = succeedAll(
      [
        `train --resume model.wasmgrad --epochs ${epoch + 2}`,
        `train data --epochs ${epoch + 2} -o whole.wasmgrad`,
      ],
      folder,
    );
    assert.match(resumed.stderr, /model.wasmgrad': .*checksum.*model.wasmgrad.previous' is taken/);
    assert.ok(read(folder, 'model.wasmgrad').equals(read(folder, 'whole.wasmgrad')));
    const seen = logOf(folder, 'model.jsonl').filter(({ event }) => event === 'epoch');
    assert.is(seen.at(-1).epoch, epoch + 2);
  });
});

test('a model is not overwritten unless that is asked for', async () => {
  await inFolder(async (folder) => {
    write(join(folder, 'data'), idxFiles(40));
    await succeed('train data --epochs 1', folder);
    const before = read(folder, 'model.wasmgrad');
    const refused = await run(words('train data --epochs 1 --seed 9'), folder);
    assert.is(refused.code, 2);
    assert.match(refused.stderr, /--resume model.wasmgrad goes on with it, --force overwrites it/);
    assert.ok(before.equals(read(folder, 'model.wasmgrad')));
    await succeed('train data --epochs 1 --seed 9 --force', folder);
    assert.not.ok(before.equals(read(folder, 'model.wasmgrad')));
  });
});

test('it goes on with the same data alone, wherever it is told to', async () => {
  await inFolder(async (folder) => {
    write(join(folder, 'data'), idxFiles(40));
    write(folder, { 'names.txt': 'upright\nlevel\n', 'other/.keep': '' });
    await succeed('train data --epochs 1 --validation data --labels names.txt', folder);
    // From any folder.
    await succeed('train --resume ../model.wasmgrad --epochs 2', join(folder, 'other'));
    write(join(folder, 'data'), idxFiles(44));
    const { code, stderr } = await run(words('train --resume model.wasmgrad --epochs 3'), folder);
    assert.is(code, 1);
    assert.match(stderr, 'the data have changed since the training began: samples were 40, now 44');
  });
});

test('fine-tuning: a new last layer for other classes, and frozen layers stay as they are', async () => {
  await inFolder(async (folder) => {
    const three = Object.entries(await photos(30)).map(([name, png], i) => [
      `${i % 3}${name}`,
      png,
    ]);
    write(
      join(folder, 'photos'),
      Object.fromEntries(
        three.map(([name, png]) => [`${name}`.replace(/^(\d)\w+/, 'class$1'), png]),
      ),
    );
    write(folder, { 'net.json': network, ...idxFiles(40) });
    const bad = 'train photos --model base.wasmgrad --freeze conv --force';
    const [, { stderr }, tuned, before, refused] = succeedAll(
      [
        'train train-images-idx3-ubyte --model net.json --epochs 1 -o base.wasmgrad',
        'train photos --model base.wasmgrad --freeze base --epochs 1',
        'summary model.wasmgrad --json',
        'summary base.wasmgrad --json',
        bad,
      ],
      folder,
      { [bad]: 1 },
    );
    assert.match(stderr, '15 parameters to learn');
    const { labels, layers, preprocessing } = JSON.parse(tuned.stdout);
    assert.equal(labels, ['class0', 'class1', 'class2']);
    assert.equal(
      layers.map(({ trainable }: { trainable: boolean }) => trainable),
      [false, false, false, true],
    );
    assert.equal(preprocessing, JSON.parse(before.stdout).preprocessing);
    assert.match(refused.stderr, /there is no layer 'conv' \(did you mean 'conv2d'\?\)/);
  });
});

test('folders with train/ and val/, of which the classes go by name', async () => {
  await inFolder(async (folder) => {
    const all = await photos(24);
    const only = Object.entries(all).filter(([name]) => name.startsWith('upright'));
    write(join(folder, 'set/train'), all);
    write(join(folder, 'set/val'), Object.fromEntries(only));
    write(join(folder, 'other'), { 'sideways/1.png': only[0][1] });
    write(folder, { 'net.json': network });
    const unknown = 'evaluate model.wasmgrad other';
    const [{ stderr }, evaluated, refused] = succeedAll(
      ['train set --model net.json --epochs 1', 'evaluate model.wasmgrad set --json', unknown],
      folder,
      { [unknown]: 1 },
    );
    assert.match(stderr, '24 images 16×16×1 of 2 classes, 12 more for validation');
    const { matrix } = JSON.parse(evaluated.stdout);
    assert.equal([matrix[0], matrix[1][0] + matrix[1][1]], [[0, 0], 12]);
    assert.match(
      refused.stderr,
      "the model does not know 'sideways': its labels are level, upright",
    );
  });
});

test('CIFAR-10 files', async () => {
  await inFolder(async (folder) => {
    const batch = new Uint8Array(20 * 3073).map((_, i) =>
      i % 3073 === 0 ? (i / 3073) % 10 : i % 251,
    );
    write(join(folder, 'cifar'), {
      'data_batch_1.bin': batch,
      'data_batch_2.bin': batch,
      'test_batch.bin': batch,
    });
    write(folder, {
      'net.json': JSON.stringify({
        inputShape: [32, 32, 3],
        layers: [{ type: 'globalAvgPool2d' }, { type: 'dense', units: 10 }],
      }),
    });
    const wrong = 'train cifar --model lenet5 --size 28 -o x.wasmgrad';
    const [{ stderr }, evaluated, refused] = succeedAll(
      [
        'train cifar --model net.json --epochs 1 --optimizer sgd --momentum 0.9',
        'evaluate model.wasmgrad cifar --json',
        wrong,
      ],
      folder,
      { [wrong]: 2 },
    );
    assert.match(stderr, '32 images 32×32×3 of 10 classes, 8 more for validation');
    const { images, labels } = JSON.parse(evaluated.stdout);
    assert.equal([images, labels[0]], [20, 'airplane']);
    assert.match(
      refused.stderr,
      /--size is for folders of images: these files hold images of 32×32×3/,
    );
    assert.not.ok(existsSync(join(folder, 'x.wasmgrad')));
  });
});

test.run();
