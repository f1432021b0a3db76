# Golden data from PyTorch: layers.json (every op and its gradients) and lenet.json (a training run).
#
#     npm run golden        (python3 tests/golden/generate.py)
#
# Needs Debian's python3-torch (/usr/bin/python3); the tests that read the files need no Python.
#
# Inputs are not stored: both sides make them from the integer hash of tests/helpers/random.ts. All is
# computed in float64, so that the files are the right answers rounded once (float32, base64), not
# PyTorch's own float32 errors, and hardly depend on the machine. Leaves of the graph have our layout
# (NHWC, HWIO) and are permuted inside it, so gradients come out in our layout too.

import base64
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
HERE = Path(__file__).parent


def numbers(count, seed):
    """numbers() of tests/helpers/random.ts: float32 in [-1, 1), exact."""
    x = np.arange(count, dtype=np.uint32) + np.uint32((seed * 0x9E3779B9) & 0xFFFFFFFF)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    x = x ^ (x >> np.uint32(16))
    return ((x >> np.uint32(8)) / 2**23 - 1).astype(np.float32)


def made(shape, seed, scale=1, shift=0):
    """The input a spec stands for: scale and shift in float64, rounded to float32 as JavaScript does."""
    values = numbers(math.prod(shape), seed).astype(np.float64) * scale + shift
    return torch.from_numpy(values.astype(np.float32).astype(np.float64)).reshape(shape)


def packed(tensor):
    values = tensor.detach().contiguous().numpy().astype("<f4")
    return {"shape": list(values.shape), "float32": base64.b64encode(values.tobytes()).decode()}


cases = []
seed = 0


def spec(shape, scale=1, shift=0):
    """An input with a seed that no other has."""
    global seed
    seed += 1
    extra = {"shift": shift} if shift else {}
    return {"shape": list(shape), "seed": seed, "scale": scale, **extra}


def record(name, op, inputs, options, outputs):
    stored = {key: packed(value) for key, value in outputs.items()}
    cases.append({"name": name, "op": op, "inputs": inputs, "options": options, "outputs": stored})


def case(name, op, inputs, options, forward, constant=()):
    """Records y = forward(inputs) and d<input> of all but the constant inputs, for a dy of its own."""
    leaves = {key: made(**value) for key, value in inputs.items()}
    free = [leaf.requires_grad_() for key, leaf in leaves.items() if key not in constant]
    y = forward(*leaves.values())
    scalar = y.dim() == 0
    if not scalar:
        inputs = {**inputs, "dy": spec(y.shape)}
    gradients = torch.autograd.grad(y, free, None if scalar else made(**inputs["dy"]))
    names = ["d" + key for key in leaves if key not in constant]
    record(name, op, inputs, options, {"loss" if scalar else "y": y.reshape(-1) if scalar else y, **dict(zip(names, gradients))})


def rectify(z):
    """ReLU of numbers none of which is so near 0 that float32 might see another sign."""
    assert z.abs().min() > 1e-5, "a sum is too near 0: change the seed"
    return F.relu(z)


nchw = lambda x: x.permute(0, 3, 1, 2)
nhwc = lambda x: x.permute(0, 2, 3, 1)


# Convolution. `pad` is what PyTorch is told: its own padding, or [left, right, top, bottom] for F.pad.
def conv(name, x, filter, options, pad=0, **torch_options):
    def forward(x, filter, bias):
        image, padding = (F.pad(nchw(x), pad), 0) if isinstance(pad, list) else (nchw(x), pad)
        z = nhwc(F.conv2d(image, filter.permute(3, 2, 0, 1), bias, padding=padding, **torch_options))
        return rectify(z) if options.get("activation") == "relu" else z

    fan_in = math.prod(filter[:3])
    inputs = {"x": spec(x), "filter": spec(filter, 1 / math.sqrt(fan_in)), "bias": spec(filter[3:], 0.5)}
    case(name, "conv2d", inputs, options, forward)


