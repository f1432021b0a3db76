// The command line as a whole: help, exit codes, wrong use of each command, pipes, terminals.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dashed, readArguments } from '../../src/cli/command.js';
import { commands } from '../../src/cli/commands.js';
import { quoted } from '../../src/cli/terminal.js';
import { idxFiles, inFolder, photos, program, run, runAll, write } from '../helpers/cli.js';

const names = Object.keys(commands);

/** A network of layers for photos. */
const network = JSON.stringify({
  inputShape: [16, 16, 1],
  layers: [{ type: 'flatten' }, { type: 'dense', units: 2 }],
});

test('without a command it shows the help as an error', async () => {
  const { code, stdout, stderr } = await run([]);
  assert.is(code, 2);
  assert.is(stdout, '');
  for (const name of names) assert.match(stderr, `  ${name} `);
});

test('help is a result, of all commands and of each, within 80 columns but for examples', async () => {
  const whole = [['--help'], ['-h'], ['help']];
  const each = names.flatMap((name) => [
    [name, '--help'],
    ['help', name],
  ]);
  const outcomes = runAll([...whole, ...each]);
  for (const { code, stdout, stderr } of outcomes) {
    assert.equal([code, stderr], [0, '']);
    const lines = stdout.split('\n').filter((line) => !line.startsWith('  npx '));
    assert.equal(
      lines.filter((line) => line.length > 80),
      [],
    );
  }
  for (const { stdout } of outcomes.splice(0, whole.length))
    for (const name of names) assert.match(stdout, `  ${name} `);
  for (const [i, name] of names.entries()) {
    const [{ stdout }, again] = outcomes.slice(2 * i);
    const { options, usage, examples } = await commands[name].load();
    assert.match(stdout, `wasmgrad ${usage}`);
    for (const option of Object.keys(options)) assert.match(stdout, `--${dashed(option)}`);
    for (const [line] of examples) assert.match(stdout, `npx wasmgrad ${line}`);
    assert.is(again.stdout, stdout);
  }
});

test('each option of help is described, and once', async () => {
  for (const name of names) {
    const { options, sections } = await commands[name].load();
    const shown = Object.values(sections).flatMap((section) => Object.keys(section));
    assert.equal([...shown].sort(), Object.keys(options).sort(), name);
  }
});

test('each example of help is right use', async () => {
  for (const name of names) {
    const command = await commands[name].load();
    assert.ok(command.examples.length > 0, name);
    for (const [line] of command.examples) {
      const [first, ...args] = line.split(/ [|>] /)[0].split(' ');
      assert.is(first, name);
      readArguments(command, args);
    }
  }
});

test('the version is that of package.json', async () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  assert.is((await run(['--version'])).stdout, `${version}\n`);
});

