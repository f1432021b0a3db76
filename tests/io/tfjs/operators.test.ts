// Operators of graph models, each against TF.js's own executor, at even and odd sizes.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Shape, sizeOf } from '../../../src/base/shape.js';
import { readTfjs, type TfjsArtifacts } from '../../../src/io/index.js';
import { numbers } from '../../helpers/random.js';
import '../../helpers/start.js';
import { GraphBuilder, type Ref } from '../../helpers/tfgraph.js';
import { agree, gives } from './agree.js';

type Body = (g: GraphBuilder, x: Ref) => Ref;

/** Sides of images: even, odd, small. */
const images: readonly Shape[] = [
  [2, 9, 8, 4],
  [1, 5, 7, 4],
  [3, 2, 2, 4],
];
/** Images that divide in blocks of two, with channels that do. */
const blocks: readonly Shape[] = [
  [2, 6, 4, 8],
  [1, 2, 10, 4],
];
const signals: readonly Shape[] = [
  [2, 9, 3],
  [1, 4, 5],
];

const artifactsOf = (body: Body, shape: Shape): TfjsArtifacts => {
  const g = new GraphBuilder();
  const x = g.input('x', [-1, ...shape.slice(1)]);
  return g.artifacts([x], [g.node('Identity', [body(g, x)])]);
};

/** A case for each of these shapes. */
function cases(name: string, shapes: readonly Shape[], body: Body, positive = false): void {
  test(name, async () => {
    for (const shape of shapes)
      (await agree(artifactsOf(body, shape), [shape], { positive })).dispose();
  });
}

/** An operator of one input. */
const unary = (op: string, attributes: Record<string, number | boolean | string> = {}): Body => {
  return (g, x) => g.node(op, [x], attributes);
};

for (const op of ['Neg', 'Abs', 'Exp', 'Square', 'Sin', 'Cos', 'Erf', 'Selu', 'Softplus', 'Floor'])
  cases(op, signals, unary(op));
for (const op of ['Log', 'Sqrt', 'Rsqrt', 'Reciprocal']) cases(op, signals, unary(op), true);
cases('Ceil and Sign', signals, (g, x) =>
  g.node('AddV2', [g.node('Ceil', [x]), g.node('Sign', [x])]),
);
for (const op of ['Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Atanh', 'Acosh'])
  cases(op, signals, (g, x) =>
    // Within ±1, and above it.
    g.node(op, [
      op === 'Acosh' ? g.node('Exp', [g.node('Abs', [x])]) : g.node('Mul', [x, g.float(0.3)]),
    ]),
  );
cases('conditions, and what is chosen by them', images, (g, x) => {
  const float = (y: Ref) => g.node('Cast', [y], { SrcT: 'DT_BOOL', DstT: 'DT_FLOAT' });
  const compare = (op: string, number: number) => g.node(op, [x, g.float(number)]);
  const either = g.node('LogicalOr', [compare('GreaterEqual', 0.25), compare('LessEqual', -0.5)]);
  const both = g.node('LogicalAnd', [either, g.node('LogicalNot', [compare('Less', -0.75)])]);
  const chosen = g.node('SelectV2', [both, g.node('Sqrt', [x]), g.weight([4])]);
  const known = g.node('SelectV2', [g.node('IsNan', [chosen]), g.float(2), chosen]);
  return g.node('AddV2', [known, float(compare('NotEqual', 0.5))]);
});
for (const [exclusive, reverse] of [
  [false, true],
  [true, false],
])
  cases(`Cumsum ${exclusive ? 'without' : 'with'} the number itself`, images, (g, x) =>
    g.node('Cumsum', [x, g.int(2)], { exclusive, reverse }),
  );
cases('LogSoftmax', signals, unary('LogSoftmax'));
cases('ClipByValue', signals, (g, x) => g.node('ClipByValue', [x, g.float(-0.25), g.float(0.5)]));
cases('Prelu', images, (g, x) => g.node('Prelu', [x, g.weight([4])]));
cases('Prelu that is fused', images, (g, x) =>
  g.node('_FusedConv2D', [x, g.weight([1, 1, 4, 5]), g.weight([5]), g.weight([1, 1, 5])], {
    ...{ strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1], padding: 'SAME' },
    ...{ fused_ops: ['BiasAdd', 'Prelu'], num_args: 2 },
  }),
);
cases('LRN', images, (g, x) =>
  g.node('LRN', [x], { depth_radius: 2, bias: 1.5, alpha: 0.25, beta: 0.75 }),
);

for (const op of ['Add', 'Sub', 'Mul', 'Maximum', 'Minimum', 'SquaredDifference'])
  cases(`${op} of a weight`, images, (g, x) => g.node(op, [g.weight([4]), x]));