conv("conv2d 5x5 same, relu", [2, 9, 8, 3], [5, 5, 3, 9], {"padding": "same", "activation": "relu"}, "same")
conv("conv2d 3x3 stride 2, padding 1", [2, 9, 9, 4], [3, 3, 4, 7], {"strides": 2, "padding": 1}, 1, stride=2)
conv("conv2d 3x3 stride 2, padding 1, even side", [1, 8, 10, 4], [3, 3, 4, 8], {"strides": 2, "padding": 1}, 1, stride=2)
conv("conv2d 5x5 stride 2 same", [1, 8, 9, 3], [5, 5, 3, 5], {"strides": 2, "padding": "same"}, [2, 2, 1, 2], stride=2)
conv("conv2d 1x1, relu", [2, 5, 7, 9], [1, 1, 9, 17], {"activation": "relu"})
conv("conv2d 1x1 stride 2", [2, 7, 5, 6], [1, 1, 6, 8], {"strides": 2}, stride=2)
conv("conv2d 3x3 dilation 2", [1, 9, 10, 5], [3, 3, 5, 6], {"dilation": 2, "padding": 2}, 2, dilation=2)
conv("conv2d 3x3 dilation 3, 2, stride 2", [1, 13, 11, 3], [3, 3, 3, 4], {"dilation": [3, 2], "strides": 2, "padding": [3, 2]}, (3, 2), dilation=(3, 2), stride=2)
conv("conv2d 3x3 groups 2, relu", [2, 7, 6, 6], [3, 3, 3, 10], {"groups": 2, "padding": 1, "activation": "relu"}, 1, groups=2)
conv("conv2d 3x3 depthwise", [2, 7, 8, 9], [3, 3, 1, 9], {"groups": 9, "padding": 1}, 1, groups=9)
conv("conv2d 3x3 depthwise, two filters each, stride 2", [1, 9, 7, 5], [3, 3, 1, 10], {"groups": 5, "strides": 2, "padding": 1}, 1, groups=5, stride=2)
conv("conv2d 4x3 uneven padding", [1, 7, 6, 4], [4, 3, 4, 5], {"padding": [[1, 2], [0, 3]]}, [0, 3, 1, 2])
conv("conv2d 3x5 strides 2, 3", [2, 9, 11, 3], [3, 5, 3, 6], {"strides": [2, 3]}, stride=(2, 3))
conv("conv2d 2x2 stride 3", [1, 8, 8, 3], [2, 2, 3, 5], {"strides": 3}, stride=3)
conv("conv2d 3x3 over more than KC terms", [1, 5, 6, 32], [3, 3, 32, 9], {"padding": 1}, 1)
conv("conv2d 3x3 of many pixels", [1, 64, 72, 1], [3, 3, 1, 1], {"padding": "same"}, "same")


# Dense layers.
def dense(name, rows, inputs, units, relu):
    forward = lambda x, kernel, bias: (rectify if relu else lambda z: z)(F.linear(x, kernel.T, bias))
    given = {"x": spec([rows, inputs]), "kernel": spec([inputs, units], 1 / math.sqrt(inputs)), "bias": spec([units], 0.5)}
    case(name, "dense", given, {"relu": relu}, forward)


dense("dense 37 to 19", 7, 37, 19, False)
dense("dense 260 to 10, relu", 5, 260, 10, True)


# Pooling. `shift` keeps x positive where PyTorch's lp_pool2d, which takes x and not |x| to the power, needs it.
def pool(name, op, shape, options, forward, shift=0):
    case(name, op, {"x": spec(shape, 1, shift)}, options, lambda x: nhwc(forward(nchw(x))))


def lp(name, shape, size, strides, p, shift=0):
    mean = lambda x: F.lp_pool2d(x, p, size, strides) / (size * size) ** (1 / p)  # PyTorch has the sum
    pool(name, "lpPool2d", shape, {"poolSize": size, "strides": strides, "p": p}, mean, shift)


