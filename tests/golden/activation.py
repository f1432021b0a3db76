# Golden data from PyTorch: activation.json (activations, products, radial basis functions, with gradients).
#
#     npm run golden

import torch.nn.functional as F

import generate
from generate import case, spec

generate.cases.clear()
generate.seed = 5000

activation = lambda name, scale, f, **options: case(" ".join([name, *map(str, options.values())]), name, {"x": spec([3, 37], scale)}, options, lambda x: f(x, *options.values()))
activation("relu6", 8, F.relu6)
activation("leakyRelu", 4, F.leaky_relu)
activation("leakyRelu", 4, F.leaky_relu, alpha=0.25)
activation("elu", 4, F.elu)
activation("elu", 4, F.elu, alpha=1.5)
activation("selu", 4, F.selu)
activation("gelu", 6, F.gelu)
activation("silu", 8, F.silu)
activation("hardSigmoid", 5, F.hardsigmoid)
activation("hardSwish", 5, F.hardswish)
activation("softplus", 12, F.softplus)


def product(name, a, b):
    # A gate [batch, channels] is broadcast as [batch, 1, 1, channels].
    broadcast = lambda a, b: a * (b[:, None, None] if b.dim() == 2 and a.dim() == 4 else b)
    case(name, "multiply", {"a": spec(a), "b": spec(b)}, {}, broadcast)


product("multiply", [3, 37], [3, 37])
product("multiply by a gate", [2, 5, 6, 9], [2, 9])
product("multiply by a gate of four dimensions", [3, 2, 3, 5], [3, 1, 1, 5])
product("multiply by a gate over many pixels", [1, 46, 45, 1], [1, 1])

units = lambda x, kernel: -(x[:, :, None] - kernel).square().sum(1)
case("rbf", "rbf", {"x": spec([7, 84]), "kernel": spec([84, 10])}, {}, units)

generate.write("activation.json")
