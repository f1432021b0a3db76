# Golden data from PyTorch: attribution.json, what pictures of a decision are made of.
#
#     npm run golden        (python3 tests/golden/attribution.py)
#
# One small network with what attributions stumble over: a max pool with windows that overlap, a batch norm, a sum that a
# ReLU follows, a relu6. For the score of a class of each image (what goes into the softmax): the gradient for the image,
# the same with ReLU's guided and deconvolution rules by hooks, the gradient and the value of the last maps, and Grad-CAM
# and Grad-CAM++ of them; SmoothGrad with the library's own noise, and integrated gradients from a grey image. Everything is computed in float64, in our layout.

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from generate import numbers

HERE = Path(__file__).parent
BATCH, SIDE, CHANNELS, CLASSES = 3, 9, 2, 4


def weight(seed, shape, scale, shift=0.0):
    """Numbers in our layout, as attribution.test.ts makes them."""
    values = numbers(int(np.prod(shape)), seed).astype(np.float64) * scale + shift
    return torch.tensor(values.reshape(shape))


class Rule(torch.autograd.Function):
    """ReLU, or relu6, with another way back."""

    @staticmethod
    def forward(context, x, most, rule):
        context.save_for_backward(x)
        context.most, context.rule = most, rule
        return x.clamp(0, most)

    @staticmethod
    def backward(context, dy):
        (x,) = context.saved_tensors
        slope = ((x > 0) & (x < context.most)).to(dy)
        if context.rule == "guided":
            return (dy * slope).clamp(min=0), None, None
        if context.rule == "deconvolution":
            return dy.clamp(min=0), None, None
        return dy * slope, None, None


def network(x, rule):
    """The scores, and the last maps. x: NHWC."""
    conv = lambda x, seed, i, o, k, bias: F.conv2d(
        x, weight(seed, (k, k, i, o), 0.6).permute(3, 2, 0, 1), weight(seed + 1, (o,), 0.2) if bias else None, padding=k // 2
    )
    relu = lambda x, most=float("inf"): Rule.apply(x, most, rule)
    x = x.permute(0, 3, 1, 2)
    x = relu(conv(x, 10, CHANNELS, 6, 3, True))
    x = F.max_pool2d(x, 3, 2)
    y = conv(x, 20, 6, 6, 3, False)
    y = F.batch_norm(
        y, weight(30, (6,), 0.2), weight(31, (6,), 0.2, 1), weight(32, (6,), 0.3, 1), weight(33, (6,), 0.3), eps=1e-5
    )
    x = relu(y + x)
    maps = conv(x, 40, 6, 5, 3, True)
    x = relu(maps, 6.0)
    x = x.mean((2, 3))
    return x @ weight(50, (5, CLASSES), 0.8) + weight(51, (CLASSES,), 0.1), maps


def cams(maps, gradient):
    """Grad-CAM (arXiv 1610.02391), and Grad-CAM++ (arXiv 1710.11063, with the score's exponential)."""
    cam = (maps * gradient.mean((2, 3), keepdim=True)).sum(1).clamp(min=0)
    square, cube = gradient**2, gradient**3
    below = 2 * square + maps.sum((2, 3), keepdim=True) * cube
    alpha = torch.where(below != 0, square / torch.where(below != 0, below, torch.ones_like(below)), torch.zeros_like(below))
    weights = (alpha * gradient.clamp(min=0)).sum((2, 3), keepdim=True)
    heats = {"gradCam": cam, "gradCam++": (maps * weights).sum(1).clamp(min=0)}
    # As large as the images.
    return {name: F.interpolate(heat[:, None], (SIDE, SIDE), mode="bilinear") for name, heat in heats.items()}


def words(seed, stream):
    """The u32 of src/base/random.ts: Philox4x32-10 (Salmon et al., SC 2011)."""
    block = 0
    while True:
        c0, c1, c2, c3 = block, *stream
        k0, k1 = seed, 0
        for _ in range(10):
            a, b = 0xD2511F53 * c0, 0xCD9E8D57 * c2
            c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & 0xFFFFFFFF, (a >> 32) ^ c3 ^ k1, a & 0xFFFFFFFF
            k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
        yield from (c0, c1, c2, c3)
        block += 1


def normals(seed):
    """Standard normal numbers within ±2, by rejection; the stream is that of augmentation."""
    uniform = (word / 2**32 for word in words(seed, (0, 0, 3)))
    while True:
        x = 4 * next(uniform) - 2
        if next(uniform) < np.exp(-x * x / 2):
            yield x


# The standard deviation of a normal number within ±2.
TRUNCATED = 0.87962566103423978
SMOOTH = {"samples": 5, "noise": 0.2, "seed": 7}
PATH = {"samples": 6, "baseline": 0.25}


def gradient(x, target):
    x = x.clone().requires_grad_()
    scores, _ = network(x, None)
    return torch.autograd.grad(scores[range(len(target)), target].sum(), x)[0]


def smooth(x, target):
    """The mean gradient of noisy copies, image by image (arXiv 1706.03825)."""
    noise = normals(SMOOTH["seed"])
    found = []
    for image, one in zip(x, target):
        deviation = SMOOTH["noise"] * (image.max() - image.min()) / TRUNCATED
        copies = [
            image + deviation * torch.tensor([next(noise) for _ in range(image.numel())]).reshape(image.shape)
            for _ in range(SMOOTH["samples"])
        ]
        found.append(gradient(torch.stack(copies), [one] * len(copies)).mean(0))
    return torch.stack(found)


def integrated(x, target):
    """The mean gradient at the middles of equal parts of the way, times the way (arXiv 1703.01365)."""
    way = x - PATH["baseline"]
    shares = [(i + 0.5) / PATH["samples"] for i in range(PATH["samples"])]
    return sum(gradient(PATH["baseline"] + share * way, target) for share in shares) / len(shares) * way


def main():
    torch.set_default_dtype(torch.float64)
    x = weight(1, (BATCH, SIDE, SIDE, CHANNELS), 1.0).requires_grad_()
    target = [2, 0, 3]
    written = {"target": target}
    for rule in (None, "guided", "deconvolution"):
        scores, maps = network(x, rule)
        score = scores[range(BATCH), target].sum()
        dx, dmaps = torch.autograd.grad(score, [x, maps])
        written[rule or "gradient"] = dx
        if rule is None:
            written |= {"scores": scores, "maps": maps.permute(0, 2, 3, 1), "mapGradient": dmaps.permute(0, 2, 3, 1)}
            written |= cams(maps, dmaps)
    plain = x.detach()
    written |= {"smoothGrad": smooth(plain, target), "integratedGradients": integrated(plain, target)}
    lists = {
        name: value.detach().flatten().tolist() if isinstance(value, torch.Tensor) else value
        for name, value in written.items()
    }
    rounded = json.dumps({name: [float(f"{v:.7g}") for v in value] for name, value in lists.items()})
    (HERE / "attribution.json").write_text(rounded + "\n")


if __name__ == "__main__":
    main()