cases(
  'RealDiv and Pow',
  signals,
  (g, x) => g.node('Pow', [g.node('RealDiv', [g.float(2.5), x]), g.float(1.5)]),
  true,
);
cases('FloorDiv', signals, (g, x) => g.node('FloorDiv', [x, g.float(0.3)]));
cases('AddN', signals, (g, x) => g.node('AddN', [x, g.node('Relu', [x]), x], { N: 3 }));
for (const op of ['Sum', 'Mean', 'Max', 'Min', 'Prod'])
  for (const keep_dims of [true, false]) {
    cases(`${op} of channels, ${keep_dims ? 'kept' : 'gone'}`, images, (g, x) =>
      g.node(op, [x, g.ints(-1)], { keep_dims }),
    );
    cases(`${op} of rows and channels, ${keep_dims ? 'kept' : 'gone'}`, images, (g, x) =>
      g.node(op, [x, g.ints(1, 3)], { keep_dims }),
    );
  }
for (const op of ['ArgMax', 'ArgMin'])
  cases(`${op} of channels and of rows`, images, (g, x) => {
    const float = (y: Ref) => g.node('Cast', [y], { SrcT: 'DT_INT32', DstT: 'DT_FLOAT' });
    const channel = float(g.node(op, [x, g.int(-1)], { output_type: 'DT_INT32' }));
    const row = float(g.node(op, [x, g.int(1)], { output_type: 'DT_INT32' }));
    const mean = g.node('Mean', [row, g.ints(1, 2)], { keep_dims: true });
    return g.node('AddV2', [channel, mean]);
  });

for (const mode of ['ResizeBilinear', 'ResizeNearestNeighbor'])
  for (const [align_corners, half_pixel_centers] of [
    [false, false],
    [true, false],
    [false, true],
  ])
    for (const [height, width] of [
      [13, 11],
      [4, 3],
      [18, 16],
      [1, 1],
    ]) {
      const how = align_corners ? 'corners' : half_pixel_centers ? 'centres' : 'plain';
      cases(`${mode} to ${height}×${width}, ${how}`, images.slice(0, 2), (g, x) =>
        g.node(mode, [x, g.ints(height, width)], { align_corners, half_pixel_centers }),
      );
    }

cases('Split of channels', images, (g, x) => {
  const parts = g.node('Split', [g.int(-1), x], { num_split: 2 });
  return g.node('ConcatV2', [`${parts}:1`, parts, parts, g.int(3)], { N: 3 });
});
cases('SplitV, with a rest', images, (g, x) => {
  const parts = g.node('SplitV', [x, g.ints(1, -1), g.int(1)], { num_split: 2 });
  return g.node('ConcatV2', [`${parts}:1`, parts, g.int(1)], { N: 2 });
});
cases('Slice', images, (g, x) => g.node('Slice', [x, g.ints(0, 1, 0, 1), g.ints(-1, 1, -1, 2)]));
cases('StridedSlice with steps', images, (g, x) =>
  g.node('StridedSlice', [x, g.ints(0, 0, 1, -1), g.ints(0, 0, 0, 0), g.ints(1, 2, 1, -1)], {
    ...{ begin_mask: 3, end_mask: 15 },
  }),
);
cases('StridedSlice that takes axes away', images, (g, x) =>
  g.node('StridedSlice', [x, g.ints(0, 1, 0), g.ints(0, 0, -1), g.ints(1, 1, 1)], {
    ...{ begin_mask: 5, end_mask: 1, shrink_axis_mask: 2 },
  }),
);
cases('StridedSlice with an ellipsis', images, (g, x) =>
  g.node('StridedSlice', [x, g.ints(0, 1), g.ints(0, -1), g.ints(1, 1)], { ellipsis_mask: 1 }),
);
cases('StridedSlice that puts an axis in', images, (g, x) =>
  g.node('StridedSlice', [x, g.ints(0, 0, 0), g.ints(0, 0, 1), g.ints(1, 1, 1)], {
    ...{ begin_mask: 1, end_mask: 1, new_axis_mask: 2 },
  }),
);
cases('StridedSlice with all of these', images, (g, x) =>
  g.node('StridedSlice', [x, g.ints(0, 0, 0, 1), g.ints(0, 0, 0, 2), g.ints(1, 1, 1, 1)], {
    ...{ ellipsis_mask: 1, new_axis_mask: 2, begin_mask: 4, end_mask: 4, shrink_axis_mask: 8 },
  }),
);
cases('Unpack and Pack', images, (g, x) => {
  const parts = g.node('Unpack', [x], { axis: 3, num: 4 });
  const chosen = [`${parts}:3`, parts, `${parts}:1`];
  return g.node('Pack', chosen, { axis: 1, N: 3 });
});
cases('Tile and Transpose', signals, (g, x) =>
  g.node('Transpose', [g.node('Tile', [x, g.ints(1, 2, 3)]), g.ints(0, 2, 1)]),
);
cases('GatherV2 of known rows', images, (g, x) =>
  g.node('GatherV2', [x, g.ints(1, 0, 1), g.int(1)], { batch_dims: 0 }),
);
cases('DepthToSpace', blocks, unary('DepthToSpace', { block_size: 2, data_format: 'NHWC' }));
cases(
  'DepthToSpace by 3',
  [[2, 3, 5, 9]],
  unary('DepthToSpace', { block_size: 3, data_format: 'NHWC' }),
);
cases('Pad', images, (g, x) => g.node('Pad', [x, g.rows([0, 0], [1, 2], [0, 3], [1, 0])]));
cases('PadV2', images, (g, x) =>
  g.node('PadV2', [x, g.rows([0, 0], [1, 2], [0, 3], [1, 0]), g.float(1.5)]),
);
cases('MirrorPad', images, (g, x) =>
  g.node('MirrorPad', [x, g.rows([0, 0], [1, 0], [1, 1], [0, 2])], { mode: 'REFLECT' }),
);
for (const sides of [
  [
    [1, 1],
    [0, 1],
  ],
  [
    [2, 1],
    [1, 2],
  ],
])
  cases(`MirrorPad that repeats the edge, ${sides}`, images, (g, x) =>
    g.node('MirrorPad', [x, g.rows([0, 0], ...sides, [0, 0])], { mode: 'SYMMETRIC' }),
  );
