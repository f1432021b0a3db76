// The faults that `npm run mutate` plants, as data: in `file`, `from` becomes `to`. Where `from` is
// there more than once, `nth` (from 0) says which. `threads` marks what only the threads build has.

/** Which of several places a fault is for, and whether only the threads build has it. */
interface Where {
  nth?: number;
  threads?: boolean;
}
/** A fault, and why it is one. */
export interface Mutant extends Where {
  file: string;
  from: string;
  to: string;
  why: string;
}
type Fault = [from: string, to: string, why: string, where?: Where];

/** The tests most likely to notice a fault, by the file that it is in. */
const nearest: Readonly<Record<string, string[]>> = {
  'assembly/arrays/axis.ts': ['arrays/resize', 'arrays/pool3d'],
  'assembly/arrays/combine.ts': ['arrays/combine', 'arrays/reduce'],
  'assembly/arrays/copy.ts': ['arrays/rearrange', 'arrays/conv3d'],
  'assembly/arrays/elementwise.ts': ['arrays/map'],
  'assembly/arrays/groupnorm.ts': ['arrays/groupnorm'],
  'assembly/arrays/reduce.ts': ['arrays/reduce'],
  'assembly/arrays/scalar.ts': ['arrays/map', 'arrays/combine'],
  'assembly/arrays/taps.ts': ['arrays/resize', 'arrays/rearrange', 'arrays/pool3d'],
  'bindings/team.ts': ['arrays/module', 'runtime/threads'],
  'assembly/activation/activation.ts': ['kernels/activation', 'lowering/gradients'],
  'assembly/norm/batchnorm.ts': ['kernels/batchnorm', 'golden/layers', 'kernels/convtranspose'],
  'assembly/norm/lines.ts': ['kernels/batchnorm', 'golden/layers', 'kernels/convtranspose'],
  'assembly/optimizer/clip.ts': ['kernels/optimizer', 'kernels/program'],
  'assembly/pool/argmax.ts': ['kernels/pool', 'kernels/channelpool', 'kernels/guarded'],
  'assembly/pool/blur.ts': ['kernels/blurpool'],
  'assembly/pool/channelpool.ts': ['kernels/channelpool', 'kernels/guarded'],
  'assembly/merge/blend.ts': ['kernels/blend', 'kernels/guarded'],
  'assembly/optimizer/average.ts': ['kernels/optimizer'],
  'assembly/optimizer/sums.ts': ['kernels/optimizer', 'kernels/blend', 'kernels/program'],
  'assembly/merge/concat.ts': ['kernels/concat', 'kernels/guarded'],
  'assembly/conv/conv.ts': ['kernels/conv', 'kernels/parts'],
  'assembly/conv/convbackward.ts': ['kernels/conv', 'kernels/parts'],
  'assembly/conv/depthblock.ts': ['kernels/depthwise', 'kernels/program'],
  'assembly/conv/depthtile.ts': ['kernels/depthwise', 'kernels/program'],
  'assembly/conv/depthwise.ts': ['kernels/depthwise', 'kernels/program'],
  'assembly/core/elementwise.ts': ['kernels/activation', 'base/random'],
  'assembly/merge/gate.ts': ['kernels/multiply', 'base/random'],
  'assembly/gemm/gemm.ts': ['kernels/matmul', 'kernels/parts', 'runtime/revectorize'],
  'assembly/gemm/multiply.ts': ['kernels/matmul', 'kernels/parts', 'runtime/revectorize'],
  'assembly/gemm/spare.ts': ['kernels/matmul', 'kernels/conv', 'runtime/revectorize'],
  'assembly/conv/im2col.ts': ['kernels/im2col', 'kernels/conv'],
  'assembly/conv/lines.ts': ['kernels/conv'],
  'assembly/loss/loss.ts': ['kernels/loss', 'kernels/metric'],
  'assembly/loss/metric.ts': ['kernels/metric', 'training/ignoreclass'],
  'assembly/pool/lppool.ts': ['kernels/pool'],
  'assembly/norm/lrn.ts': ['kernels/lrn', 'kernels/program'],
  'assembly/norm/moments.ts': [
    'kernels/batchnorm',
    'golden/layers',
    'lowering/fusion',
    'graph/fusion',
  ],
  'assembly/optimizer/optim.ts': ['kernels/optimizer', 'golden/layers'],
  'assembly/gemm/pack.ts': ['kernels/conv', 'kernels/matmul', 'runtime/revectorize'],
  'assembly/winograd/points.ts': ['kernels/winograd', 'kernels/rounding'],
  'assembly/spatial/pad.ts': ['kernels/pad', 'kernels/guarded'],
  'assembly/pool/pool.ts': [
    'kernels/pool',
    'kernels/adaptive',
    'kernels/program',
    'golden/spatial',
  ],
  'assembly/pool/poolwindow.ts': ['kernels/adaptive', 'kernels/pool', 'kernels/program'],
  'assembly/core/program.ts': ['kernels/program', 'runtime/threads'],
  'assembly/core/team.ts': ['runtime/threads'],
  'assembly/core/random.ts': ['base/random'],
  'assembly/dense/rbf.ts': ['kernels/rbf'],
  'assembly/core/reduce.ts': ['kernels/reduce', 'kernels/conv', 'kernels/loss'],
  'assembly/core/rows.ts': ['kernels/reduce', 'kernels/batchnorm'],
  'assembly/core/simd.ts': [
    'kernels/activation',
    'kernels/pool',
    'kernels/optimizer',
    'kernels/guarded',
    'kernels/im2col',
    'kernels/pad',
  ],
  'assembly/activation/softmax.ts': ['kernels/loss', 'kernels/activation', 'training/ignoreclass'],
  'src/training/fill.ts': ['training/ignoreclass', 'training/sampleweights'],
  'assembly/gemm/tile.ts': ['kernels/matmul', 'kernels/conv', 'runtime/revectorize'],
  'assembly/spatial/upsample.ts': ['kernels/upsampling', 'kernels/guarded'],
  'assembly/winograd/patch.ts': ['kernels/winograd'],
  'assembly/winograd/forward.ts': [
    'kernels/winograd',
    'runtime/revectorize',
    'kernels/program',
    'kernels/rounding',
  ],
  'assembly/winograd/backward.ts': [
    'kernels/winograd',
    'kernels/program',
    'kernels/rounding',
    'runtime/revectorize',
  ],
  'src/operators/conv/epilogue.emit.ts': [
    'kernels/convtranspose',
    'kernels/conv',
    'lowering/fusion',
    'model/convtranspose',
  ],
  'src/operators/convtranspose/convtranspose.emit.ts': [
    'kernels/convtranspose',
    'lowering/gradients',
  ],
  'src/operators/conv/depthwise.emit.ts': ['kernels/depthwise'],
  'assembly/merge/shortcut.ts': ['kernels/shortcut'],
  'src/operators/optimizer/optimizer.emit.ts': [
    'kernels/optimizer',
    'golden/training',
    'training/halves',
    'training/feed',
  ],
  'src/operators/loss/metric.emit.ts': ['training/metrics', 'training/losses'],
  'src/program/cache.ts': ['program/cache'],
  'src/tensor/eager.ts': ['program/cache'],
  'src/tensor/signature.ts': ['program/cache'],
  'src/training/engine.ts': [
    'training/found',
    'training/halves',
    'training/feed',
    'training/callbacks',
  ],
  'src/operators/pool/blur.emit.ts': ['kernels/blurpool'],
  'src/operators/conv/conv.emit.ts': ['kernels/convtranspose', 'kernels/conv', 'kernels/pad'],
  'src/operators/conv/geometry.emit.ts': ['kernels/conv', 'kernels/pad'],
  'src/operators/norm/lrn.emit.ts': ['kernels/lrn'],
  'src/operators/pool/pool.emit.ts': ['kernels/pool', 'kernels/adaptive'],
  'src/lowering/fuse.ts': ['graph/fusion', 'lowering/fusion', 'graph/random', 'graph/gradients'],
  'src/lowering/logits.ts': [
    'training/logits',
    'graph/gradients',
    'model/gradients',
    'training/found',
  ],
  'src/lowering/lower.ts': [
    'graph/fusion',
    'graph/random',
    'graph/gradients',
    'model/gradients',
    'graph/freezing',
    'graph/fixed',
  ],
  'src/lowering/pending.ts': ['graph/fusion', 'graph/random'],
  'src/lowering/place.ts': [
    'graph/fusion',
    'graph/random',
    'model/customlayer',
    'graph/checkpointing',
    'graph/finite',
    'lowering/gradients',
    'lowering/fusion',
    'golden/layers',
  ],
  'src/model/save.ts': ['graph/freezing', 'graph/save'],
  'src/lowering/segments.ts': ['graph/fusion'],
  'src/program/prune.ts': ['model/gradients', 'graph/gradients'],
  'src/program/spare.ts': ['program/cache'],
  'src/operators/dropout/dropout.layer.ts': ['model/gradients', 'graph/gradients'],
  'src/lowering/store.ts': ['graph/sharing'],
  'src/lowering/weightgradients.ts': ['graph/sharing', 'graph/random', 'graph/gradients'],
  'src/lowering/weights.ts': [
    'graph/freezing',
    'graph/sharing',
    'training/callbacks',
    'training/found',
  ],
  'src/operators/conv/winograd.emit.ts': ['kernels/winograd'],
  'src/lowering/objective.ts': ['training/metrics', 'training/losses'],
};

