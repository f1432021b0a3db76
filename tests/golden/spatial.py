# Golden data from PyTorch: spatial.json (pooling of every kind, padding, upsampling, response
# normalisation, concatenation, with gradients).
#
#     npm run golden

import math

import torch
import torch.nn.functional as F

import generate
from generate import case, nchw, nhwc, pool, spec

generate.cases.clear()
generate.seed = 7000


def image(name, op, shape, options, forward, scale=1):
    case(name, op, {"x": spec(shape, scale)}, options, lambda x: nhwc(forward(nchw(x))))


pool("minPool2d 2x2", "minPool2d", [2, 6, 8, 5], {}, lambda x: -F.max_pool2d(-x, 2))
pool("minPool2d 3x3 stride 2, padding 1", "minPool2d", [2, 7, 8, 5], {"poolSize": 3, "strides": 2, "padding": 1}, lambda x: -F.max_pool2d(-x, 3, 2, 1))
# PyTorch takes x and not |x| to the power: `shift` keeps x positive where that matters.
pool("lpPool2d sum, p 2, 2x2", "lpPool2d", [2, 6, 4, 5], {"mode": "sum"}, lambda x: F.lp_pool2d(x, 2, 2))
pool("lpPool2d sum, p 3, 3x3 stride 2", "lpPool2d", [1, 7, 9, 3], {"poolSize": 3, "strides": 2, "p": 3, "mode": "sum"}, lambda x: F.lp_pool2d(x, 3, 3, 2), 1.125)
case("globalMaxPool2d", "globalMaxPool2d", {"x": spec([3, 5, 7, 6])}, {}, lambda x: x.amax((1, 2)))
case("globalMaxPool2d of more pixels than a byte counts", "globalMaxPool2d", {"x": spec([2, 17, 16, 3])}, {}, lambda x: x.amax((1, 2)))

for sides, out in [([5, 7], [3, 4]), ([3, 4], [5, 7]), ([6, 8], [3, 4]), ([7, 6], [3, 3])]:
    size = {"outputSize": out}
    image(f"adaptiveAvgPool2d {sides} to {out}", "adaptiveAvgPool2d", [2, *sides, 5], size, lambda x: F.adaptive_avg_pool2d(x, out))
    image(f"adaptiveMaxPool2d {sides} to {out}", "adaptiveMaxPool2d", [2, *sides, 5], size, lambda x: F.adaptive_max_pool2d(x, out))


def channels(name, shape, size, mode):
    take = lambda groups: groups.amax(-1) if mode == "max" else groups.mean(-1)
    case(name, "channelPool", {"x": spec(shape)}, {"poolSize": size, "mode": mode}, lambda x: take(x.unflatten(-1, (-1, size))))


channels("channelPool, maxout of 2", [2, 3, 4, 10], 2, "max")
channels("channelPool, maxout of 5", [7, 15], 5, "max")
channels("channelPool, means of 3", [2, 3, 2, 9], 3, "average")


# As https://github.com/adobe/antialiased-cnns has it.
def blur(name, shape, size, stride):
    def forward(x):
        row = torch.tensor([math.comb(size - 1, k) for k in range(size)], dtype=torch.float64)
        filter = torch.outer(row, row) / row.sum() ** 2
        before, after = (size - 1) // 2, math.ceil((size - 1) / 2)
        padded = F.pad(x, [before, after, before, after], "reflect")
        return F.conv2d(padded, filter.expand(shape[3], 1, size, size), stride=stride, groups=shape[3])

    image(name, "blurPool2d", shape, {"kernelSize": size, "strides": stride}, forward)


blur("blurPool2d 3x3", [2, 6, 7, 5], 3, 2)
blur("blurPool2d 4x4", [1, 8, 7, 9], 4, 2)
blur("blurPool2d 7x7 stride 3", [1, 10, 9, 3], 7, 3)


def lrn(name, shape, size, alpha, beta, bias, scale=1):
    options = {"size": size, "alpha": alpha, "beta": beta, "bias": bias}
    image(name, "lrn", shape, options, lambda x: F.local_response_norm(x, size, alpha, beta, bias), scale)


lrn("lrn, AlexNet's", [2, 3, 4, 16], 5, 5e-4, 0.75, 2, 30)
lrn("lrn over 4 channels", [2, 3, 2, 9], 4, 2, 0.75, 0.5)
lrn("lrn over 3 channels, beta 0.6", [2, 3, 2, 7], 3, 3, 0.6, 1)
lrn("lrn over more than there are", [2, 3, 2, 5], 12, 3, 0.75, 1)

for mode, torch_mode in [("zeros", "constant"), ("reflect", "reflect")]:
    image(f"pad2d {mode}", "pad2d", [2, 5, 4, 5], {"padding": [[1, 2], [3, 0]], "mode": mode}, lambda x: F.pad(x, [3, 0, 1, 2], torch_mode))

for mode in ["nearest", "bilinear"]:
    corners = {} if mode == "nearest" else {"align_corners": False}
    for size in [[2, 2], [3, 2], [1, 5]]:
        image(f"upsampling2d {mode} {size}", "upsampling2d", [2, 3, 4, 5], {"size": size, "interpolation": mode}, lambda x: F.interpolate(x, scale_factor=tuple(size), mode=mode, **corners))

case("concat", "concat", {"a": spec([2, 3, 2, 5]), "b": spec([2, 3, 2, 8]), "c": spec([2, 3, 2, 1])}, {}, lambda *xs: torch.cat(xs, -1))


# Convolution with a reflected border. `pad` is [left, right, top, bottom].
def reflected(name, x, filter, options, pad, **torch_options):
    forward = lambda x, filter: nhwc(F.conv2d(F.pad(nchw(x), pad, "reflect"), filter.permute(3, 2, 0, 1), **torch_options))
    inputs = {"x": spec(x), "filter": spec(filter, 1 / math.sqrt(math.prod(filter[:3])))}
    case(name, "conv2d", inputs, {"paddingMode": "reflect", **options}, forward)


reflected("conv2d 3x3 same, reflected", [2, 6, 7, 5], [3, 3, 5, 6], {"padding": "same"}, [1, 1, 1, 1])
reflected("conv2d 5x5 stride 2 same, reflected", [1, 8, 9, 3], [5, 5, 3, 5], {"strides": 2, "padding": "same"}, [2, 2, 1, 2], stride=2)
reflected("conv2d 3x3 depthwise, reflected", [2, 5, 6, 9], [3, 3, 1, 9], {"groups": 9, "padding": 1}, [1, 1, 1, 1], groups=9)
reflected("conv2d 3x2 uneven padding, reflected", [1, 5, 6, 4], [3, 2, 4, 3], {"padding": [[2, 1], [0, 3]]}, [0, 3, 2, 1])

generate.write("spatial.json")