pool("maxPool2d 2x2", "maxPool2d", [2, 6, 8, 5], {}, lambda x: F.max_pool2d(x, 2))
pool("maxPool2d 3x3 stride 2, padding 1", "maxPool2d", [2, 7, 8, 5], {"poolSize": 3, "strides": 2, "padding": 1}, lambda x: F.max_pool2d(x, 3, 2, 1))
pool("maxPool2d 3x2 strides 2, 1, ceil", "maxPool2d", [1, 8, 7, 4], {"poolSize": [3, 2], "strides": [2, 1], "dimRoundingMode": "ceil"}, lambda x: F.max_pool2d(x, (3, 2), (2, 1), ceil_mode=True))
pool("avgPool2d 2x2", "avgPool2d", [2, 6, 8, 5], {}, lambda x: F.avg_pool2d(x, 2))
pool("avgPool2d 3x3 stride 2, padding 1", "avgPool2d", [2, 7, 8, 5], {"poolSize": 3, "strides": 2, "padding": 1}, lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False))
lp("lpPool2d p 2, 2x2", [2, 6, 4, 5], 2, 2, 2)
lp("lpPool2d p 2, 3x3 stride 2", [1, 7, 9, 3], 3, 2, 2)
lp("lpPool2d p 3, 2x2", [1, 6, 6, 5], 2, 2, 3, 1.125)
lp("lpPool2d p 1.5, 3x3 stride 1", [1, 5, 6, 5], 3, 1, 1.5, 1.125)
case("globalAvgPool2d", "globalAvgPool2d", {"x": spec([3, 5, 7, 6])}, {}, lambda x: F.adaptive_avg_pool2d(nchw(x), 1).flatten(1))


# Batch normalisation. Our momentum is the share that is kept, PyTorch's the share that is taken.
def batch_norm(name, shape, epsilon, momentum, scale, shift):
    channels = shape[-1:]
    inputs = {
        "x": spec(shape, scale, shift),
        "gamma": spec(channels, 0.5, 1),
        "beta": spec(channels),
        "runningMean": spec(channels),
        "runningVariance": spec(channels, 0.5, 1),
        "dy": spec(shape),
    }
    x, gamma, beta, mean, variance, dy = (made(**value) for value in inputs.values())
    options = {"epsilon": epsilon, "momentum": momentum}
    inference = F.batch_norm(nchw(x), mean, variance, gamma, beta, False, eps=epsilon)
    given = {key: inputs[key] for key in ["x", "gamma", "beta", "runningMean", "runningVariance"]}
    record(f"{name}, inference", "batchNorm", given, {"epsilon": epsilon}, {"y": nhwc(inference)})
    free = [x.requires_grad_(), gamma.requires_grad_(), beta.requires_grad_()]
    y = nhwc(F.batch_norm(nchw(x), mean, variance, gamma, beta, True, 1 - momentum, epsilon))
    dx, dgamma, dbeta = torch.autograd.grad(y, free, dy)
    rows = x.reshape(-1, channels[0])
    outputs = {"y": y, "mean": rows.mean(0), "variance": rows.var(0, unbiased=False)}
    running = {"runningMean": mean, "runningVariance": variance}
    gradients = {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}
    record(f"{name}, training", "batchNormTraining", inputs, options, {**outputs, **running, **gradients})


batch_norm("batchNorm", [2, 4, 5, 6], 1e-3, 0.9, 1, 0)
batch_norm("batchNorm of more than one chunk, mean 3", [2, 13, 11, 5], 1e-5, 0.99, 2, 3)

# Activations and losses.
case("relu", "relu", {"x": spec([3, 37], 4)}, {}, F.relu)
case("sigmoid", "sigmoid", {"x": spec([3, 37], 8)}, {}, torch.sigmoid)
case("tanh", "tanh", {"x": spec([3, 37], 4)}, {}, torch.tanh)
case("softmax of 10", "softmax", {"x": spec([5, 10], 4)}, {}, lambda x: F.softmax(x, -1))
case("softmax of 37, far apart", "softmax", {"x": spec([3, 37], 30)}, {}, lambda x: F.softmax(x, -1))


