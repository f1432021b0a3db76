# Golden data from PyTorch: arrays.json (the layers for arrays of any rank, with all their gradients).
#
#     npm run golden
#
# An input that has the name of a layer's weight is that weight.

import math

import torch
import torch.nn.functional as F

import generate
from generate import case, spec

generate.cases.clear()
generate.seed = 9000


def first(x):
    """[batch, ...sides, channels] in PyTorch's order."""
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def one(name, op, shape, options, forward, scale=1, shift=0):
    case(name, op, {"x": spec(shape, scale, shift)}, options, forward)


def over(name, op, shape, options, forward, scale=1, shift=0):
    """Of channels first."""
    one(name, op, shape, options, lambda x: last(forward(first(x))), scale, shift)


# Convolutions: kernels are [...sides, inputs, outputs], of transposed ones [...sides, outputs, inputs].
def convolution(name, op, x, kernel, options, forward, bias=True):
    inputs = {"x": spec(x), "kernel": spec(kernel, 1 / math.sqrt(math.prod(kernel[:-1])))}
    filters = options["filters"]
    if bias:
        inputs["bias"] = spec([filters], 0.5)
    order = [len(kernel) - 1, len(kernel) - 2, *range(len(kernel) - 2)]
    case(name, op, inputs, options, lambda x, kernel, bias=None: last(forward(first(x), kernel.permute(order), bias)))


convolution("conv3d 2x2x2", "conv3d", [2, 3, 4, 3, 3], [2, 2, 2, 3, 4], {"filters": 4, "kernelSize": 2}, F.conv3d)
convolution("conv3d 3x2x1, groups 2, strides 2, 1, 2, dilation 1, 2, 1", "conv3d", [1, 5, 5, 3, 4], [3, 2, 1, 2, 6], {"filters": 6, "kernelSize": [3, 2, 1], "groups": 2, "strides": [2, 1, 2], "dilation": [1, 2, 1], "padding": [[1, 1], [0, 2], [0, 0]]}, lambda x, w, b: F.conv3d(F.pad(x, [0, 0, 0, 2, 1, 1]), w, b, groups=2, stride=(2, 1, 2), dilation=(1, 2, 1)))
convolution("conv3d same, stride 2, no bias", "conv3d", [2, 4, 5, 3, 2], [3, 3, 3, 2, 3], {"filters": 3, "kernelSize": 3, "strides": 2, "padding": "same", "useBias": False}, lambda x, w, b: F.conv3d(F.pad(x, [1, 1, 1, 1, 0, 1]), w, b, stride=2), bias=False)
convolution("conv3dTranspose 2x3x2, stride 2, 1, 2, padding 1, output padding", "conv3dTranspose", [2, 2, 3, 2, 3], [2, 3, 2, 4, 3], {"filters": 4, "kernelSize": [2, 3, 2], "strides": [2, 1, 2], "padding": [[0, 0], [1, 1], [0, 0]], "outputPadding": [1, 0, 1]}, lambda x, w, b: F.conv_transpose3d(x, w, b, stride=(2, 1, 2), padding=(0, 1, 0), output_padding=(1, 0, 1)))
convolution("groupedConv2dTranspose 3x2, groups 2, stride 2", "groupedConv2dTranspose", [2, 3, 4, 4], [3, 2, 3, 4], {"filters": 6, "kernelSize": [3, 2], "groups": 2, "strides": 2, "outputPadding": 1}, lambda x, w, b: F.conv_transpose2d(x, torch.cat([w[:2], w[2:]]), b, stride=2, groups=2, output_padding=1))
convolution("conv1dTranspose 3, dilation 2", "conv1dTranspose", [2, 4, 3], [3, 5, 3], {"filters": 5, "kernelSize": 3, "dilation": 2, "outputPadding": 0}, lambda x, w, b: F.conv_transpose1d(x, w, b, dilation=2))

