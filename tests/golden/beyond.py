# Golden data from PyTorch: beyond.json. Pooling windows that reach beyond the image by ceil_mode, and transposed
# convolutions whose output padding is not less than the stride.
#
#     npm run golden

import torch.nn.functional as F

import generate
from generate import conv_transpose, pool

generate.cases.clear()
generate.seed = 9000

up = {"dimRoundingMode": "ceil"}
mean = lambda *how: lambda x: F.avg_pool2d(x, *how, ceil_mode=True, count_include_pad=False)
pool("maxPool2d 3x3 stride 2 on 2x2, ceil", "maxPool2d", [2, 2, 2, 5], {"poolSize": 3, "strides": 2, **up}, lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True))
pool("maxPool2d 5x3 stride 4, 2 on 2x6, ceil", "maxPool2d", [1, 2, 6, 4], {"poolSize": [5, 3], "strides": [4, 2], **up}, lambda x: F.max_pool2d(x, (5, 3), (4, 2), ceil_mode=True))
pool("avgPool2d 3x3 stride 2 on 2x2, ceil", "avgPool2d", [2, 2, 2, 5], {"poolSize": 3, "strides": 2, **up}, mean(3, 2))
pool("avgPool2d 4x4 stride 3 on 2x5, ceil", "avgPool2d", [1, 2, 5, 3], {"poolSize": 4, "strides": 3, **up}, mean(4, 3))
conv_transpose("conv2dTranspose output padding 1 at stride 1, dilation 2", [2, 4, 3, 4], [3, 3, 5, 4], {"dilation": 2, "outputPadding": 1}, dilation=2, output_padding=1)
conv_transpose("conv2dTranspose output padding 3, 2 at stride 2, dilation 4, 3", [1, 3, 4, 5], [3, 2, 3, 5], {"strides": 2, "dilation": [4, 3], "outputPadding": [3, 2], "padding": 1}, stride=2, dilation=(4, 3), output_padding=(3, 2), padding=1)

generate.write("beyond.json")