for (const op of ['BatchMatMul', 'BatchMatMulV2'])
  for (const [adj_x, adj_y] of [
    [false, true],
    [true, false],
  ])
    cases(`${op} of x and itself, ${adj_x ? 'xᵀx' : 'xxᵀ'}`, signals, (g, x) =>
      g.node(op, [x, g.node('Sigmoid', [x])], { adj_x, adj_y }),
    );
cases('BatchMatMulV2 of a weight', signals.slice(0, 1), (g, x) =>
  g.node('BatchMatMulV2', [x, g.weight([3, 4])], { adj_x: false, adj_y: false }),
);

const volumes: readonly Shape[] = [
  [2, 5, 4, 6, 3],
  [1, 3, 3, 3, 3],
];
const inVolumes = { strides: [1, 2, 1, 2, 1], padding: 'SAME', data_format: 'NDHWC' };
cases('Conv3D', volumes, (g, x) =>
  g.node('Conv3D', [x, g.weight([3, 2, 3, 3, 4])], { ...inVolumes, dilations: [1, 1, 1, 1, 1] }),
);
for (const op of ['MaxPool3D', 'AvgPool3D'])
  cases(op, volumes, (g, x) => g.node(op, [x], { ...inVolumes, ksize: [1, 2, 3, 2, 1] }));

/** What TF.js's cpu backend cannot do with channels before pixels: there they are brought behind them, and back. */
const channelsFirst: [name: string, body: (g: GraphBuilder, x: Ref, first: boolean) => Ref][] = [
  ...['SAME', 'VALID'].flatMap((padding): typeof channelsFirst => {
    const place = (first: boolean, sides: number[]) =>
      first ? [1, 1, ...sides] : [1, ...sides, 1];
    const windows = (first: boolean) => ({
      ...{ padding, data_format: first ? 'NCHW' : 'NHWC', strides: place(first, [2, 1]) },
    });
    return [
      [
        `Conv2D ${padding}`,
        (g, x, first) => {
          const more = { dilations: place(first, [1, 2]), strides: place(first, [1, 1]) };
          return g.node('Conv2D', [x, g.weight([2, 2, 4, 5])], { ...windows(first), ...more });
        },
      ],
      [
        `FusedDepthwiseConv2dNative ${padding}`,
        (g, x, first) =>
          g.node('FusedDepthwiseConv2dNative', [x, g.weight([2, 2, 4, 2]), g.weight([8])], {
            ...{ ...windows(first), strides: place(first, [2, 2]) },
            ...{ dilations: [1, 1, 1, 1], fused_ops: ['BiasAdd', 'Relu'], num_args: 1 },
          }),
      ],
      ...['MaxPool', 'AvgPool'].map((op): (typeof channelsFirst)[number] => [
        `${op} ${padding}`,
        (g, x, first) => g.node(op, [x], { ...windows(first), ksize: place(first, [2, 2]) }),
      ]),
    ];
  }),
  [
    'FusedBatchNormV3',
    (g, x, first) => {
      const weights = [g.weight([4], true), g.weight([4]), g.weight([4]), g.weight([4], true)];
      const data_format = first ? 'NCHW' : 'NHWC';
      const attributes = { data_format, epsilon: 0.001, is_training: false };
      return g.node('FusedBatchNormV3', [x, ...weights], attributes);
    },
  ],
  [
    'BiasAdd',
    (g, x, first) =>
      g.node('BiasAdd', [x, g.weight([4])], { data_format: first ? 'NCHW' : 'NHWC' }),
  ],
  [
    'DepthToSpace',
    (g, x, first) =>
      g.node('DepthToSpace', [x], { block_size: 2, data_format: first ? 'NCHW' : 'NHWC' }),
  ],
];