def cross_entropy(name, rows, classes, scale):
    labels = [index * 7 % classes for index in range(rows)]
    case(f"{name}, indices", "softmaxCrossEntropy", {"logits": spec([rows, classes], scale)}, {"labels": labels}, lambda logits: F.cross_entropy(logits, torch.tensor(labels)))
    # Rows that do not sum to 1: weights of any size are allowed.
    inputs = {"logits": spec([rows, classes], scale), "target": spec([rows, classes], 0.5, 0.5)}
    case(f"{name}, dense target", "softmaxCrossEntropy", inputs, {}, lambda logits, target: F.cross_entropy(logits, target), ["target"])


cross_entropy("softmaxCrossEntropy", 7, 10, 4)
cross_entropy("softmaxCrossEntropy, logits far apart", 70, 5, 40)
case("meanSquaredError", "meanSquaredError", {"prediction": spec([7, 11]), "target": spec([7, 11])}, {}, F.mse_loss, ["target"])


# Optimizers: the parameters after each of five steps, row s of the gradients being step s.
def optimizer(name, op, make, options, scale=1):
    inputs = {"parameters": spec([37]), "gradients": spec([5, 37], scale)}
    parameters = made(**inputs["parameters"]).requires_grad_()
    stepper = make([parameters])
    steps = []
    for gradient in made(**inputs["gradients"]):
        parameters.grad = gradient
        stepper.step()
        steps.append(parameters.detach().clone())
    record(name, op, inputs, options, {"steps": torch.stack(steps)})


def sgd(name, momentum=0.0, nesterov=False, decay=0.0):
    options = {"learningRate": 0.1, "momentum": momentum, "nesterov": nesterov, "weightDecay": decay}
    optimizer(name, "sgd", lambda p: torch.optim.SGD(p, 0.1, momentum, weight_decay=decay, nesterov=nesterov), options)


def adam(name, decay=0.0, decoupled=False, scale=1):
    options = {"learningRate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": decay}
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    optimizer(name, "adamW" if decoupled else "adam", lambda p: kind(p, 0.1, (0.9, 0.999), 1e-8, decay), options, scale)


sgd("sgd")
sgd("sgd, momentum", 0.9)
sgd("sgd, nesterov", 0.9, True)
sgd("sgd, momentum and weight decay", 0.9, False, 0.01)
sgd("sgd, nesterov and weight decay", 0.9, True, 0.01)
adam("adam")
adam("adam, weight decay", 0.01)
adam("adamW", 0.01, True)
adam("adam, gradients near epsilon", scale=1e-7)


# Transposed convolution. `cut` is what Keras's padding 'same' leaves of PyTorch's unpadded output:
# [before, size] along the height and the width.
def conv_transpose(name, x, filter, options, cut=None, **torch_options):
    def forward(x, filter, bias):
        z = nhwc(F.conv_transpose2d(nchw(x), filter.permute(3, 2, 0, 1), bias, **torch_options))
        if cut:
            (top, height), (left, width) = cut
            z = z[:, top : top + height, left : left + width]
        return rectify(z) if options.get("activation") == "relu" else z

    scale = 1 / math.sqrt(filter[0] * filter[1] * filter[3])
    inputs = {"x": spec(x), "filter": spec(filter, scale), "bias": spec(filter[2:3], 0.5)}
    case(name, "conv2dTranspose", inputs, options, forward)