# Pools.
over("maxPool3d 2", "maxPool3d", [2, 4, 4, 5, 3], {}, lambda x: F.max_pool3d(x, 2))
over("maxPool3d 3, stride 2, padding 1, ceil", "maxPool3d", [1, 4, 5, 6, 2], {"poolSize": 3, "strides": 2, "padding": 1, "dimRoundingMode": "ceil"}, lambda x: F.max_pool3d(x, 3, 2, 1, ceil_mode=True))
over("dilatedMaxPool2d 2, stride 1, dilation 1, 2", "dilatedMaxPool2d", [2, 5, 6, 3], {"strides": 1, "dilation": [1, 2]}, lambda x: F.max_pool2d(x, 2, 1, 0, (1, 2)))
over("dilatedMaxPool1d 3, stride 2, padding 1, dilation 2", "dilatedMaxPool1d", [2, 9, 3], {"poolSize": 3, "strides": 2, "padding": 1, "dilation": 2}, lambda x: F.max_pool1d(x, 3, 2, 1, 2))
over("avgPool3d 2, stride 1", "avgPool3d", [2, 3, 4, 3, 3], {"strides": 1}, lambda x: F.avg_pool3d(x, 2, 1))
over("avgPool3d 3, stride 2, padding 1", "avgPool3d", [1, 4, 5, 4, 2], {"poolSize": 3, "strides": 2, "padding": 1}, lambda x: F.avg_pool3d(x, 3, 2, 1, count_include_pad=False))
over("avgPool3d 3, stride 2, padding 1, counted, ceil", "avgPool3d", [1, 4, 5, 6, 2], {"poolSize": 3, "strides": 2, "padding": 1, "countPadding": True, "dimRoundingMode": "ceil"}, lambda x: F.avg_pool3d(x, 3, 2, 1, True))
over("paddedAvgPool2d 3, stride 2, padding 1, counted, ceil", "paddedAvgPool2d", [2, 6, 5, 3], {"poolSize": 3, "strides": 2, "padding": 1, "countPadding": True, "dimRoundingMode": "ceil"}, lambda x: F.avg_pool2d(x, 3, 2, 1, True))
over("paddedAvgPool1d 2, padding 1, counted", "paddedAvgPool1d", [2, 6, 3], {"padding": 1, "countPadding": True}, lambda x: F.avg_pool1d(x, 2, 2, 1))
# PyTorch takes x and not |x| to the power.
over("lpPool1d p 3, 2", "lpPool1d", [2, 7, 3], {"p": 3}, lambda x: F.lp_pool1d(x, 3, 2), shift=1.125)
over("dilatedLpPool2d p 2, 3, stride 2", "dilatedLpPool2d", [1, 7, 6, 3], {"poolSize": 3, "strides": 2}, lambda x: F.lp_pool2d(x, 2, 3, 2), shift=1.125)

# Resizing, as `interpolate` does it.
for mode, torch_mode, sizes in [("linear", "trilinear", [5, 3, 7]), ("nearest", "nearest", [5, 3, 8])]:
    options = {"axes": [0, 1, 2], "sizes": sizes, "mode": mode, **({} if mode == "linear" else {"coordinates": "asymmetric", "nearest": "floor"})}
    over(f"resize of volumes, {mode}", "resize", [1, 3, 4, 5, 2], options, lambda x: F.interpolate(x, sizes, mode=torch_mode))
for mode, torch_mode in [("linear", "bilinear"), ("cubic", "bicubic")]:
    for sizes in [[7, 9], [3, 4]]:
        plain = {"axes": [0, 1], "sizes": sizes, "mode": mode}
        over(f"resize to {sizes}, {mode}", "resize", [2, 5, 6, 2], plain, lambda x: F.interpolate(x, sizes, mode=torch_mode))
        over(f"resize to {sizes}, {mode}, corners", "resize", [2, 5, 6, 2], {**plain, "coordinates": "alignCorners"}, lambda x: F.interpolate(x, sizes, mode=torch_mode, align_corners=True))
over("resize to [3, 4], linear, antialiased", "resize", [2, 7, 9, 2], {"axes": [0, 1], "sizes": [3, 4], "mode": "linear", "antialias": True, "excludeOutside": True}, lambda x: F.interpolate(x, [3, 4], mode="bilinear", antialias=True))
over("resize by 1.5, linear, whose scale says the places", "resize", [2, 5, 3, 2], {"axes": [0, 1], "scales": [1.5, 1.5], "mode": "linear"}, lambda x: F.interpolate(x, scale_factor=1.5, mode="bilinear"))
# Of a size that one scale says, PyTorch takes the places from the scale where it is told to.
over("resize to at most [4, 9], linear, one scale", "resize", [2, 5, 5, 2], {"axes": [0, 1], "sizes": [4, 9], "aspect": "notLarger", "mode": "linear"}, lambda x: F.interpolate(x, scale_factor=0.8, mode="bilinear", recompute_scale_factor=False))
for mode, torch_mode in [("reflect", "reflect"), ("edge", "replicate"), ("wrap", "circular"), ("constant", "constant")]:
    over(f"pad {mode}", "pad", [2, 4, 5, 2], {"padding": [[1, 2], [3, 0], [0, 0]], "mode": mode, **({"value": 0.5} if mode == "constant" else {})}, lambda x: F.pad(x, [3, 0, 1, 2], torch_mode, **({"value": 0.5} if torch_mode == "constant" else {})))