const wrong: readonly (readonly [args: string, says: RegExp])[] = [
  ['prdict', /no command 'prdict' \(did you mean 'predict'\?\)/],
  ['help prdict', /no command 'prdict'/],
  ['train', /which data\?/],
  ['train x --epoch 3', /no option --epoch \(did you mean '--epochs'\?\)/],
  ['train x --epochs', /--epochs needs a value: --epochs N/],
  ['train x --epochs --seed 1', /--epochs needs a value/],
  ['train x --epochs 1.5', /--epochs must be a whole number ≥ 1, not '1.5'/],
  ['train x --epochs=', /--epochs must be a whole number/],
  ['train x --learning-rate -1', /--learning-rate must be a number > 0, not '-1'/],
  ['train x --nesterov=yes', /--nesterov takes no value/],
  ['train x --optimizer adan', /must be adam, .* \(did you mean 'adam'\?\), not 'adan'/],
  ['train x --optimizer sdg', /adam, adamW, sgd, rmsprop or adagrad \(did you mean 'sgd'\?\)/],
  ['train x --momentum 0.9', /optimizers.adam: there is no option 'momentum'/],
  ['train x --clip-norm 1 --clip-value 1', /give clipValue or clipNorm, not both/],
  ['train x --zoom 2,1', /--zoom must be two factors such as 0.9,1.1/],
  ['train x --size 4x', /--size must be a side in pixels such as 64/],
  ['train x -o model.onnx', /--output must end in .wasmgrad, not 'model.onnx'/],
  ['train --resume x.wasmgrad --seed 2', /--resume goes on with the options of before/],
  ['summary lenet5 --input-shape 4xC', /must be height, width and channels such as 224x224x3/],
  ['predict x.wasmgrad', /too few words: wasmgrad predict MODEL IMAGE…/],
  ['predict a b --top-k 0', /--top-k must be a whole number ≥ 1/],
  ['evaluate x.wasmgrad', /too few words/],
  ['evaluate a b --plot x.png', /--plot must end in .svg, not 'x.png'/],
  ['report x.wasmgrad', /too few words/],
  ['report a b -o x.pdf', /--output must end in .html, not 'x.pdf'/],
  ['train x --plot curves.png', /--plot must end in .svg, not 'curves.png'/],
  ['summary', /too few words/],
  ['summary a b', /one word too many, 'b'/],
  ['convert a', /too few words/],
  ['profile', /too few words/],
  ['bench --seconds 0', /--seconds must be a number > 0/],
  ['info x', /one word too many, 'x'/],
  ['info --threads many', /--threads must be a whole number ≥ 1/],
];