/** Puts those first; last that of threads, which needs a second build where it is not built first. */
export function nearestFirst(names: string[], file: string, threads: boolean): string[] {
  const near = nearest[file] ?? [];
  const rank = (name: string): number => {
    const at = near.indexOf(name.replaceAll('\\', '/'));
    if (at >= 0) return at;
    return near.length + (name === 'runtime/threads' && !threads ? 1 : 0);
  };
  return names.sort((a, b) => rank(a) - rank(b));
}

const fault = (file: string, ...[from, to, why, more]: Fault): Mutant => ({
  file,
  from,
  to,
  why,
  ...more,
});
const tile = (...rest: Fault) => fault('assembly/gemm/tile.ts', ...rest);
const gemm = (...rest: Fault) => fault('assembly/gemm/gemm.ts', ...rest);
const multiply = (...rest: Fault) => fault('assembly/gemm/multiply.ts', ...rest);
const spare = (...rest: Fault) => fault('assembly/gemm/spare.ts', ...rest);
const conv = (...rest: Fault) => fault('assembly/conv/conv.ts', ...rest);
const convbackward = (...rest: Fault) => fault('assembly/conv/convbackward.ts', ...rest);
const im2col = (...rest: Fault) => fault('assembly/conv/im2col.ts', ...rest);
const lines = (...rest: Fault) => fault('assembly/conv/lines.ts', ...rest);
const depthblock = (...rest: Fault) => fault('assembly/conv/depthblock.ts', ...rest);
const depthtile = (...rest: Fault) => fault('assembly/conv/depthtile.ts', ...rest);
const depthwise = (...rest: Fault) => fault('assembly/conv/depthwise.ts', ...rest);
const winograd = (...rest: Fault) => fault('assembly/winograd/forward.ts', ...rest);
const patch = (...rest: Fault) => fault('assembly/winograd/patch.ts', ...rest);
const winogradBackwardFilter = (...rest: Fault) => fault('assembly/winograd/backward.ts', ...rest);
const points = (...rest: Fault) => fault('assembly/winograd/points.ts', ...rest);
const pack = (...rest: Fault) => fault('assembly/gemm/pack.ts', ...rest);
const pool = (...rest: Fault) => fault('assembly/pool/pool.ts', ...rest);
const poolwindow = (...rest: Fault) => fault('assembly/pool/poolwindow.ts', ...rest);
const lppool = (...rest: Fault) => fault('assembly/pool/lppool.ts', ...rest);
const argmax = (...rest: Fault) => fault('assembly/pool/argmax.ts', ...rest);
const channelpool = (...rest: Fault) => fault('assembly/pool/channelpool.ts', ...rest);
const lrn = (...rest: Fault) => fault('assembly/norm/lrn.ts', ...rest);
const pad = (...rest: Fault) => fault('assembly/spatial/pad.ts', ...rest);
const upsample = (...rest: Fault) => fault('assembly/spatial/upsample.ts', ...rest);
const concat = (...rest: Fault) => fault('assembly/merge/concat.ts', ...rest);
const blur = (...rest: Fault) => fault('assembly/pool/blur.ts', ...rest);
const norm = (...rest: Fault) => fault('assembly/norm/batchnorm.ts', ...rest);
const normlines = (...rest: Fault) => fault('assembly/norm/lines.ts', ...rest);
const moments = (...rest: Fault) => fault('assembly/norm/moments.ts', ...rest);
const rows = (...rest: Fault) => fault('assembly/core/rows.ts', ...rest);
const activation = (...rest: Fault) => fault('assembly/activation/activation.ts', ...rest);
const element = (...rest: Fault) => fault('assembly/core/elementwise.ts', ...rest);
const gate = (...rest: Fault) => fault('assembly/merge/gate.ts', ...rest);
const rbf = (...rest: Fault) => fault('assembly/dense/rbf.ts', ...rest);
const random = (...rest: Fault) => fault('assembly/core/random.ts', ...rest);
const softmax = (...rest: Fault) => fault('assembly/activation/softmax.ts', ...rest);
const reduce = (...rest: Fault) => fault('assembly/core/reduce.ts', ...rest);
const optim = (...rest: Fault) => fault('assembly/optimizer/optim.ts', ...rest);
const simd = (...rest: Fault) => fault('assembly/core/simd.ts', ...rest);
const loss = (...rest: Fault) => fault('assembly/loss/loss.ts', ...rest);
const metric = (...rest: Fault) => fault('assembly/loss/metric.ts', ...rest);
const blend = (...rest: Fault) => fault('assembly/merge/blend.ts', ...rest);
const sums = (...rest: Fault) => fault('assembly/optimizer/sums.ts', ...rest);
const average = (...rest: Fault) => fault('assembly/optimizer/average.ts', ...rest);
const clip = (...rest: Fault) => fault('assembly/optimizer/clip.ts', ...rest);
const update = (...rest: Fault) => fault('src/operators/optimizer/optimizer.emit.ts', ...rest);
const objective = (...rest: Fault) => fault('src/lowering/objective.ts', ...rest);
const program = (...rest: Fault) => fault('assembly/core/program.ts', ...rest);
const team = (...rest: Fault) => fault('assembly/core/team.ts', ...rest);
const transpose = (...rest: Fault) =>
  fault('src/operators/convtranspose/convtranspose.emit.ts', ...rest);
const geometry = (...rest: Fault) => fault('src/operators/conv/geometry.emit.ts', ...rest);
const lower = (...rest: Fault) => fault('src/lowering/lower.ts', ...rest);
const place = (...rest: Fault) => fault('src/lowering/place.ts', ...rest);
const fuse = (...rest: Fault) => fault('src/lowering/fuse.ts', ...rest);
const pending = (...rest: Fault) => fault('src/lowering/pending.ts', ...rest);
const shortcut = (...rest: Fault) => fault('assembly/merge/shortcut.ts', ...rest);
const weights = (...rest: Fault) => fault('src/lowering/weights.ts', ...rest);
const logits = (...rest: Fault) => fault('src/lowering/logits.ts', ...rest);
const rating = (...rest: Fault) => fault('src/operators/loss/metric.emit.ts', ...rest);
const signature = (...rest: Fault) => fault('src/tensor/signature.ts', ...rest);
const engine = (...rest: Fault) => fault('src/training/engine.ts', ...rest);
const passes = (...rest: Fault) => fault('src/operators/conv/winograd.emit.ts', ...rest);