conv_transpose("conv2dTranspose 3x3", [2, 5, 4, 3], [3, 3, 5, 3], {})
conv_transpose("conv2dTranspose 2x2 stride 2, relu", [2, 4, 5, 9], [2, 2, 8, 9], {"strides": 2, "activation": "relu"}, stride=2)
conv_transpose("conv2dTranspose 3x3 stride 2 same", [1, 5, 4, 8], [3, 3, 9, 8], {"strides": 2, "padding": "same"}, [[0, 10], [0, 8]], stride=2)
conv_transpose("conv2dTranspose 5x5 stride 2 same to one filter, relu", [2, 4, 4, 12], [5, 5, 1, 12], {"strides": 2, "padding": "same", "activation": "relu"}, [[1, 8], [1, 8]], stride=2)
conv_transpose("conv2dTranspose 4x4 stride 2, padding 1", [1, 4, 6, 5], [4, 4, 3, 5], {"strides": 2, "padding": 1}, stride=2, padding=1)
conv_transpose("conv2dTranspose 3x3 stride 3, 2, output padding 2, 1", [1, 4, 3, 4], [3, 3, 6, 4], {"strides": [3, 2], "padding": 1, "outputPadding": [2, 1]}, stride=(3, 2), padding=1, output_padding=(2, 1))
conv_transpose("conv2dTranspose 3x2 dilation 2, 3", [1, 5, 4, 4], [3, 2, 4, 4], {"dilation": [2, 3]}, dilation=(2, 3))


# LeNet-5, twenty steps on one batch: losses in float64, and how far PyTorch's own float32 strays.
BATCH, STEPS, RATE, MOMENTUM = 16, 20, 0.05, 0.9
KERNELS = [[5, 5, 1, 6], [5, 5, 6, 16], [400, 120], [120, 84], [84, 10]]


def lenet(dtype):
    weights = []
    for kernel in KERNELS:
        scales = [(kernel, math.sqrt(3 / math.prod(kernel[:-1]))), (kernel[-1:], 0.1)]
        weights += [made(shape, 100 + len(weights) + i, scale).to(dtype) for i, (shape, scale) in enumerate(scales)]
    for weight in weights:
        weight.requires_grad_()
    x = nchw(made([BATCH, 28, 28, 1], 1000).to(dtype))
    labels = torch.tensor([index * 7 % 10 for index in range(BATCH)])
    descent = torch.optim.SGD(weights, RATE, MOMENTUM)
    losses, norms = [], []
    for step in range(STEPS):
        k1, b1, k2, b2, k3, b3, k4, b4, k5, b5 = weights
        y = F.max_pool2d(F.relu(F.conv2d(x, k1.permute(3, 2, 0, 1), b1, padding="same")), 2)
        y = F.max_pool2d(F.relu(F.conv2d(y, k2.permute(3, 2, 0, 1), b2)), 2)
        y = nhwc(y).flatten(1)
        y = F.relu(F.linear(F.relu(F.linear(y, k3.T, b3)), k4.T, b4))
        loss = F.cross_entropy(F.linear(y, k5.T, b5), labels)
        descent.zero_grad()
        loss.backward()
        if step == 0:
            norms = [weight.grad.double().norm().item() for weight in weights]
        descent.step()
        losses.append(loss.item())
    return np.array(losses), np.array(norms)


def digits(values, count=9):
    return [float(f"{value:.{count}g}") for value in values]


losses, norms = lenet(torch.float64)
losses32, norms32 = lenet(torch.float32)
assert losses[-1] < losses[0] / 2, "the loss must fall clearly"
run = {
    "batch": BATCH,
    "learningRate": RATE,
    "momentum": MOMENTUM,
    "kernels": KERNELS,
    "losses": digits(losses),
    "gradientNorms": digits(norms),
    # How far PyTorch's float32 run is from its float64 run: the losses' largest difference, and the
    # norms' largest relative one. The only numbers here that another processor may change.
    "deviation": {
        "losses": digits([np.max(np.abs(losses32 - losses))], 2)[0],
        "gradientNorms": digits([np.max(np.abs(norms32 / norms - 1))], 2)[0],
    },
}


def lines(pairs, indent):
    return (",\n" + " " * indent).join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in pairs)


def block(case):
    head = lines([item for item in case.items() if item[0] != "outputs"], 6)
    return f'    {{\n      {head},\n      "outputs": {{\n        {lines(case["outputs"].items(), 8)}\n      }}\n    }}'


def write_cases(file):
    (HERE / file).write_text('{\n  "cases": [\n' + ",\n".join(map(block, cases)) + "\n  ]\n}\n")


write_cases("layers.json")
(HERE / "lenet.json").write_text("{\n  " + lines(run.items(), 2) + "\n}\n")