for (const [name, body] of channelsFirst) {
  test(`${name} with channels before pixels`, async () => {
    for (const [batch, height, width, channels] of images.slice(0, 2)) {
      const shape = [batch, channels, height, width];
      const own = artifactsOf((g, x) => body(g, x, true), shape);
      const theirs = artifactsOf((g, x) => {
        const y = body(g, g.node('Transpose', [x, g.ints(0, 2, 3, 1)]), false);
        return g.node('Transpose', [y, g.ints(0, 3, 1, 2)]);
      }, shape);
      (await agree(own, [shape], { theirs })).dispose();
    }
  });
}

test('SpaceToDepth, which TF.js has not', async () => {
  for (const [batch, height, width, channels] of blocks) {
    const shape = [batch, height, width, channels];
    const data = numbers(sizeOf(shape), 5);
    // y[b, i, j, (di·2 + dj)·c + k] = x[b, 2i + di, 2j + dj, k]
    const y = new Float32Array(data.length);
    let at = 0;
    for (let b = 0; b < batch; b++)
      for (let i = 0; i < height; i += 2)
        for (let j = 0; j < width; j += 2)
          for (const [di, dj] of [
            [0, 0],
            [0, 1],
            [1, 0],
            [1, 1],
          ])
            for (let k = 0; k < channels; k++)
              y[at++] = data[((b * height + i + di) * width + j + dj) * channels + k];
    const model = await readTfjs(artifactsOf(unary('SpaceToDepth', { block_size: 2 }), shape));
    gives(
      model,
      [{ data, shape }],
      [{ data: y, shape: [batch, height / 2, width / 2, 4 * channels] }],
    );
    model.dispose();
  }
});

for (const [dtype, bytes] of [
  ['uint8', 1],
  ['uint16', 2],
  ['float16', 2],
] as const) {
  test(`a graph whose weights are quantized as ${dtype}`, async () => {
    for (const [height, width, outputs] of [
      [3, 3, 5],
      [1, 3, 7],
    ]) {
      const shape = [2, 9, 8, 4];
      const artifacts = artifactsOf((g, x) => {
        const windows = { strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1], padding: 'SAME' };
        const y = g.node('Conv2D', [x, g.weight([height, width, 4, outputs])], windows);
        return g.node('BiasAdd', [y, g.weight([outputs])]);
      }, shape);
      const specs = artifacts.weightSpecs as { shape: number[] }[];
      const steps = specs.map(({ shape: own }) => {
        const count = sizeOf(own);
        // As halves, numbers of the exponents 2⁻¹ to 2⁰.
        const step = (i: number) =>
          bytes === 1
            ? (i * 89) % 256
            : dtype === 'uint16'
              ? (i * 6151) % 65536
              : 0x3800 + ((i * 97) % 1024);
        const drawn = Array.from({ length: count }, (_, i) => step(i));
        return new Uint8Array((bytes === 1 ? Uint8Array : Uint16Array).from(drawn).buffer);
      });
      const scaled = { scale: bytes === 1 ? 1 / 200 : 1 / 50000, min: -0.6 };
      const weightSpecs = specs.map((spec) => ({
        ...spec,
        quantization: { dtype, ...(dtype === 'float16' ? {} : scaled) },
      }));
      const all = Uint8Array.from(steps.flatMap((part) => [...part]));
      const quantized = { ...artifacts, weightSpecs, weightData: all.buffer };
      (await agree(quantized, [shape])).dispose();
    }
  });
}

test('a loop is named as what there is not', async () => {
  const g = new GraphBuilder();
  const x = g.input('x', [-1, 4]);
  // Each reads the other, as loops do.
  const next = 'net/NextIteration_1';
  const merge = g.node('Merge', [x, next]);
  g.node('NextIteration', [merge]);
  const artifacts = g.artifacts([x], [g.node('Exit', [merge])]);
  let message = '';
  await readTfjs(artifacts).catch((error: Error) => {
    message = error.message;
  });
  for (const part of [
    'there are operators that it has not',
    'Merge',
    'NextIteration',
    'Exit',
    'loops',
  ])
    assert.ok(message.includes(part), `'${message}' lacks '${part}'`);
});

test.run();