/** One fault to a line. */
// biome-ignore format: a table
export const mutants: Mutant[] = [
  tile('if (mr == 3) return;', '', 'MR tail: a row too many', { nth: 3 }),
  tile('let c20 = bias0, c21 = bias1;', 'let c20 = bias0, c21 = bias0;', 'bias of the lower half for the upper', { nth: 0 }),
  tile('v128.store(spare, c11, 48)', 'v128.store(spare, c10, 48)', 'narrow tiles: half a row repeated', { nth: 0 }),
  tile('v128.store(to, relu(c41), 16)', 'v128.store(to, c41, 16)', 'ReLU left out in one half of a row', { nth: 0 }),
  tile('c01 = madd(s, b1, c01)', 'c01 = madd(s, b0, c01)', 'one row: the upper half multiplies the lower columns', { nth: 0 }),
  tile('c13 = madd(s, b3, c13)', 'c13 = madd(s, b2, c13)', 'the wide tile multiplies a column twice', { nth: 0 }),
  tile('v128.store(spare, c33, 240)', 'v128.store(spare, c32, 240)', 'the wide tile: a quarter of a row repeated', { nth: 0 }),

  gemm('const addend = k0 ? ITSELF : NOTHING;', 'const addend = NOTHING;', 'blocks of k not added up'),
  gemm('const bias = k0 || !op.bias ?', 'const bias = !op.bias ?', 'bias added with every block of k'),
  gemm('const rectify = last && op.rectify != 0;', 'const rectify = op.rectify != 0;', 'ReLU after every block of k'),
  gemm('const length = min(kc, op.k - k0);', 'const length = kc;', 'k tail: the last block runs on'),
  gemm('((<usize>(k0 * op.lda + first)) << 2)', '((<usize>(k0 * op.lda)) << 2)', 'transposed A: always the first rows'),
  gemm('const rows = min(block, op.m - first);', 'const rows = min(block - 1, op.m - first);', 'the last row of a block left out'),
  multiply('const exact = addend != NOTHING || nr < columns;', 'const exact = addend != NOTHING;', 'narrow tiles stored whole'),
  multiply('((<usize>(j * k + k0 * columns)) << 2)', '((<usize>(j * k + k0 * 8)) << 2)', 'wide panels: the second block of k begins elsewhere'),
  spare('f32x4.add(c1, v128.load(from, 16))', 'v128.load(from, 16)', 'tiles forget the block before'),
  spare('f32x4.splat(rectify ? 0 : -Infinity)', 'f32x4.splat(-Infinity)', 'ReLU left out behind the first block of k', { nth: 0 }),
  spare('const spills = 2 * nr >= columns;', 'const spills = true;', 'few columns stored beyond the last row'),
  multiply('addend != NOTHING || i + mr >= rows || ', 'addend != NOTHING || ', 'the last tile of narrow rows stored too far'),
  multiply('return 2 * nr >= columns && step ==', 'return step ==', 'narrow tiles stored beyond the next'),
  spare('const whole = spills && next == to + ((<usize>nr) << 2);', 'const whole = spills;', 'narrow rows stored over their neighbours'),

  conv('k0 ? 0 : bias,\n      last', 'bias,\n      last', 'bias added with every block of k'),
  conv('last && op.rectify != 0', 'op.rectify != 0', 'ReLU after every block of k'),
  conv('const x = op.x + ((<usize>(group * op.channels)) << 2);', 'const x = op.x;', 'every group reads the first', { nth: 0 }),
  conv('op.bias + ((<usize>(group * n + column)) << 2)', 'op.bias + ((<usize>column) << 2)', 'every group has the bias of the first'),
  conv('op.bias + ((<usize>(group * n + column)) << 2)', 'op.bias + ((<usize>(group * n)) << 2)', 'every part has the bias of the first'),
  convbackward('const stop = (runs * perRun * (part + 1)) / op.parts;', 'const stop = ((runs * perRun) / op.parts) * (part + 1);', 'filter gradient: no part has the rows that are left where they do not divide'),
  gemm('op.bias + ((<usize>column) << 2)', 'op.bias', 'every part has the bias of the first'),
  conv('pad == 0 && (outputs - 1) * stride < side', '(outputs - 1) * stride < side', 'padded 1×1 kernels skip the gathering'),
  convbackward('p0 > from ?', 'p0 > 0 ?', 'partial sums begin with what was there'),
  convbackward('const ld = n * op.groups;', 'const ld = n;', 'filter gradient: the stride of one group'),
  convbackward('return op.batch * op.groups;', 'return op.batch;', 'input gradient: one group only'),

  conv('k0 ? 0 : op.bias,', 'op.bias,', 'lines: bias added with every block of k'),
  conv('placeTaps(op, offsetTable(scratch), k0, steps);', 'placeTaps(op, offsetTable(scratch), 0, steps);', 'lines: every block of k reads the first'),
  convbackward('const joined = op.dilationWidth == 1;', 'const joined = true;', 'lines: filter gradient joins dilated taps'),
  convbackward('at > first ?', 'at > 0 ?', 'lines: partial sums begin with what was there'),

  lines('if (op.channels != op.pixelChannels ||', 'if (', 'lines read for one group out of many'),
  lines('const top = first * op.strideHeight - op.padTop;', 'const top = first * op.strideHeight;', 'lines: the padding above'),
  lines('const start = -op.padLeft * op.channels;', 'const start = 0;', 'lines: the padding at the left'),
  lines('min(start + width, own)', 'start + width', 'lines: the right border is not clipped'),
  lines('(<usize>(op.strideHeight * lineFloats(op))) << 2', '(<usize>(lineFloats(op))) << 2', 'lines: vertical stride ignored'),
  lines('(<usize>(op.dilationHeight * lineFloats(op))) << 2', '(<usize>(lineFloats(op))) << 2', 'lines: vertical dilation ignored'),
  lines('(op.kernelWidth - 1) * op.dilationWidth + 1)', '(op.kernelWidth - 1) + 1)', 'lines too short for dilated kernels'),
  lines('return <i64>lines * lineFloats(op) <= room;', 'return true;', 'lines that do not fit into scratch'),

  depthtile('j = min(j + SIDE, columns - SIDE);', 'j += SIDE;', 'the last tile goes on behind the line'),
  depthtile('v128.store(to, f32x4.pmax(c1, least1), 16);', 'v128.store(to, c1, 16);', 'ReLU forgotten'),
  depthtile('d1 = madd(x51, w21, d1);', '', 'a run of three: the last tap of the last output'),
  depthtile('d0 = madd(x40, w10, d0);', '', 'a run of two: the last tap of the last output', { nth: 1 }),
  depthtile('d1 = madd(x31, w01, d1);', '', 'a run of one: the last output', { nth: 2 }),
  depthtile('t1 = madd(v128.load(at + t, 16), g1, t1);', '', 'filter gradient: the fifth tap'),
  depthblock('min(lines, op.outputHeight - b.i)', 'lines', 'more lines than there are'),
  depthblock('min(columns, op.outputWidth - b.j)', 'columns', 'more columns than there are'),
  depthblock('min(CHANNELS, op.channels - channel)', 'CHANNELS', 'more channels than there are'),
  depthblock('(stride - 1 - left) / stride', '-left / stride', 'the first column inside, rounded down'),
  depthblock('(op.width - left + stride - 1) / stride', '(op.width - left) / stride', 'the last column inside, rounded down'),
  depthblock('clear(to, before);', '', 'nothing to the left of the image'),
  depthblock('clear(to, b.phase);', '', 'nothing above and below the image'),
  depthblock('if (<u32>h < <u32>op.height)', 'if (h < op.height)', 'lines above the image'),
  depthblock('op.strideHeight + reach(op.kernelHeight, op.dilationHeight);', 'op.strideHeight + op.kernelHeight;', 'lines that dilated taps see'),
  depthblock('return (w - steps * op.strideWidth) * b.phase + steps;', 'return w;', 'columns in their own order'),
  depthwise('op.rectify ? 0 : -Infinity', '-Infinity', 'ReLU forgotten'),
  depthwise('else fillPixel(to + PIXEL, 0);', '', 'the bias of another op'),
  depthwise('op.strideWidth % op.dilationWidth == 0', 'op.strideWidth >= op.dilationWidth', 'runs where no taps are neighbours'),
  depthwise('length == 3 || taps - threes != length', 'length != 2 || taps - threes != length', 'single taps forgotten'),
  depthwise('const tap = op.firstTap + r * op.tapRow + s * op.tapColumn;', 'const tap = r * op.tapRow + s * op.tapColumn;', 'backward with the taps of another residue'),
  depthwise('count >= 8 && b.columns >= SIDE', 'count >= 8', 'a line narrower than a tile'),
  depthwise('if (count > 4) storeLanes', 'if (count > 5) storeLanes', 'the fifth channel'),
  depthwise('(blocks * (split + 1)) / op.splits', 'blocks', 'filter gradient: blocks counted twice'),
  depthwise('tap += TAPS', 'tap += TAPS + 1', 'filter gradient: every sixth tap'),
  fault('src/operators/conv/depthwise.emit.ts', 'single && height * width <= MOST_PIXELS', 'single', 'kernels larger than a block'),

  points('f32x4.splat(B / 6.0)', 'f32x4.splat(B / 3.0)', 'filters: a divisor'),
  winograd('for (let tap = 8; tap >= 0; tap--) {', 'for (let tap = 0; tap < 9; tap++) {', 'backward-data: taps not turned round'),
  winograd('v128.shuffle<i32>(v2, v3, 2, 6, 3, 7)', 'v128.shuffle<i32>(v2, v3, 2, 6, 7, 3)', 'backward-data: two filters swapped'),
  winograd('stageFlipped(op, stage, p, op.first + j + c)', 'stageFlipped(op, stage, p, j + c)', 'backward-data: every part has the first columns'),
  passes('all.view([columns], first)', 'all.view([columns])', 'all parts to the first columns'),
  winograd('const rows = min(4, k - p);', 'const rows = 4;', 'filters: rows that do not exist are packed'),
  winograd('const count = min(block, patches(op) - first);', 'const count = block;', 'the last block has patches of nothing'),
  winograd('+ 2 * GAP);', '+ GAP);', 'scratch without one of the gaps between planes'),
  patch('<u32>(left + j) < <u32>op.width', 'left + j < op.width', 'patches: the left border is not clipped'),
  patch('return <u32>h < <u32>op.height ?', 'return h >= 0 ?', 'patches: the lower border is not clipped'),
  points('v128.store(to, madd(b, w, u), 16);', 'v128.store(to, madd(b, v, u), 16);', 'patches: four channels in place of the next', { nth: 0 }),
  winograd('k0 ? ITSELF : NOTHING', 'NOTHING', 'blocks of k not added up'),
  winograd('op.bias + ((<usize>(first + n)) << 2) : ZEROS;', 'op.bias + ((<usize>first) << 2) : ZEROS;', 'every eight filters have the bias of the first'),
  winograd('f32x4.splat(op.rectify ? 0 : -Infinity)', 'f32x4.splat(0)', 'ReLU where nobody asked'),
  winograd('const whole = columns == STEP && filters - n >= 8;', 'const whole = columns == STEP;', 'filters that do not exist are written'),
  winograd('columns = min(STEP, op.yWidth - left);', 'columns = STEP;', 'outputs behind the right border are written'),
  points('storeOutput(to, madd(b3, d2, madd(a3, d1, m5))', 'storeOutput(to, madd(b3, d2, madd(a3, d1, b0))', 'outputs: a line without the point at infinity'),
  winogradBackwardFilter('const end = <i32>((<i64>total * (split + 1)) / op.splits);', 'const end = begin + total / op.splits;', 'filter gradient: what does not divide into parts is lost'),
  winogradBackwardFilter('first > begin ?', 'first > 0 ?', 'filter gradient: parts begin with what was there'),
  winogradBackwardFilter('((<usize>(plane * vPlane + m0)) << 2)', '((<usize>(plane * vPlane)) << 2)', 'filter gradient: every MC channels are the first'),
  winogradBackwardFilter('mostPatches(op) > GRADIENT_BLOCK ? op.channels', 'false ? op.channels', 'filter gradient: sums of other channels added to'),
  winogradBackwardFilter('top + 3 < op.yHeight ? r0 + 3 * row : zeros', 'r0 + 3 * row', 'filter gradient: a line below the image'),
  winogradBackwardFilter('if (left + j < op.yWidth) gradientLine', 'if (left + j <= op.yWidth) gradientLine', 'filter gradient: a column behind the image'),
  winogradBackwardFilter('const first = panelOf(n, filters);', 'const first = n;', 'filter gradient: wide panels as if narrow'),
  points('f32x4.splat(1.0 / 3.0)', 'f32x4.splat(0.33333)', 'filter gradient: a constant in five digits'),

  im2col('top < lowest', 'top <= lowest', 'a window one line below the image counts as inside'),
  im2col('const h = top + r * op.dilationHeight;', 'const h = top + r;', 'vertical dilation ignored at the border', { nth: 0 }),
  im2col('const left = j * strideWidth - padLeft;', 'const left = j * strideWidth - padTop;', 'the padding of the other side'),
  im2col('max(0, min(run, lineFloats - at) - before)', 'max(0, run - before)', 'the right border is not clipped'),
  im2col('return op.dilationWidth == 1 && op.channels == op.pixelChannels;', 'return op.channels == op.pixelChannels;', 'taps joined in spite of dilation'),
  im2col('return at < outputs ? at : -1;', 'return at <= outputs ? at : -1;', 'col2im: one window too many'),
  im2col('i * op.strideHeight - op.padTop,\n      j', 'i - op.padTop,\n      j', 'scatter: vertical stride ignored'),

  pack('const mask3 = laneMask(n - 12);', 'const mask3 = laneMask(n - 13);', 'wide panels: the last column left out'),
  pack('v128.store(to, v1, 16);', 'v128.store(to, v0, 16);', 'wide panels: a column twice'),
  pack('for (const end = (<usize>k) << 2; p < end; p += 4) {', 'for (const end = (<usize>(k & ~3)) << 2; p < end; p += 4) {', 'transposed: the last k mod 4 rows dropped'),
  pack('((<usize>(group * op.n + j)) << 2)', '((<usize>j) << 2)', 'every group packs the first'),
  pack('(op.firstRow - r * op.rowStep)', '(op.firstRow + r * op.rowStep)', 'backward-data: taps not flipped'),
  pack('v128.shuffle<i32>(v2, v3, 2, 6, 3, 7)', 'v128.shuffle<i32>(v2, v3, 2, 6, 7, 3)', 'transposed: two elements swapped'),

  pool('v128.or(f32x4.gt(v1, best1), f32x4.ne(v1, v1))', 'v128.or(f32x4.ge(v1, best1), f32x4.ne(v1, v1))', 'the last of equal maxima, in every other vector'),
  pool('v128.or(f32x4.gt(v0, best0), f32x4.ne(v0, v0))', 'f32x4.gt(v0, best0)', 'NaN is no maximum'),
  pool('i32x4.splat(r * op.kernelWidth + s)', 'i32x4.splat(r * op.kernelHeight + s)', 'argmax with the wrong stride', { nth: 0 }),
  pool('storeLanes(y, v128.xor(best0, sign), count);', 'storeLanes(y, best0, count);', 'minima of the wrong sign'),
  pool('r1 - r0 == 2 && op.sign == 0', 'r1 - r0 == 2', 'maxima of 2×2 windows for minima'),
  pool('if (count <= 4) return;', 'if (count <= 5) return;', 'the fifth channel alone in its vector'),
  pool('strideWidth >= op.kernelWidth;', 'strideWidth > 0;', 'windows that overlap along a line taken to lie apart'),
  pool('if (apart && !isWide(op.kernelHeight * op.kernelWidth))', 'if (apart)', 'large windows: i32 read as bytes'),
  pool('const columns = inside(j, kernel, stride, pad, width, outputs);', 'const columns = kernel;', 'padding counts in averages', { nth: 0 }),
  pool('const rows = inside(\n', 'const rows = op.kernelHeight; inside(\n', 'padding counts in averages, backward'),
  pool('const s1 = min(op.kernelWidth, op.width - left);', 'const s1 = op.kernelWidth;', 'max pooling, windows apart: the right border'),
  pool('const h = task - image * op.height + op.padTop;', 'const h = task - image * op.height;', 'max pooling, windows apart: the padding above'),
  poolwindow('max(0, at + pad - kernel + stride) / stride', 'max(0, at + pad - kernel) / stride', 'backward: a window too early'),
  poolwindow('min(outputs - 1, (at + pad) / stride)', '(at + pad) / stride', 'backward: windows that do not exist'),
  poolwindow('ceilScaled(i + 1, outputs, side)', 'floorScaled(i + 1, outputs, side)', 'adaptive windows end a pixel too early'),
  poolwindow('ceilScaled(at + 1, side, outputs) - 1', 'ceilScaled(at, side, outputs)', 'adaptive, backward: too few windows'),
  poolwindow('floorScaled(at, side, outputs)', 'ceilScaled(at, side, outputs)', 'adaptive, backward: a window too late'),
  poolwindow('<i32>((<i64>i * to) / from)', '(i * to) / from', 'adaptive windows of long sides'),
  lppool('v128.xor(sum, sign)', 'sum', 'p-norm: the sign of x dropped'),
  lppool('f32x4.splat(op.p - 1)', 'f32x4.splat(op.p)', 'p-norm: derivative with the wrong power'),
  lppool('f32x4.mul(sum, f32x4.splat(op.scale))', 'sum', 'p-norm: sums for means'),
  lppool('f32x4.mul(v128.xor(sum, sign), f32x4.splat(op.scale))', 'v128.xor(sum, sign)', 'p-norm: gradients of sums for those of means'),
  argmax('if (count > 2) v128.store8_lane(to, bytes, 2, 2);', '', 'argmax of the third lane'),
  argmax('return count > MOST_BYTES;', 'return count > MOST_BYTES + 1;', 'argmax of 257 taps in bytes'),
  argmax('if (wide) storeLanes(argmax + ((<usize>index) << 2), v, count);', 'if (wide) v128.store(argmax + ((<usize>index) << 2), v);', 'wide argmax stored too far'),
  argmax('wide ? load<i32>(argmax + ((<usize>index) << 2)) : ', '', 'channel pooling: i32 read as bytes'),

  channelpool('v128.load32_lane(x2 + at, v, 2)', 'v128.load32_lane(x1 + at, v, 2)', 'a group twice'),
  channelpool('f32x4.mul(sum, f32x4.splat(1 / <f32>op.size))', 'sum', 'sums for means'),
  channelpool('v128.or(f32x4.gt(v, best), f32x4.ne(v, v))', 'v128.or(f32x4.ge(v, best), f32x4.ne(v, v))', 'the last of equal channels'),
  channelpool('i32x4.splat(at - k)', 'i32x4.splat(at)', 'the gradient in every vector of a group'),
  channelpool('f32x4.mul(dy, f32x4.splat(part))', 'dy', 'backward of means: all to each'),

  lrn('zero(own + ((<usize>op.channels) << 2), op.after);', '', 'windows that see the next row'),
  lrn('zero(squares, op.before);', '', 'windows that see what was in scratch', { nth: 0 }),
  lrn('zero(shares, op.after);', '', 'backward: windows that see what was in scratch'),
  lrn('zero(shares + ((<usize>(op.after + channels)) << 2), op.before);', '', 'backward: windows that see the lanes behind the row'),
  lrn('shares + ((<usize>(op.after + c)) << 2)', 'shares + ((<usize>(op.before + c)) << 2)', 'backward: windows of even size not turned around'),
  lrn('f32x4.splat(2 * op.scale * op.beta)', 'f32x4.splat(op.scale * op.beta)', 'half the slope'),
  lrn('if (beta != 0.75)', 'if (beta == 0)', 'every power is 0.75'),
  lrn('f32x4.mul(root, f32x4.sqrt(root))', 'root', 'roots: 0.5 for 0.75'),
  lrn('(<usize>(op.before + op.after)) << 2', '(<usize>(op.before + op.after - 1)) << 2', 'windows without their last channel'),
  lrn('max(1, TASK / op.channels)', 'TASK / op.channels', 'no rows in a task where they are long'),

  pad('at < side ? at : 2 * (side - 1) - at', 'at < side ? at : 2 * side - 1 - at', 'reflection that repeats the outermost pixel'),
  pad('if (!op.reflect && <u32>h >= <u32>op.height)', 'if (!op.reflect && h < 0)', 'zeros above but not below'),
  pad('border(op, middle + own, x, op.width, op.width + op.right);', '', 'nothing on the right'),
  pad('above < 0 && above >= -op.top', 'above < 0', 'backward: lines reflected that are not there'),
  pad('below >= op.height && below', 'below', 'backward: the last line twice'),
  pad('addSides(op, dx, first + <usize>h * line);', '', 'backward: the sides of the middle forgotten'),
  pad('dx + last - at, dy + last + at', 'dx + last - at, dy + last - at', 'backward: the right side reads the middle'),

  upsample('min(h + 1, op.height - 1)', '(h + 1)', 'bilinear: a line behind the image'),
  upsample('max(w, 0) * step', 'w * step', 'bilinear: a pixel before the line'),
  upsample('f32x4.splat(1 - share)', 'f32x4.splat(1)', 'shares of more than all'),
  upsample('at * factor - factor / 2', 'at * factor', 'backward: bilinear without the outputs before'),
  upsample('halves < 0 ? at == 0 : at == side - 1', 'at == 0', 'backward: the last pixel alone'),
  upsample('zero(mixed, floats);', '', 'backward: lines added to what was in scratch'),
  upsample('for (let s = 0; s < op.factorWidth; s++)', 'for (let s = 0; s < op.factorHeight; s++)', 'pixels repeated as often as lines'),

  concat('const last = min(op.rows, first + taskRows(op));', 'const last = first + taskRows(op);', 'rows behind the last'),
  concat('copyExactly(y, x, columns);', 'for (let c = 0; c < columns; c += 4) v128.store(y + (<usize>c << 2), v128.load(x + (<usize>c << 2)));', 'rows written into their neighbours'),
  concat('x += xRow;', 'x += yRow;', 'the rows of the whole taken for those of a part'),
  concat('max(1, TASK / max(1, op.columns))', 'TASK / max(1, op.columns)', 'no rows in a task where they are long'),

  simd('storeLanes(to + ((<usize>i) << 2), f32x4.splat(0), count - i);', 'v128.store(to + ((<usize>i) << 2), f32x4.splat(0));', 'zeros written too far'),
  simd('if (left > 0) storeLanes', 'if (left > 1) storeLanes', 'exact sums: the last number'),
  simd('const v1 = madd(v128.load(from, 16), s, v128.load(to, 16));', 'const v1 = madd(v128.load(from), s, v128.load(to, 16));', 'scaled sums: a vector twice'),
  simd('for (let left = count + 8 - i; left > 0; left -= 4) {', 'for (let left = count + 8 - i; left > 4; left -= 4) {', 'scaled sums: the last numbers'),
  fault('src/operators/pool/blur.emit.ts', '[Math.floor((kernelSize - 1) / 2), Math.ceil((kernelSize - 1) / 2)]', '[Math.ceil((kernelSize - 1) / 2), Math.floor((kernelSize - 1) / 2)]', 'even blurs lie on the other side'),
  fault('src/operators/norm/lrn.emit.ts', 'before: Math.min(Math.floor(size / 2), channels - 1)', 'before: Math.min(Math.floor((size - 1) / 2), channels - 1)', 'even windows without their first channel'),
  fault('src/operators/pool/pool.emit.ts', 'Math.ceil((h + p - 1) / p)', 'Math.ceil(h / p)', 'adaptive: the longest window too short'),
  fault('src/operators/pool/pool.emit.ts', "mode === 'mean' ? 1 / (g.kernelHeight * g.kernelWidth) : 1", '1 / (g.kernelHeight * g.kernelWidth)', 'p-norm: means for sums'),
  geometry('Math.max(0, seenWidth - g.padLeft - g.width)', '0', 'a reflected border without its right side'),
  geometry('padTop: 0, padLeft: 0, reflection', 'padTop: g.padTop, padLeft: 0, reflection', 'a reflected border and zeros around that'),
  fault('src/operators/conv/conv.emit.ts', 'const x = withBorder(e, image, g);', 'const x = image;', 'filter gradients of what is not reflected', { nth: 1 }),
  blur('choose(op.size - 1, s)', 'choose(op.size - 1, r)', 'the same row of taps along both axes'),
  blur('1 << (2 * (op.size - 1))', '1 << op.size', 'a filter that is not 1 in all'),

  norm('const half = <usize>lines * step;', 'const half = step;', 'sums of two neighbours, not of two halves'),
  norm('if (rest > 0) {', 'if (rest > columns) {', 'sums without the last row'),
  norm('spread(scratch + X, scratch + MEAN, columns, 2 * width);', 'zero(scratch + X, 2 * width);', 'lines completed with zeros, not with the mean'),
  norm('zero(scratch + DY, 2 * width);', '', 'lines of dy completed with what was there'),
  norm('block < channels; block += LINE', 'block < min(channels, LINE); block += LINE', 'statistics of the first block alone', { nth: 0 }),
  norm('f32x4.mul(sum, mean));', 'f32x4.mul(mean, mean));', 'variance: the square of the mean taken once, not per row'),
  norm('gather(scratch + PRODUCTS, columns, width);', '', 'products of the first row of each line alone'),
  norm('line < lines && whole < width', 'line + 1 < lines && whole < width', 'the end of the last line, where pairs do not fill it'),
  norm('(rows - deep * lines) * columns, pass', '(rows - deep * lines - 1) * columns, pass', 'the last row, where it fills no line'),
  norm('copyExactly(to, scratch + X, count);', 'copy(to, scratch + X, count);', 'parts of lines written too far'),
  norm('pass == Pass.Forward ? NaN : 0', '0', 'ReLU where there is none'),
  norm('pass == Pass.Forward ? NaN : 0', 'NaN', 'no ReLU where there is one'),
  normlines('const db1 = gradient(v128.load(dyb, 16), b1, scale1, beta1, rectify);', 'const db1 = v128.load(dyb, 16);', 'sums of what ReLU has not passed'),
  normlines('const dy1 = gradient(v128.load(dy + at, 16), d1, scale1, beta1, rectify);', 'const dy1 = v128.load(dy + at, 16);', 'dx of what ReLU has not passed'),
  normlines('v128.load(slot, BETA + 16) : scale1;', 'v128.load(slot, BETA) : scale1;', 'the mask with the beta of other channels'),
  normlines('f32x4.mul(f32x4.sub(own0, f32x4.mul(d0, v128.load(slot, SLOPE))), scale0)', 'f32x4.mul(own0, scale0)', 'dx without the part of the variance'),
  norm('case Pass.BackwardRectified:\n      return mapGradients(slots, to, x, dy, lines, bytes, step, true);', '', 'dx with ReLU is the output'),

  moments('const share = f32x4.splat(<f32>(rows - before) / <f32>rows);', 'const share = f32x4.splat(<f32>(rows - before) / <f32>op.rows);', 'parts merged with wrong weights'),
  moments('f32x4.mul(f32x4.splat(<f32>before), share)', 'share', 'variance between parts too small'),
  moments('f32x4.add(mean, f32x4.mul(d, share))', 'f32x4.sub(f32x4.add(f32x4.add(mean, f32x4.mul(d, share)), channel(shift, c)), channel(shift, c))', 'parts merged as if without the shift: large means are rounded each time'),
  moments('const unbiased = <f32>op.rows / <f32>max(1, op.rows - 1);', 'const unbiased: f32 = 1;', 'running variance biased'),
  moments('f32x4.add(variance, f32x4.splat(epsilon))', 'variance', 'epsilon dropped'),
  moments('blend(op.runningMean, op.mean, op.channels, op.momentum, 1 - op.momentum)', 'blend(op.runningMean, op.mean, op.channels, 1 - op.momentum, op.momentum)', 'momentum the wrong way round'),
  moments('for (let part = 0; part < op.splits; part++)', 'for (let part = 1; part < op.splits; part++)', 'gradients without the first part'),
  moments('f32x4.mul(sum, share), op', 'sum, op', 'dx: the whole of dbeta taken from each row'),

  rows('if (part == parts) return rows;', '', 'parts leave out the rows that fill no line'),
  rows('while (width > count) {', 'while (width > 2 * count) {', 'sums of every other row of a line'),
  rows('for (; count < width; count <<= 1)', 'for (; count < width / 2; count <<= 1)', 'constants for half a line'),

  element('return (op.count + TASK - 1) / TASK;', 'return (op.count + TASK - 2) / TASK;', 'the last chunk, where it is one float'),
  element('v128.store(y + at, y1, 16);', 'v128.store(y + at, y0, 16);', 'add, multiply: the second of two vectors'),
  element('f32x4.mul(v128.load(op.x + at), scale)', 'v128.load(op.x + at)', 'dropout does not scale'),
  element('i32x4.lt_u(', 'i32x4.lt_s(', 'dropout compares as signed'),
  element('<u32>i >> 2', '<u32>i >> 4', 'dropout repeats its numbers'),
  element('const step = load<u32>(op.state, 8);', 'const step: u32 = 0;', 'dropout drops the same in every step'),

  activation('v128.store(y + at, y1, 16);', 'v128.store(y + at, y0, 16);', 'the second of two vectors'),
  activation('v128.store(dx + at, dx1, 16);', 'v128.store(dx + at, dx0, 16);', 'backward: the second of two vectors'),
  activation('f32x4.splat(0.625)', 'f32x4.splat(0.0625)', 'tanh cancels where it is small'),
  activation('f32x4.mul(v, f32x4.sub(one, v))', 'f32x4.mul(v, f32x4.add(one, v))', 'a sign in the derivative of sigmoid'),
  activation('f32x4.mul(dy, alpha), dy, f32x4.le', 'f32x4.mul(dy, alpha), dy, f32x4.lt', 'the slope of leakyRelu at 0'),
  activation('f32x4.add(v, alpha), scale', 'f32x4.add(v, alpha), one', 'the slope of selu above 0'),
  activation('f32x4.add(v, alpha), scale', 'alpha, scale', 'the slope of elu below 0'),
  activation('f32x4.ge(v, top)', 'f32x4.gt(v, top)', 'a slope where relu6 is cut'),
  activation('f32x4.mul(f32x4.pmax(x, f32x4.neg(shift)), cut(', 'f32x4.mul(x, cut(', 'hardSwish of −∞'),
  activation('f32x4.add(x, f32x4.add(x, shift))', 'f32x4.add(x, shift)', 'the slope of hardSwish without its second term'),
  activation('f32x4.le(x, f32x4.neg(shift))', 'f32x4.lt(x, f32x4.neg(shift))', 'the slope of hardSwish where it begins'),
  activation('f32x4.mul(f32x4.pmax(x, f32x4.splat(-104)), sigmoid(x))', 'f32x4.mul(x, sigmoid(x))', 'silu of −∞'),
  activation('f32x4.mul(clamp(x, 104), ', 'f32x4.mul(x, ', 'the slope of silu at infinity'),
  activation('f32x4.add(log(u), f32x4.div(lost, u))', 'log(u)', 'softplus loses the digits of small eˣ'),
  activation('f32x4.sub(e, f32x4.mul(e, f32x4.mul(both, f32x4.splat(0.5))))', 'e', 'what rounding takes from a square under exp'),
  activation('-2.5583864738e-1', '-2.5583e-1', "a coefficient of gelu's tail"),
  activation('f32x4.pmin(f32x4.abs(x), f32x4.splat(FAR))', 'f32x4.abs(x)', 'gelu of infinity'),
  activation('const z = clamp(x, FAR);', 'const z = x;', 'the slope of gelu at infinity'),

  gate('v128.store(y + at, y1, 16);', 'v128.store(y + at, y0, 16);', 'the second of two vectors'),
  gate('(op.pixels + each - 1) / each', '(op.pixels + each - 2) / each', 'the last task of an image, where it is one pixel'),
  gate('const image = task / imageTasks(op);\n  for', 'const image = 0;\n  for', 'the gates of the first image for all', { nth: 0 }),
  gate('image * op.channels + block)) << 2', 'image * op.channels)) << 2', 'gates of the first block of channels for all'),
  gate('min(deep, pixels) * columns', 'deep * columns', 'a last line that is not whole'),
  gate('op.pixels, channels, part, op.splits)', 'op.pixels, channels, 0, op.splits)', 'sums of all parts up to this'),
  gate('    zero(lastB, width);\n', '', 'lines completed with what was there'),
  gate('if (rest > 0) {', 'if (rest > columns) {', 'sums without the last pixel'),
  gate('first & ~15', 'first', 'gates drawn from where a block begins'),
  gate('(task * channels + block)', '(task * channels)', 'sums of all blocks of channels in one place'),

  rbf('sum3 = nmadd(d3, d3, sum3);', '', 'the last vector of a block of units'),
  rbf('if (left > 12)', 'if (left > 13)', 'the 13th unit alone in its vector'),
  rbf('v128.and(product, laneMask(units - u))', 'product', 'the gradient of x sums lanes behind the units'),
  rbf('2 * sumLanes(sum)', 'sumLanes(sum)', 'half the gradient of x'),
  rbf('f32x4.add(sum, sum)', 'sum', "half the kernel's gradient"),
  rbf('return (op.rows + ROWS - 1) / ROWS;', 'return (op.rows + ROWS - 2) / ROWS;', 'the last task, where it is one row'),

  random('0x9e3779b9', '0x9e3779b8', 'a constant of the key schedule'),
  random('round < 10', 'round < 9', 'a round too few'),

  softmax('exp(f32x4.sub(v128.load(x + at), f32x4.splat(max)))', 'exp(v128.load(x + at))', 'maximum not subtracted'),
  softmax('v128.and(e, laneMask(n - c))', 'e', 'lanes behind the row are summed'),
  softmax('v128.bitselect(v, f32x4.splat(-Infinity), laneMask(n - c))', 'v', 'the maximum sees lanes behind the row'),
  softmax('load<f32>(dx + own) - scale * (1 - smoothing)', 'load<f32>(dx + own) + scale * (1 - smoothing)', 'the sign of the right class'),
  softmax('load<f32>(dx + own) - scale * (1 - smoothing)', 'load<f32>(dx + own) - scale', 'smoothing: the right class keeps all'),
  softmax('(scale * smoothing) / <f32>n', 'scale * smoothing', 'smoothing: each class has what is for all'),
  softmax('below = f32x4.add(below, v128.and(d, laneMask(n - c)));', 'below = f32x4.add(below, d);', 'smoothing sums lanes behind the row'),
  softmax('smoothing * (logSum + sumLanes(below) / <f32>n)', 'smoothing * logSum', 'smoothing: the loss of the other classes'),
  softmax('weight * loss);', 'loss);', 'the loss without its weight'),
  softmax('          weight * op.scale,', '          op.scale,', 'the gradient without its weight'),
  softmax('sum, logSum, weight * op.scale, op.smoothing)', 'sum, logSum, op.scale, op.smoothing)', 'the gradient without its weight, dense'),
  softmax('return weights ? load<f32>(weights + ((<usize>row) << 2)) : 1;', 'return weights ? load<f32>(weights) : 1;', 'every row with the weight of the first'),
  softmax('f32x4.splat(sumLanes(total) / sum)', 'f32x4.splat(1 / sum)', 'weights taken to sum to one'),
  softmax('v128.and(product, laneMask(n - c))', 'product', 'backward sums lanes behind the row'),
  softmax('memory.fill(dx, 0, (<usize>n) << 2);', '', 'an ignored row keeps what its gradient was'),
  softmax('store<f32>(op.losses + ((<usize>row) << 2), 0);', '', 'an ignored row keeps the loss that was there'),
  fault('src/training/fill.ts', '(weights[row] * labels.length) / counted', 'weights[row]', 'a mean over ignored rows too'),
  fault('src/training/fill.ts', 'return counted / labels.length;', 'return 1;', 'ignored rows count as samples'),

  loss('const scale = f32x4.splat((weight * op.scale) / <f32>n);', 'const scale = f32x4.splat(weight * op.scale);', 'divisor of the gradient'),
  loss('(weight * op.scale) / <f32>n', 'op.scale / <f32>n', 'the gradient without its weight'),
  loss('(weight * sumLanes(sum)) / <f32>n', 'sumLanes(sum) / <f32>n', 'the loss without its weight'),
  loss('v128.and(compare(op.kind, x, t, parameter), laneMask(n - c))', 'compare(op.kind, x, t, parameter)', 'lanes behind the row are summed'),
  loss('f32x4.mul(f32x4.splat(0.5), near)', 'near', 'huber: the square counts in full'),
  loss('f32x4.max(f32x4.neg(parameter), f32x4.min(d, parameter))', 'f32x4.min(d, parameter)', 'huber: negative errors pull without bound'),
  loss('f32x4.max(f32x4.splat(0), f32x4.sub(one, f32x4.mul(side(t), x)))', 'f32x4.sub(one, f32x4.mul(side(t), x))', 'hinge: a reward beyond the margin'),
  loss('f32x4.lt(f32x4.mul(side(t), x), one)', 'f32x4.le(f32x4.mul(side(t), x), one)', 'hinge: pull at the margin'),
  loss('v128.bitselect(f32x4.splat(-1), t,', 'v128.bitselect(t, t,', 'hinge: a target of 0 is 0'),
  loss('v128.and(one, f32x4.lt(d, zero))', 'v128.and(one, f32x4.le(d, zero))', 'absolute error: pull from a perfect answer'),
  loss('log1p(exp(f32x4.neg(f32x4.abs(x))))', 'log(f32x4.add(one, exp(f32x4.neg(f32x4.abs(x)))))', 'binary cross-entropy: small losses lose their digits'),
  loss('f32x4.neg(f32x4.abs(x))', 'x', 'binary cross-entropy: e to a large logit'),
  loss('f32x4.sub(sigmoid(x), smoothed(t, parameter))', 'f32x4.sub(sigmoid(x), t)', 'binary cross-entropy: the slope without smoothing'),
  loss('f32x4.mul(x, smoothed(t, parameter))', 'f32x4.mul(x, t)', 'binary cross-entropy: the loss without smoothing'),
  loss('f32x4.gt(t, f32x4.splat(0.5))', 'f32x4.gt(t, parameter)', 'agreement: targets have the threshold of outputs'),

  metric('if (isIgnored(op.labels, row)) {', 'if (false) {', 'topK: an ignored row has a rank'),
  metric('c < label', 'c > label', 'topK: the higher of equal classes'),
  metric('score == score && above < op.top', 'above < op.top', 'topK: NaN is right'),
  metric('above < op.top ? 1 : 0', 'above <= op.top ? 1 : 0', 'topK: one too many'),
  metric('> load<f32>(x + ((<usize>best) << 2))', '>= load<f32>(x + ((<usize>best) << 2))', 'the last of equal classes'),
  metric('op.columns == 1 ? i32(load<f32>(x) > op.threshold)', 'op.columns == 1 ? i32(load<f32>(x) >= 0.5)', 'one column: ½ is above ½'),
  metric('(<usize>(row * op.columns)) << 2', '(<usize>row) << 2', 'classes of overlapping rows'),

  clip('i + step < op.count', 'i + 2 * step < op.count', 'the tree drops the last of an odd number'),
  sums('+ 15) & ~15', '+ 15) & ~31', 'parts that leave a gap'),
  sums('v128.and(term(squares, v128.load(x), l1, l2), laneMask(end - i))', 'term(squares, v128.load(x), l1, l2)', 'squares and costs of what is behind the last'),
  sums('s3 = f32x4.add(s3, term(squares, v128.load(x, 48), l1, l2));', '', 'every fourth vector left out of the norm'),
  clip('min<f32>(1, op.limit / (norm + 1e-6))', 'op.limit / (norm + 1e-6)', 'small gradients scaled up'),
  clip('f32x4.pmax(f32x4.pmin(x, high), low)', 'f32x4.pmin(x, high)', 'negative gradients not clipped'),
  clip('f32x4.pmax(f32x4.pmin(x, high), low), end - i)', 'f32x4.pmax(f32x4.pmin(x, high), low), 4)', 'the last gradients stored too far'),
  clip('load<f32>(op.factor)', '1', 'clipped by norm to no effect'),

  blend('v128.and(sign, f32x4.ne(b, f32x4.splat(0)))', 'sign', 'the sign of 0 is 1'),
  blend('v128.or(gamma, v128.and(b, f32x4.splat(-0.0)))', 'gamma', 'every sign is 1'),
  blend('beta, gamma), end - i)', 'beta, gamma), 4)', 'what is blended is stored too far'),
  sums('f32x4.add(l1, f32x4.mul(l2, size))', 'f32x4.add(l1, l2)', 'L2 is L1'),

  update('const kept = step === 0 ? 0 : (', 'const kept = (', 'the average begins as zeros'),
  update("decay || config.decay === 'all'", 'true', 'weight decay shrinks what it should spare'),
  update('vector.view([count], offset)', 'vector.view([count])', 'every run is the first'),
  objective("activation === undefined || activation === 'linear' || outputs !== x", 'outputs === x', 'metrics see logits'),
  objective('[classes[0].right, ...classes.map', '[...classes.map', 'labels are overwritten before they are counted'),

  reduce('total / <f32>op.count', 'total / <f32>(op.count & ~3)', 'mean: divisor without the tail'),
  reduce('if (rest > 0) {', 'if (rest > columns) {', 'column sums: the last row'),
  reduce('const half = <usize>lines * step;', 'const half = step;', 'column sums: two neighbours, not two halves'),
  reduce('zero(scratch + SLOT, 2 * width);', '', 'column sums: lines completed with what was there'),
  reduce('if (op.splits & 1) {', 'if (op.splits == 1) {', 'partial sums: the last of an odd number'),
  reduce('copyExactly(op.y + at, scratch, count);', 'copy(op.y + at, scratch, count);', 'sums of partials written too far'),
  reduce('for (; i < count; i++) {', 'for (; i + 1 < count; i++) {', 'allFinite: the last number is not looked at'),

  optim('f32x4.add(f32x4.mul(momentum, v128.load(v + at)), g0)', 'f32x4.sub(f32x4.mul(momentum, v128.load(v + at)), g0)', 'momentum: sign of the gradient'),
  optim('v128.bitselect(f32x4.add(g1, f32x4.mul(momentum, v1)), v1, nesterov)', 'v1', 'nesterov ignored'),
  optim('f32x4.mul(decay, p0)', 'f32x4.mul(decay, f32x4.neg(p0))', 'plain descent: weights grow instead of decay', { nth: 0 }),
  optim('f32x4.mul(decay, p1)', 'f32x4.mul(decay, f32x4.neg(p1))', 'momentum: weights grow instead of decay', { nth: 1 }),
  optim('const v0 = flush(f32x4.add(f32x4.mul(momentum,', 'const v0 = (f32x4.add(f32x4.mul(momentum,', 'subnormal velocity'),
  optim('f32x4.mul(f32x4.sqrt(v0), correction)', 'f32x4.sqrt(v0)', 'Adam: second moment not corrected'),
  optim('const m0 = flush(', 'const m0 = (', 'subnormal first moment'),
  optim(
    'const v0 = flush(\n      f32x4.add(f32x4.mul(beta2, v128.load(v + at)), f32x4.mul(fresh2, f32x4.mul(g0, g0))),\n    );',
    'const v0 = f32x4.add(f32x4.mul(beta2, v128.load(v + at)), f32x4.mul(fresh2, f32x4.mul(g0, g0)));',
    'subnormal second moment',
  ),
  optim('const kept1 = f32x4.sub(p1, f32x4.mul(decoupled, p1));', 'const kept1 = p1;', 'AdamW: no decay'),
  optim('f32x4.splat(decays ? load<f32>(setting) : 0)', 'v128.load32_splat(setting)', 'what is spared decays'),
  optim('v0 = flush(f32x4.add(f32x4.mul(momentum, v128.load(v + at)), v0));', 'v0 = (f32x4.add(f32x4.mul(momentum, v128.load(v + at)), v0));', 'RMSprop: subnormal velocity'),
  optim(
    'const s0 = flush(\n      f32x4.add(f32x4.mul(rho, v128.load(s + at)), f32x4.mul(fresh, f32x4.mul(g0, g0))),\n    );',
    'const s0 = f32x4.add(f32x4.mul(rho, v128.load(s + at)), f32x4.mul(fresh, f32x4.mul(g0, g0)));',
    'RMSprop: subnormal squares',
  ),
  optim('f32x4.div(g1, f32x4.add(f32x4.sqrt(s1), epsilon))', 'f32x4.div(g1, f32x4.sqrt(f32x4.add(s1, epsilon)))', 'RMSprop: epsilon inside the root'),
  optim('copyExactly(p, scratch, rest);', '', 'the last parameters'),
  optim('if (a) copyExactly(a, scratch + 64, rest);', '', 'the last of the first state'),
  optim('const s0 = flush(f32x4.add(v128.load(s + at), f32x4.mul(g0, g0)));', 'const s0 = f32x4.add(v128.load(s + at), f32x4.mul(g0, g0));', 'Adagrad: subnormal sums'),
  optim('f32x4.sqrt(f32x4.add(initial, s1))', 'f32x4.sqrt(s1)', 'Adagrad: no initial value'),
  average('storeLanes(average + at, flush(next), end - i);', 'storeLanes(average + at, next, end - i);', 'a subnormal average'),
  average('storeLanes(average + at, flush(next), end - i);', 'v128.store(average + at, flush(next));', 'the average stored too far'),
  optim('if (b) copyExactly(b, scratch + 96, rest);', '', 'the last of the second state'),
  optim('if (a) copy(scratch + 64, a, rest);', '', 'the last of the first state begins anew'),

  simd('f32x4.splat(-20)', 'f32x4.splat(-10)', 'eˣ − 1 ends too early'),
  simd('f32x4.sub(power, f32x4.splat(1))', 'f32x4.neg(f32x4.splat(1))', 'eˣ − 1 without 2ⁿ'),
  simd('v128.andnot(dy, f32x4.le(y, f32x4.splat(0)))', 'v128.andnot(dy, f32x4.lt(y, f32x4.splat(0)))', 'ReLU passes gradients where it gives 0'),
  simd('if (count > whole) storeLanes', 'if (count > whole + 1) storeLanes', 'exact copies: the last number'),
  simd('v128.store32_lane(to, v, 2, 8);', '', 'the third of three lanes'),
  simd('f32x4.extract_lane(v, 3))', 'f32x4.extract_lane(v, 2))', 'sums of lanes: the last', { nth: 0 }),
  simd('return f32x4.pmax(x, f32x4.splat(0));', 'return f32x4.pmax(f32x4.splat(0), x);', 'ReLU loses NaN'),
  simd('f32x4.lt(m, f32x4.splat(0.707106781))', 'f32x4.lt(m, f32x4.splat(0.5))', 'log: mantissas not halved'),

  program('if (!barrier(team, thread)) return false;', '', 'no barrier behind what all do', { threads: true }),
  program('if (alone && !barrier(team, thread)) return false;', '', 'no barrier behind what thread 0 does alone', { threads: true }),
  program('if (!walk(team, 0)) return false;', 'walk(team, 0);', 'a lost thread is not told', { threads: true }),
  program('runTasks(op, begin + at, begin + min(share, at + takenCount), scratch);', 'runTasks(op, at, min(share, at + takenCount), scratch);', 'all threads do the first share', { threads: true }),
  team('atomic.store<i32>(team, 0, ARRIVED);', '', 'barrier: the count is not reset', { threads: true }),
  team('atomic.add<i32>(team, 1, OPENED);', '', 'barrier: it never opens', { threads: true }),
  team('if (atomic.load<i32>(team, SLEEPING)) atomic.notify(team + OPENED, -1);', '', 'barrier: sleepers are not woken', { threads: true }),
  team('store<i32>(takenBy(team, i), 0);', '', 'what was taken of an op is not there of the next', { threads: true }),
  team('if (atomic.load<i32>(team, IDLE)) atomic.notify(team + RUNS, -1);', '', 'who sleeps until the next run is not called', { threads: true }),
  program('for (let i = first; i < last; i++)', 'for (let i = 0; i < last; i++)', 'every run begins with op 0'),

  place("if (this.#pass !== 'again') ", '', 'statistics move again with a segment computed again'),
  place('.sort((a, b) => a.stream - b.stream)', '', 'statistics of a shared layer in the order of groups'),
  lower('this.#rectified.add(group);', '', 'a ReLU behind a sum that goes back twice'),
  lower('before && endsInRelu(before)', 'before', "ReLU's gradient where there is no ReLU"),
  lower('if (readers.length > 1 || isWanted)', 'if (isWanted)', "ReLU's gradient behind a pool, lost for other readers"),
  lower('outputs.includes(x) || this.#wanted', 'this.#wanted', "ReLU's gradient behind a pool, lost for the loss"),
  lower('|| this.#wanted.includes(x);', ';', "ReLU's gradient behind a pool, where another is wanted"),
  lower('    pending.hold(dx);\n', '', 'a wanted gradient overwritten'),
  lower('if (logits.skips(x))', 'if (false)', "a softmax's gradient without the loss's"),
  lower('goal.weight * batch', 'goal.weight', 'gradients of the mean loss'),
  fault('src/program/prune.ts', 'wanted.add(value.root)', '', 'ops left out whose results are read'),
  fault('src/program/spare.ts', 'own.info !== info', 'false', 'kept programs of another register tile'),
  fault('src/program/prune.ts', 'if (!isWanted) continue;', '', 'gradients of weights that nobody wants'),
  fault('src/operators/dropout/dropout.layer.ts', 'if (!to.training || this.options.rate === 0) return dy;', 'if (this.options.rate === 0) return dy;', 'gradients dropped in inference'),
  lower('pending.hold(dz);', '', 'a gradient overwritten before its last reader'),
  lower('pending.release(dz);', '', 'gradients that are never made in place'),
  lower('if (addend) this.#give([[addend, dz]]);', '', 'a summand without gradient'),
  fault('src/lowering/weightgradients.ts', 'this.#written.set(key, first);', '', "a shared layer's gradients overwrite each other"),
  place('if (!learns) return this.emitter.value(shape);', '', 'a gradient nowhere'),
  lower('dx && this.#needed.has(x)', 'dx', 'gradients that nobody wants are added up'),
  lower('layer.trainable && layer.parameters', 'layer.parameters', 'backward work for frozen layers'),
  place('if (isOfLoss && !logits.isRead(end)) return x;', 'if (isOfLoss) return x;', 'readers of an output get logits'),
  place('if (more) this.emitter', 'if (!more) this.emitter', "the loss's gradient of a softmax that is read"),
  fuse('outputs.includes(node) || apart', 'apart', 'an output computed away'),
  fuse('|| apart.includes(node)', '', 'a wanted tensor computed away'),
  fuse('all.length === 1 && !isWanted', '!isWanted', 'computed away under other readers'),
  fuse('!hasBackward && absorbsNorm', 'absorbsNorm', 'batch norm folded while it trains'),
  fuse(' && !isTaken(next)', '', 'a sum taken by both branches'),
  fuse('const rectify = Boolean(absorbsRelu &&', 'const rectify = Boolean(', 'a ReLU lost behind layers that cannot apply it'),
  pending('found ? this.#sum(found, dx) : dx', 'dx', 'only the last gradient of a tensor'),
  pending('(this.#holds.get(root) ?? 0) <= 1', 'true', 'sums in place of what others read'),
  fault('src/lowering/segments.ts', 'if (reach < i) cuts.push(i);', 'cuts.push(i);', 'cuts where several tensors cross'),
  fault('src/lowering/store.ts', 'this.#ended = true;', '', 'weights in memory that was given back'),
  weights('offset: this.#offset(first)', 'offset: 0', "runs with the first one's gradients"),
  weights('const before = this.#offsets.get(slot);', 'const before = offset;', 'momentum of others after a freeze'),
  weights('for (const store of this.#stores) store.changed();', '', 'forms older than the weights'),
  fault('src/model/save.ts', 'weights.arrange();', '', 'momentum of others in the file after a thaw'),
  shortcut('memory.fill(y + bytes, 0, rest);', '', 'added channels are not cleared'),
  shortcut('if (line * op.stride != h) return;', '', 'gradients in lines that were left out'),
  place('keepsInput && y.root === x.root', 'false', 'an activation overwrites the input that backward needs'),
  place('inputs.get(y) ?? y', 'y', 'a slope taken from y that must be taken from x'),
  fault('assembly/norm/moments.ts', 'f32x4.sub(bias, channel(op.mean, f))', 'bias', 'folded: the mean left out'),
  fault('assembly/norm/moments.ts', 'v = f32x4.mul(channel(op.filter + at, f), scale);', 'v = channel(op.filter + at, f);', 'folded: filters not scaled'),

  logits('readers.length > 1 || outputs.includes(before)', 'outputs.includes(before)', 'a softmax that is read under another shape, taken by the loss'),
  logits('const isOwn = outputs.includes(y) || !this.#sources.includes(y);', 'const isOwn = true;', 'a softmax computed for layers that only reshape it'),
  logits('while (y !== source && y !== x) [y] = y.inputs;', '', 'gradients for what the loss is computed without'),
  logits("(own === 'sigmoid' || rows)", 'true', 'a softmax over other rows than the loss'),
  logits('|| mixing.test(type)', '', 'probabilities taken for logits, through a layer that mixes them'),
  logits('|| activations.includes(type)', '', 'probabilities taken for logits, through another activation'),
  logits('found.every(', 'found.some(', 'a gate taken for probabilities'),
  update('average: gradients, x: batch,', 'average: batch, x: gradients,', 'accumulated gradients lost'),
  update('const kept = before / all;', 'const kept = 0.5;', 'accumulation: batches weigh alike, whatever their samples'),
  update('{ kept, fresh }), at + GATHERING', '{ kept, fresh }), at + AVERAGE', 'accumulation: its shares where the average has its own'),
  rating('best(columns === 1 ? outputs() : x, threshold)', 'best(x, threshold)', 'classes: the threshold for probabilities put to logits'),
  rating('(threshold = middle)', '(threshold = 0.5)', 'classes: the threshold of probabilities for logits'),
  fault('src/program/cache.ts', '!known || !isSame(known.parts, parts)', '!known', 'calls of one hash taken for the same'),
  fault('src/program/cache.ts', 'if (!before) this.#forget(call.hash);', '', 'programs of another call with the same hash lost'),
  signature('for (const side of value.shape) parts.push(side);', '', 'calls on other shapes taken for the same'),
  signature('    parts.push(word);\n', '', 'options of other names taken for the same'),
  signature('parts.push(TENSOR, index);', 'parts.push(TENSOR);', 'a tensor given twice taken for two'),
  fault('src/tensor/eager.ts', 'if (apart) for (const address of forms) bases.push(address as number);', '', 'kept forms of weights left out of a kept program'),
  engine('this.averaged = !this.averaged;', '', 'swapAverage: training goes on from the average'),
  engine("if (this.step === 0) return;\n    this.weights.swap", 'this.weights.swap', 'swapAverage: zeros before the first step'),
  weights('float32.set(own, start + offset);', '', 'swapAverage: the weights are gone'),

  norm('columns, width, 1);', 'columns, width, 0);', 'bias alone: scaled by nothing'),
  fault('src/operators/conv/epilogue.emit.ts', 'if (bias) addToRows(e, y, bias, y.shape.at(-1) as number, rectify);', 'if (bias) {}', 'transposed, patch by patch: no bias'),
  fault('src/operators/conv/epilogue.emit.ts', "else if (rectify) activationForward(e, 'relu', y, y);", '', 'transposed, patch by patch: no ReLU'),
  fault('src/operators/conv/conv.emit.ts', 'rectify: rectify ? 1 : 0,', 'rectify: 0,', 'transposed, convolved: no ReLU', { nth: 1 }),
  transpose('return side * stride;', 'return (side - 1) * stride + extent;', "the output's sides with padding 'same'"),
  transpose('Math.max(0, stride - extent)', '0', "the output's sides where strides are longer than kernels"),
  transpose('(side - 1) * stride + (extent % 2) + more', '(side - 1) * stride + 1 + more', "output padding with 'same' and an even kernel"),
  transpose('whole - before - after', 'whole - 2 * before', 'uneven padding'),
  transpose('convBackwardFilter(e, dw, dy, x, g)', 'convBackwardFilter(e, dw, x, dy, g)', 'the image and its gradient in their old roles'),
  transpose('g.batch * g.height * g.width, g.channels', 'g.batch * g.height, g.channels', "the bias's gradient of one column"),
  geometry('(lowest * dilation - pad) % stride', '(lowest * dilation) % stride', 'parity classes without the padding'),
  geometry('if (all.length === wanted) return all;', 'if (all.length > 0) return all;', 'what no tap reaches is left as it was'),
  geometry('step: dilation / common,', 'step: dilation,', 'parity classes: steps in the wrong unit'),
  passes('padLeft: 2 - g.padLeft,', 'padLeft: g.padLeft,', 'backward-data with the padding of forward'),
  geometry('yRow: rowStride * g.width * channels,', 'yRow: g.width * channels,', 'parity classes: lines not strided'),

  fault('assembly/arrays/elementwise.ts', 'f32x4.splat(16.635532333)', 'f32x4.splat(16)', 'logarithms of subnormals'),
  fault('assembly/arrays/elementwise.ts', 'i32x4.shl(v128.and(quarter, i32x4.splat(2)), 30)', 'i32x4.splat(0)', "the sine's sign"),
  fault('assembly/arrays/scalar.ts', 'const isOdd = whole &&', 'const isOdd = !whole &&', 'odd powers of negative numbers'),
  fault('assembly/arrays/combine.ts', 'if (++i2 < op.d2) continue;', 'if (++i2 <= op.d2) continue;', 'broadcast: a row too many'),
  fault('assembly/arrays/combine.ts', 'f32x4.mul(c, f32x4.splat(0.5))', 'c', 'equal ones both get the whole gradient'),
  fault('assembly/arrays/reduce.ts', 'foldRest(fn, scratch, x + ((<usize>lines) << 6), n & 15);', '', 'the last numbers of a row left out'),
  fault('assembly/arrays/reduce.ts', 'x += step;\n    }', 'x += 64;\n    }', 'columns of other rows'),
  fault('assembly/arrays/copy.ts', 'let i1 = rest % op.d1;', 'let i1 = rest % op.d2;', 'tasks begin elsewhere'),
  fault('assembly/arrays/copy.ts', 'const before = op.adds ? load<f32>(y) : 0;', 'const before: f32 = 0;', 'what should be added overwrites'),
  fault('assembly/arrays/taps.ts', 'return i < n ? i : period - i;', 'return i < n ? i : 0;', 'reflections at the end'),
  fault('assembly/arrays/taps.ts', '(n / 2) * (1 - <f64>op.m / length)', '0', 'halfPixelSymmetric without its shift'),
  fault('assembly/arrays/axis.ts', 'v128.load32_splat(tap, 12)', 'v128.load32_splat(tap, 4)', 'both neighbours by the share of one'),
  fault('assembly/arrays/axis.ts', 'i32x4.splat(k), which, better', 'i32x4.splat(0), which, better', 'maxima: the gradient goes to the first'),
  fault('assembly/arrays/groupnorm.ts', 'scale * (<f32>sum / count)', '0', 'backward without the mean of dy'),
  fault('assembly/arrays/groupnorm.ts', 'load<f32>(dgamma + at) + d', 'd', "gamma's gradient of the last sample alone"),
  fault('bindings/team.ts', 'this.#exports.teamBytes(MOST_THREADS) / 4).fill(0)', 'this.#exports.teamBytes(MOST_THREADS) / 4)', 'what threads that were ended have left there'),
];