over("pad wrap, less at the end", "pad", [2, 5, 4, 2], {"padding": [[2, -1], [0, 1], [0, 0]], "mode": "wrap"}, lambda x: F.pad(x, [0, 1, 2, -1], "circular"))
over("pad constant, less", "pad", [2, 5, 4, 2], {"padding": [[2, -1], [-1, 1], [0, 0]]}, lambda x: F.pad(x, [-1, 1, 2, -1]))

# Normalization: gamma and beta.
def normed(name, op, shape, weights, options, forward):
    inputs = {"x": spec(shape), **{key: spec(weights, 0.5, shift) for key, shift in [("gamma", 1), ("beta", 0)]}}
    case(name, op, inputs, options, forward)


normed("layerNorm of channels", "layerNorm", [2, 3, 4, 5], [5], {"epsilon": 1e-5}, lambda x, g, b: F.layer_norm(x, [5], g, b, 1e-5))
normed("layerNorm of all", "layerNorm", [3, 2, 3, 4], [2, 3, 4], {"axes": [0, 1, 2], "epsilon": 0.01}, lambda x, g, b: F.layer_norm(x, [2, 3, 4], g, b, 0.01))
normed("groupNorm 2", "groupNorm", [2, 3, 4, 6], [6], {"groups": 2, "epsilon": 0.01}, lambda x, g, b: last(F.group_norm(first(x), 2, g, b, 0.01)))
normed("groupNorm 3 of volumes", "groupNorm", [1, 2, 3, 2, 6], [6], {"groups": 3, "epsilon": 0.01}, lambda x, g, b: last(F.group_norm(first(x), 3, g, b, 0.01)))
normed("instanceNorm", "instanceNorm", [2, 5, 4, 3], [3], {"epsilon": 0.01}, lambda x, g, b: last(F.instance_norm(first(x), None, None, g, b, True, 0, 0.01)))

# Sums and extremes: axes of a sample; PyTorch's are one more.
reductions = {
    "sum": lambda x, axes: x.sum(axes),
    "mean": lambda x, axes: x.mean(axes),
    "max": lambda x, axes: x.amax(axes),
    "min": lambda x, axes: x.amin(axes),
    "l1": lambda x, axes: x.abs().sum(axes),
    "l2": lambda x, axes: torch.linalg.vector_norm(x, 2, axes),
    "sumSquare": lambda x, axes: x.square().sum(axes),
    "logSumExp": lambda x, axes: x.logsumexp(axes),
}
for fn, forward in reductions.items():
    one(f"reduce {fn}", "reduce", [2, 3, 4, 5], {"fn": fn, "axes": [0, 2]}, lambda x: forward(x, [1, 3]))
one("reduce prod", "reduce", [2, 3, 4, 2], {"fn": "prod", "axes": [1]}, lambda x: x.prod(2))
one("reduce prod of zeros", "reduce", [1, 2, 3], {"fn": "prod", "axes": [1]}, lambda x: x.prod(2), 0)
one("reduce l2 of zeros", "reduce", [1, 2, 3], {"fn": "l2", "axes": [1]}, lambda x: torch.linalg.vector_norm(x, 2, 2), 0)
one("reduce l1 of zeros", "reduce", [1, 2, 3], {"fn": "l1", "axes": [1]}, lambda x: x.abs().sum(2), 0)
one("reduce max of equal numbers", "reduce", [1, 2, 3], {"fn": "max", "axes": [1]}, lambda x: x.amax(2), 0, 1)
one("reduce logSumExp of large numbers", "reduce", [1, 2, 5], {"fn": "logSumExp", "axes": [1], "keepDims": True}, lambda x: x.logsumexp(2, keepdim=True), 200)