test('wrong use says so, and where it is told how', async () => {
  const outcomes = runAll(wrong.map(([line]) => line.split(' ')));
  for (const [i, [line, says]] of wrong.entries()) {
    const { code, stdout, stderr } = outcomes[i];
    assert.is(code, 2, line);
    assert.is(stdout, '', line);
    assert.match(stderr, /^error: /, line);
    assert.match(stderr, says, line);
    assert.match(stderr, /--help' shows how it is used\n$/, line);
    assert.not.match(stderr, /\n {4}at /, line);
  }
  // A process of its own ends as one in which others ran before.
  const [[line]] = wrong;
  assert.equal(await run(line.split(' ')), outcomes[0]);
});

const failing: readonly (readonly [args: string, says: RegExp])[] = [
  ['train nowhere', /no file or folder '.*nowhere'/],
  ['train empty', /no folders in '.*empty'/],
  ['train text.txt', /is no data set that is known/],
  ['train broken-images-idx3-ubyte', /broken-labels-idx1-ubyte', cannot be read|broken-images/],
  ['train photos --model resnet9', /depth must be 18, 34/],
  ['train photos --model nothing', /neither a model file nor a network/],
  ['train photos --model text.txt', /its ending is of no format/],
  ['train photos --model bad.json', /layer 1 has the type 'flaten'.*did you mean 'flatten'/],
  ['train photos --freeze bsae', /no layer 'bsae' \(did you mean 'base'\?\)/],
  ['train one', /all images are of one class, 'cats': there is nothing to tell apart/],
  ['train few', /too few images to split some off .* or --validation-split 0/],
  ['train short.bin', /^error: '[^']*short.bin' has 9 bytes, which is no whole number of records/],
  ['train photos -o nowhere/a.wasmgrad', /there is no folder 'nowhere' for 'nowhere.a.jsonl'/],
  ['train photos --labels none.txt', /the labels, '[^']*none.txt', cannot be read/],
  ['train photos --labels one.txt --epochs 1', /there are 1 labels, but the classes go up to 1/],
  ['train --resume none.wasmgrad', /the log of the training, 'none.jsonl', cannot be read/],
  ['predict none.wasmgrad photos', /there is no file or folder 'none.wasmgrad'/],
  ['predict text.txt photos', /its ending is of no format/],
  ['predict bad.wasmgrad photos', /'bad.wasmgrad': (?!loadModel)/],
  ['predict bad.wasmgrad nowhere', /no file or folder 'nowhere'/],
  ['predict bad.wasmgrad empty', /no images in 'empty'/],
  ['evaluate bad.wasmgrad photos', /'bad.wasmgrad': (?!loadModel)/],
  ['evaluate bad.wasmgrad nowhere', /no file or folder 'nowhere'/],
  ['report bad.wasmgrad photos', /'bad.wasmgrad': (?!loadModel)/],
  ['report bad.wasmgrad nowhere', /no file or folder 'nowhere'/],
  ['report bad.wasmgrad photos --log none.jsonl', /'none.jsonl', cannot be read/],
  ['predict map.json photos', /^error: the model's output is \[16, 16, 3\], not \[classes\]\n$/],
  ['evaluate map.json photos', /^error: the model's output is \[16, 16, 3\], not \[classes\]\n$/],
  ['report map.json photos', /^error: the model's output is \[16, 16, 3\], not \[classes\]\n$/],
  ['summary folder.onnx', /'folder.onnx' is a folder, not a model's file/],
  ['summary none.wasmgrad', /there is no file or folder 'none.wasmgrad'/],
  ['summary lenet', /did you mean 'lenet5'/],
  ['convert bad.json out.wasmgrad', /layer 1 has the type 'flaten'/],
  ['convert bad.json out.onnx', /layer 1 has the type 'flaten'/],
  ['convert net.json nowhere/out.onnx', /there is no folder 'nowhere' for 'nowhere.out.onnx'/],
  ['convert net.json out.onnx --labels one.txt', /a text for each of 2 classes, not 1 labels/],
  ['convert bad.json out.txt', /its ending is of no format of models/],
  ['convert tfjs.json out.wasmgrad', /'tfjs.json': /],
  ['profile nothing', /neither a model file nor a network/],
  ['bench nothing', /neither a model file nor a network/],
];

test('what fails says why, in one line, with exit code 1', async () => {
  await inFolder(async (folder) => {
    write(folder, {
      'empty/.keep': '',
      'text.txt': 'hello',
      'one.txt': 'one\n',
      'bad.wasmgrad': 'no model at all',
      'broken-images-idx3-ubyte': Uint8Array.of(0, 0, 8, 3, 0),
      'bad.json': '{"inputShape":[16,16,1],"layers":[{"type":"relu"},{"type":"flaten"}]}',
      'tfjs.json': '{"modelTopology":{}}',
      'net.json': network,
      'map.json':
        '{"inputShape":[16,16,1],"layers":[{"type":"conv2d","filters":3,"kernelSize":1}]}',
      'short.bin': 'too short',
      'folder.onnx/.keep': '',
    });
    const all = await photos(4);
    const [picture, other] = Object.values(all);
    write(join(folder, 'photos'), all);
    write(folder, {
      'one/cats/1.png': picture,
      'few/cats/1.png': picture,
      'few/dogs/1.png': other,
    });
    const args = failing.map(([line]) => [...line.split(' '), '--threads', '1']);
    const outcomes = runAll(args, folder);
    for (const [i, [line, says]] of failing.entries()) {
      const { code, stdout, stderr } = outcomes[i];
      assert.is(code, 1, `${line}: ${stderr}`);
      assert.is(stdout, '', line);
      assert.match(stderr, says, line);
      assert.match(stderr, /^error: [^\n]+\n$/, line);
    }
    assert.not.ok(existsSync(join(folder, 'model.wasmgrad')));
  });
});

test('info tells what runs here', async () => {
  const { code, stdout } = await run(['info', '--json', '--threads', '2', '--simd', 'strict']);
  assert.is(code, 0);
  const info = JSON.parse(stdout);
  assert.equal([info.kernels.threads, info.kernels.simd], [2, 'strict']);
  assert.ok(info.peaks['GFLOP/s'] > 0 && info.peaks['GB/s'] > 0);
  const { stdout: text } = await run(['info', '--threads', '1']);
  assert.match(text, /GFLOP\/s \(matrix product in cache\)/);
  assert.match(text, /images {5}(read by sharp|PNG, JPEG, WebP, BMP; others: npm install sharp)/);
});

test('summary, profile and bench of a network of the zoo', () => {
  const lines = [
    'summary lenet5',
    'summary lenet5 --json',
    'profile lenet5 --train --batch-size 4 --json',
    'bench lenet5 --batch-size 4 --seconds 0.01 --json',
    'bench lenet5 resnet20 --batch-size 4 --seconds 0.01 --input-shape 32x32x3',
  ];
  const [summary, described, profiled, measured, bench] = runAll(
    lines.map((line) => line.split(' ')),
  ).map(({ stdout }) => stdout);
  assert.match(summary, /61,706 trainable/);
  assert.equal(JSON.parse(described).layers[0].outputShape, [28, 28, 6]);
  const passes = JSON.parse(profiled).rows.map(({ pass }: { pass: string }) => pass);
  assert.equal([...new Set(passes)], ['forward', 'backward', 'update']);
  const [row] = JSON.parse(measured).rows;
  assert.ok(row.predicting > 0 && row.training > 0);
  assert.match(
    bench,
    /^images per second .*\nlenet5 {5}predicting .*\nresnet20 {3}predicting [\d,. ]+training [\d,. ]+\n$/,
  );
});

test('layers as JSON become a model file, and that another', async () => {
  await inFolder(async (folder) => {
    const layers = [{ type: 'flatten' }, { type: 'dense', units: 3 }];
    write(folder, { 'net.json': JSON.stringify({ inputShape: [4, 4, 3], layers }) });
    write(folder, { 'names.txt': 'cat\ndog\ncow\n' });
    const lines = [
      'convert net.json a.wasmgrad --labels names.txt --normalize imagenet',
      'convert a.wasmgrad b.safetensors',
      'summary b.safetensors',
    ];
    const [first, second, summary] = runAll(
      lines.map((line) => line.split(' ')),
      folder,
    );
    assert.equal([first.code, second.code], [0, 0]);
    const [a, b] = ['a.wasmgrad', 'b.safetensors'].map((name) => readFileSync(join(folder, name)));
    assert.equal(a, b);
    assert.match(
      summary.stdout,
      /labels: cat, dog, cow\npreprocessing: .*0\.485.*\ntrained: no steps recorded\n/,
    );
  });
});

const hasBash = process.platform === 'linux' && existsSync('/bin/bash');

/** What bash makes of a line, in which `wasmgrad` is the command line. */
const bash = (line: string, cwd?: string) =>
  spawnSync(
    '/bin/bash',
    ['-c', `wasmgrad() { '${process.execPath}' '${program}' "$@"; }; ${line}`],
    {
      cwd,
      encoding: 'utf8',
    },
  );

test('a reader that has enough ends it without an error', () => {
  if (!hasBash) return;
  const { stdout, stderr } = bash(
    'set -o pipefail; wasmgrad summary resnet110 | head -n 1; echo $?',
  );
  assert.match(stdout, /^resnet110: input 32 × 32 × 3\n0\n$/);
  assert.is(stderr, '');
});

/** What a terminal of 80 columns shows. */
const inTerminal = (line: string, env = {}): string =>
  execFileSync('script', ['-qec', `stty cols 80; ${line}`, '/dev/null'], {
    encoding: 'utf8',
    // Whatever the tests themselves are run with.
    env: { ...process.env, NO_COLOR: '', TERM: 'xterm', ...env },
  });
const hasTerminal = process.platform === 'linux' && existsSync('/usr/bin/script');

test('what is piped is not mixed with progress in the terminal', async () => {
  if (!hasTerminal) return;
  await inFolder(async (folder) => {
    write(folder, { 'net.json': network, ...(await photos(4)) });
    const predict = `cd '${folder}'; '${process.execPath}' '${program}' predict net.json upright level`;
    assert.not.match(inTerminal(`${predict} | cat`), '2 of 4');
    assert.match(inTerminal(`${predict} > all.txt`), '2 of 4');
  });
});

test('nobody who reads the progress: the training goes on', async () => {
  if (!hasBash) return;
  await inFolder(async (folder) => {
    write(folder, idxFiles(64));
    const line = 'wasmgrad train train-images-idx3-ubyte --epochs 3 2> >(head -n 1 >&2)';
    const { status, stdout } = bash(`${line}; echo "code $?"`, folder);
    assert.is(status, 0);
    assert.match(stdout, /model.wasmgrad {3}loss .*\ncode 0\n$/s);
  });
});

test('colours in terminals alone, and not with NO_COLOR', async () => {
  assert.not.match((await run(['--help'])).stdout, '\x1b');
  if (!hasTerminal) return;
  const help = `'${process.execPath}' '${program}' --help`;
  assert.match(inTerminal(help), '\x1b[1m');
  assert.not.match(inTerminal(help, { NO_COLOR: '1' }), '\x1b');
  assert.not.match(inTerminal(help, { TERM: 'dumb' }), '\x1b');
});

test('a bar and curves in terminals alone', async () => {
  await inFolder(async (folder) => {
    write(folder, idxFiles(64));
    const output = ['--output', 'my model.wasmgrad'];
    const args = ['train', 'train-images-idx3-ubyte', '--epochs', '2', ...output];
    const piped = await run(args, folder);
    assert.is(piped.code, 0);
    // To be typed as it is.
    assert.match(piped.stderr, "next: npx wasmgrad predict 'my model.best.wasmgrad' IMAGE");
    assert.match(piped.stderr, "or: npx wasmgrad report 'my model.best.wasmgrad' DATA");
    for (const mark of ['━', '\r', '\x1b', '┤']) assert.not.match(piped.stderr, mark);
    if (!hasTerminal) return;
    const shown = inTerminal(
      `cd '${folder}'; '${process.execPath}' '${program}' ${args.map(quoted).join(' ')} --force`,
    );
    assert.match(shown, /epoch 1\/2 {2}━+ .* images\/s/);
    assert.match(shown, '● val_loss');
    // A line that is overwritten never breaks.
    const bars = shown
      .replaceAll('\n', '\r\x1b[2K')
      .split('\r\x1b[2K')
      .filter((part) => part.includes('━'));
    assert.ok(bars.length > 0 && bars.every((bar) => bar.length < 80));
    // An epoch goes on below itself.
    const epoch = stripVTControlCharacters(shown)
      .split(/\r?\n/)
      .filter((line) => /val_loss \d/.test(line));
    assert.match(epoch[0], /epoch 1\/2 {3}loss .* val_loss \d\.\d+$/);
    assert.match(shown, /\n {12}val_accuracy \d\.\d+ {3}/);
    assert.match(shown, /my model.wasmgrad {3}loss .*\r?\n {20}val_accuracy \d\.\d+\r?\n/);
  });
});

test('a matrix that is wider than the terminal gives way to the worst confusions', async () => {
  await inFolder(async (folder) => {
    const layers = [{ type: 'globalAvgPool2d' }, { type: 'dense', units: 10 }];
    write(folder, {
      'net.json': JSON.stringify({ inputShape: [32, 32, 3], layers }),
      'batch.bin': new Uint8Array(4 * 3073).map((_, i) => (i % 3073 === 0 ? i / 3073 : i % 251)),
    });
    const whole = (await run(['evaluate', 'net.json', 'batch.bin'], folder)).stdout;
    assert.match(whole, 'right ╲ predicted');
    if (!hasTerminal) return;
    const evaluate = `'${process.execPath}' '${program}' evaluate net.json batch.bin`;
    const shown = inTerminal(`cd '${folder}'; ${evaluate}`);
    assert.not.match(shown, 'predicted');
    assert.match(shown, /\n\d × \w+, taken for \w+\r?\n/);
    assert.match(shown, /the whole matrix has \d+ columns: pipe it into less -S/);
  });
});

test('the program can be executed', () => {
  assert.match(readFileSync(program, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  assert.ok(process.platform === 'win32' || statSync(program).mode & 0o100);
});

test.run();
