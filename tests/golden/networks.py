# Golden data from torchvision: networks.json, what whole networks predict and how a step changes them.
#
#     npm run golden        (python3 tests/golden/networks.py)
#
# Weights are not stored: both sides make them from a hash of their name, in our layout (HWIO, [in, out]).
# Of each weight's gradient a digest is stored: its norm, two weighted sums over all elements, and some
# elements; of running statistics, of those after the step. So are the gradients in inference mode, for the
# images and for what two convolutions make: of one output for each sample, and of the loss, summed over
# samples. Everything is computed in float64.

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torchvision import models

from generate import numbers

HERE = Path(__file__).parent
CLASSES = 10
BATCH = 2


def seed_of(name):
    """FNV-1a, as in networks.test.ts."""
    value = 2166136261
    for byte in name.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value & 0xFFFFFF


# Dense layers over maps, whose channels and side these are: PyTorch flattens channels first.
FLATTENED = {"classifier.0/kernel": (512, 7), "aux1.fc1/kernel": (128, 4), "aux2.fc1/kernel": (128, 4)}


def ours(name, tensor):
    """A tensor of torchvision's in our layout."""
    if tensor.dim() == 4:
        return tensor.permute(2, 3, 1, 0)
    if tensor.dim() == 2 and name in FLATTENED:
        channels, side = FLATTENED[name]
        return tensor.reshape(-1, channels, side, side).permute(2, 3, 1, 0).reshape(-1, tensor.shape[0])
    return tensor.T if tensor.dim() == 2 else tensor


def theirs(name, values, shape):
    """The way back, to a shape of torchvision's."""
    if len(shape) == 4:
        height, width = shape[2:]
        return values.reshape(height, width, shape[1], shape[0]).permute(3, 2, 0, 1)
    if len(shape) == 2 and name in FLATTENED:
        channels, side = FLATTENED[name]
        return values.reshape(side, side, channels, shape[0]).permute(3, 2, 0, 1).reshape(shape)
    return values.reshape(shape[1], shape[0]).T if len(shape) == 2 else values


def named(model):
    """Our names of all weights, and their tensors."""
    for path, module in model.named_modules():
        is_norm = isinstance(module, torch.nn.BatchNorm2d)
        words = (
            {"weight": "gamma", "bias": "beta", "running_mean": "movingMean", "running_var": "movingVariance"}
            if is_norm
            else {"weight": "kernel", "bias": "bias"}
        )
        for attribute, word in words.items():
            tensor = getattr(module, attribute, None)
            if isinstance(tensor, torch.Tensor):
                yield f"{path}/{word}", tensor


def fill(model):
    """Numbers of a usual size. Bottlenecks end in a normalisation with a small scale, as one trains them
    (arXiv 1706.02677): with 1, PyTorch's own float32 is 3 % off in the gradients of ResNet-50."""
    for name, tensor in named(model):
        word = name.split("/")[1]
        values = numbers(tensor.numel(), seed_of(name)).astype(np.float64)
        if word == "kernel":
            fan_in = tensor[0].numel()
            values = values * math.sqrt(6 / fan_in)
        elif name.endswith("bn3/gamma"):
            values = values * 0.01 + 0.1
        elif word in ("gamma", "movingVariance"):
            values = values * 0.1 + 1
        else:
            values = values * 0.1
        values = torch.from_numpy(values.astype(np.float32).astype(np.float64))
        with torch.no_grad():
            tensor.copy_(theirs(name, values, tensor.shape))


def digest(name, tensor):
    return summary(ours(name, tensor).reshape(-1).numpy())