# Functions of two, broadcast.
functions = {
    "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div,
    "maximum": torch.maximum, "minimum": torch.minimum, "power": torch.pow,
    "prelu": lambda x, slope: torch.where(x < 0, x * slope, x),
}
for fn, forward in functions.items():
    positive = 1.5 if fn in ("power", "divide") else 0
    for a, b in [([2, 3, 4, 5], [2, 1, 4, 1]), ([2, 4, 1], [2, 3, 4, 5])]:
        # The batch is the first axis of both.
        wide = (lambda x, rank: x.reshape(x.shape[0], *[1] * (rank - x.dim()), *x.shape[1:]))
        rank = max(len(a), len(b))
        inputs = {"x": spec(a, 1, positive), "z": spec(b, 1, positive)}
        case(f"combine {fn} {a} and {b}", "combine", inputs, {"fn": fn}, lambda x, z: forward(wide(x, rank), wide(z, rank)))
    case(f"combineWeight {fn}", "combineWeight", {"x": spec([2, 3, 4, 5], 1, positive), "value": spec([4, 1], 1, positive)}, {"fn": fn, "shape": [4, 1]}, forward)
for ta, tb in [(False, False), (True, False), (False, True), (True, True)]:
    turned = lambda x, is_turned: x.transpose(-1, -2) if is_turned else x
    a, b = [[2, 3, *([4, 5] if ta else [5, 4])], [2, 1, *([6, 4] if tb else [4, 6])]]
    options = {key: True for key, is_turned in [("transposeA", ta), ("transposeB", tb)] if is_turned}
    case(f"matMul {options}", "matMul", {"x": spec(a), "z": spec(b)}, options, lambda x, z: turned(x, ta) @ turned(z, tb))

# Functions of one.
hard = lambda a, b: lambda x: (a * x + b).clamp(0, 1)
maps = [
    ({"fn": "exp"}, torch.exp, 0), ({"fn": "log"}, torch.log, 1.5), ({"fn": "sqrt"}, torch.sqrt, 1.5),
    ({"fn": "abs"}, torch.abs, 0), ({"fn": "reciprocal"}, torch.reciprocal, 1.5), ({"fn": "erf"}, torch.erf, 0),
    ({"fn": "sin"}, torch.sin, 0), ({"fn": "cos"}, torch.cos, 0), ({"fn": "softsign"}, F.softsign, 0),
    ({"fn": "mish"}, F.mish, 0), ({"fn": "geluTanh"}, lambda x: F.gelu(x, approximate="tanh"), 0),
    ({"fn": "elu", "alpha": 0.5}, lambda x: F.elu(x, 0.5), 0), ({"fn": "celu", "alpha": 0.5}, lambda x: F.celu(x, 0.5), 0),
    ({"fn": "selu"}, F.selu, 0), ({"fn": "leakyRelu", "alpha": 0.25}, lambda x: F.leaky_relu(x, 0.25), 0),
    ({"fn": "thresholdedRelu", "alpha": 0.25}, lambda x: F.threshold(x, 0.25, 0), 0),
    ({"fn": "hardSigmoid", "alpha": 0.75, "beta": 0.5}, hard(0.75, 0.5), 0),
    ({"fn": "power", "alpha": 3}, lambda x: x ** 3, 0), ({"fn": "power", "alpha": 1.7}, lambda x: x ** 1.7, 1.5),
    ({"fn": "clip", "alpha": -0.5, "beta": 0.25}, lambda x: x.clamp(-0.5, 0.25), 0),
]
for options, forward, shift in maps:
    one(f"map {options}", "map", [2, 13], options, forward, 1, shift)

# The same numbers in other places.
one("transpose", "transpose", [2, 3, 4, 5], {"axes": [2, 0, 1]}, lambda x: x.permute(0, 3, 1, 2))
one("slice", "slice", [2, 6, 7], {"begin": [1, 6], "end": [6, -8], "step": [2, -3]}, lambda x: x.flip(2)[:, 1:6:2, ::3])
one("expand", "expand", [2, 1, 3], {"shape": [2, 4, 3]}, lambda x: x.unsqueeze(1).expand(2, 2, 4, 3))
over("depthToSpace crd: PyTorch's pixel shuffle", "depthToSpace", [2, 2, 3, 8], {"blockSize": 2, "mode": "crd"}, lambda x: F.pixel_shuffle(x, 2))

generate.write("arrays.json")
