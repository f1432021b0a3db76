# Golden data from PyTorch for layers that have no op of their own, in networks of two or three:
# convlayers.json has their outputs, the loss, and the gradient of every weight. Each network begins with
# a layer whose weights' gradients need the gradient of the next layer's input.
#
#     npm run golden        (python3 tests/golden/convlayers.py)
#
# Inputs, weights and layouts are made as generate.py says.

import math

import torch
import torch.nn.functional as F

from generate import HERE, block, made, nchw, nhwc, packed, rectify, spec

signal = lambda x: x.permute(0, 2, 1)  # [batch, steps, channels] to PyTorch's order, and back
activations = {"linear": lambda z: z, "relu": rectify, "tanh": torch.tanh}


class Layer:
    """A layer as layers.<type>(options) makes it, with its weights, and what PyTorch calls it."""

    def __init__(self, type, options, forward, kernel=None):
        self.type, self.options, self.forward, self.weights = type, options, forward, []
        if kernel:
            self.weights.append(spec(kernel, 1 / math.sqrt(math.prod(kernel[:-1]))))
            if options.get("useBias", True):
                self.weights.append(spec(kernel[-1:], 0.5))

    def __call__(self, x, *weights):
        return activations[self.options.get("activation", "linear")](self.forward(x, *weights))


def conv1d(kernel, options={}, pad=(0, 0), **torch_options):
    """`pad` is [before, behind], what PyTorch is told."""

    def forward(x, w, bias=None):
        return signal(F.conv1d(F.pad(signal(x), pad), w.permute(2, 1, 0), bias, **torch_options))

    return Layer("conv1d", {"filters": kernel[-1], "kernelSize": kernel[0], **options}, forward, kernel)


def depthwise(kernel, channels, options={}, pad=(0, 0, 0, 0), **torch_options):
    """`pad` is [left, right, top, bottom], what PyTorch is told."""

    def forward(x, w, bias=None):
        image = F.pad(nchw(x), pad)
        return nhwc(F.conv2d(image, w.permute(3, 2, 0, 1).contiguous(), bias, groups=channels, **torch_options))

    return Layer("depthwiseConv2d", {"kernelSize": kernel[:2], **options}, forward, kernel)


def conv2d(kernel, options={}):
    forward = lambda x, w, bias: nhwc(F.conv2d(nchw(x), w.permute(3, 2, 0, 1).contiguous(), bias))
    return Layer("conv2d", {"filters": kernel[-1], "kernelSize": kernel[:2], **options}, forward, kernel)


cases = []


def network(name, shape, *layers):
    inputs = {"x": spec(shape)}
    weights = [[made(**weight).requires_grad_() for weight in layer.weights] for layer in layers]
    y = made(**inputs["x"])
    for layer, own in zip(layers, weights):
        y = layer(y, *own)
    inputs["target"] = spec(y.shape)
    loss = F.mse_loss(y, made(**inputs["target"]))
    flat = [weight for own in weights for weight in own]
    gradients = torch.autograd.grad(loss, flat)
    outputs = {"y": y, "loss": loss.reshape(1), **{f"gradient {i}": g for i, g in enumerate(gradients)}}
    cases.append({
        "name": name,
        "layers": [{"type": layer.type, "options": layer.options} for layer in layers],
        "weights": [weight for layer in layers for weight in layer.weights],
        "inputs": inputs,
        "outputs": {key: packed(value) for key, value in outputs.items()},
    })


tanh, relu = {"activation": "tanh"}, {"activation": "relu"}

network("conv1d", [2, 9, 3], conv1d([1, 3, 4], tanh), conv1d([3, 4, 5]))
network("conv1d stride 2 same, relu", [2, 10, 5], conv1d([2, 5, 9]), conv1d([4, 9, 7], {"strides": 2, "padding": "same", **relu}, (1, 2), stride=2))
network("conv1d dilation 2, causal, no bias", [2, 11, 4], conv1d([3, 4, 8], tanh), conv1d([3, 8, 6], {"dilation": 2, "padding": [4, 0], "useBias": False}, (4, 0), dilation=2))
network("conv1d groups 3, stride 3, padding 1", [3, 13, 4], conv1d([1, 4, 6], relu), conv1d([4, 2, 9], {"groups": 3, "strides": 3, "padding": 1}, (1, 1), groups=3, stride=3))
network("conv1d groups 2, relu, in front of another", [1, 30, 2], conv1d([5, 1, 4], {"groups": 2, **relu}, groups=2), conv1d([9, 4, 17]))
network("maxPool1d 3 stride 2, padding 1", [2, 12, 3], conv1d([2, 3, 5]), Layer("maxPool1d", {"poolSize": 3, "strides": 2, "padding": 1}, lambda x: signal(F.max_pool1d(signal(x), 3, 2, 1))))
network("avgPool1d 3 stride 2, padding 1", [2, 12, 3], conv1d([2, 3, 5]), Layer("avgPool1d", {"poolSize": 3, "strides": 2, "padding": 1}, lambda x: signal(F.avg_pool1d(signal(x), 3, 2, 1, count_include_pad=False))))

network("depthwiseConv2d 3x3 same, relu", [2, 6, 7, 3], conv2d([1, 1, 3, 9]), depthwise([3, 3, 1, 9], 9, {"padding": "same", **relu}, (1, 1, 1, 1)))
network("depthwiseConv2d 3x2, two filters each, stride 2", [1, 9, 8, 3], conv2d([1, 1, 3, 5], tanh), depthwise([3, 2, 1, 10], 5, {"depthMultiplier": 2, "strides": 2}, stride=2))
network("depthwiseConv2d 2x3, three filters each, dilation 2, no bias", [2, 6, 8, 2], conv2d([2, 2, 2, 4], tanh), depthwise([2, 3, 1, 12], 4, {"depthMultiplier": 3, "dilation": [1, 2], "padding": [[1, 0], [2, 2]], "useBias": False}, (2, 2, 1, 0), dilation=(1, 2)))
network("depthwiseConv2d of one channel, four filters", [2, 5, 5, 3], conv2d([2, 2, 3, 1]), depthwise([3, 3, 1, 4], 1, {"depthMultiplier": 4, "padding": 1}, (1, 1, 1, 1)))
network("depthwiseConv2d, then 1x1: a separable convolution", [2, 7, 6, 8], depthwise([3, 3, 1, 8], 8, {"padding": "same", **relu}, (1, 1, 1, 1)), conv2d([1, 1, 8, 5]))

if __name__ == "__main__":
    (HERE / "convlayers.json").write_text('{\n  "cases": [\n' + ",\n".join(map(block, cases)) + "\n  ]\n}\n")