def summary(g):
    index = np.arange(g.size, dtype=np.uint64)
    weights = [((index * step) % 2**32) / 2**32 - 0.5 for step in (2654435761, 2246822519)]
    sampled = [float(g[(i * g.size) // 4]) for i in range(4)]
    return [float(np.sqrt((g * g).sum())), *[float((g * w).sum()) for w in weights], *sampled]


def channels_last(tensor):
    return tensor.permute(0, 2, 3, 1).reshape(-1).numpy()


def inner(model, x, labels, is_single):
    """Gradients in eval mode for the input and for the outputs of two convolutions, by the names of these."""
    convolutions = [(path, m) for path, m in model.named_modules() if isinstance(m, torch.nn.Conv2d)]
    # Auxiliary heads do not compute in eval mode.
    convolutions = [(path, m) for path, m in convolutions if not path.startswith("aux")]
    kept = {}
    hooks = []
    for path, module in (convolutions[len(convolutions) // 3], convolutions[2 * len(convolutions) // 3]):
        def keep(_module, _inputs, output, path=path):
            output.retain_grad()
            kept[path] = output
        hooks.append(module.register_forward_hook(keep))
    found = {}
    losses = {"output": lambda y: y.gather(1, labels[:, None]).sum()}
    if is_single:
        losses["loss"] = lambda y: F.cross_entropy(y, labels, reduction="sum")
    for what, loss in losses.items():
        images = x.clone().requires_grad_()
        loss(model(images)).backward()
        model.zero_grad()
        all_of = {"input": images, **kept}
        found[what] = {path: summary(channels_last(tensor.grad)) for path, tensor in all_of.items()}
    for hook in hooks:
        hook.remove()
    return found


def case(name, model, side):
    """Eval-mode predictions, the loss in training mode, and what its backward pass leaves."""
    model = model.double()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    fill(model)
    shape = [BATCH, side, side, 3]
    images = torch.from_numpy(numbers(math.prod(shape), seed_of(name)).astype(np.float64)).reshape(shape)
    x = images.permute(0, 3, 1, 2)
    labels = torch.arange(BATCH) * 3 % CLASSES
    model.eval()
    with torch.no_grad():
        predicted = model(x)
    attributed = inner(model, x, labels, name != "googlenet")
    model.train()
    outputs = model(x)
    heads = [outputs.logits, outputs.aux_logits1, outputs.aux_logits2] if name == "googlenet" else [outputs]
    loss = sum(w * F.cross_entropy(y, labels) for w, y in zip([1, 0.3, 0.3], heads))
    loss.backward()
    gradients = {
        own: digest(own, tensor.grad) for own, tensor in named(model) if isinstance(tensor, torch.nn.Parameter)
    }
    running = {
        own: digest(own, tensor) for own, tensor in named(model) if not isinstance(tensor, torch.nn.Parameter)
    }
    return {
        "name": name,
        "side": side,
        "predicted": predicted.reshape(-1).tolist(),
        "loss": loss.item(),
        "gradients": gradients,
        "running": running,
        "inference": attributed,
    }


def rounded(value):
    if isinstance(value, float):
        # Sums that would be 0 but for float64.
        return float(f"{value:.9g}") if abs(value) > 1e-12 else 0
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return {key: rounded(one) for key, one in value.items()} if isinstance(value, dict) else value


def counted():
    """How many parameters the networks have with their thousand classes."""
    names = [f"resnet{depth}" for depth in (18, 34, 50, 101, 152)]
    names += [f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")]
    names += ["googlenet", "googlenet_aux", "mobilenet_v2", "squeezenet1_0", "squeezenet1_1"]
    counts = {}
    for name in names:
        make = getattr(models, name.removesuffix("_aux"))
        options = {"aux_logits": name.endswith("_aux"), "init_weights": False} if "googlenet" in name else {}
        counts[name] = sum(p.numel() for p in make(weights=None, **options).parameters())
    return counts


def main():
    # Sides that strides do not divide. The smallest maps that are normalised have 18 numbers per channel,
    # for the variance of few is all rounding.
    networks = [
        case("resnet18", models.resnet18(num_classes=CLASSES), 65),
        case("resnet50", models.resnet50(num_classes=CLASSES), 65),
        case("vgg16", models.vgg16_bn(num_classes=CLASSES), 48),
        case("googlenet", models.googlenet(num_classes=CLASSES, aux_logits=True, init_weights=False), 90),
        case("mobilenetV2", models.mobilenet_v2(num_classes=CLASSES), 75),
        case("squeezenet", models.squeezenet1_1(num_classes=CLASSES), 65),
    ]
    stored = {"parameters": counted(), "networks": rounded(networks)}
    (HERE / "networks.json").write_text(json.dumps(stored, indent=0) + "\n")


if __name__ == "__main__":
    main()
