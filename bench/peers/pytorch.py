# PyTorch as a peer of the benchmark: reads requests as lines of JSON, does the work and times it.
#
# What ../protocol.ts, ../host.ts and ../timing.ts are for the peers in JavaScript; the works are those of
# ../work.ts. One thread or two, float32, PyTorch's own NCHW, oneDNN where PyTorch chooses it.

import json
import math
import re
import sys
import time
import traceback
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

MARK = "@reply "
SAMPLE = 0.01
FROZEN = "--frozen" in sys.argv
SEEDS = {"a": 1, "b": 2, "x": 1, "w": 2, "dy": 3, "images": 1}
EPSILON = 1e-5
PART = 2**16

torch.set_num_threads(2 if "--threads=2" in sys.argv else 1)


def numbers(shape, seed, limit=1.0, centre=0.0):
    """numbers() of tests/helpers/random.ts, times a limit, plus a centre: float32."""
    mask = 0xFFFFFFFF
    values = torch.empty(math.prod(shape))
    # Part by part: what is needed in between is not to count as a training step's memory.
    for part, start in zip(values.split(PART), range(0, len(values), PART)):
        x = (torch.arange(start, start + len(part)) + seed * 0x9E3779B9) & mask
        x = ((x ^ (x >> 16)) * 0x7FEB352D) & mask
        x = ((x ^ (x >> 15)) * 0x846CA68B) & mask
        x = x ^ (x >> 16)
        part.copy_(centre + ((x >> 8).double() / 2**23 - 1) * limit)
    return values.reshape(shape)


def nchw(x):
    return x.permute(0, 3, 1, 2).contiguous()


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def oihw(w):
    return w.permute(3, 2, 0, 1).contiguous()


def hwio(w):
    return w.permute(2, 3, 1, 0)


# Each work becomes two functions: run, which is what is timed, and results, in wasmgrad's order.
def gemm(work):
    a = numbers([work["m"], work["k"]], SEEDS["a"])
    b = numbers([work["k"], work["n"]], SEEDS["b"])

    def run():
        with torch.no_grad():
            return a @ b

    return run, lambda: [run()]


def conv(work):
    side, kernel, stride, pad, groups = (work[key] for key in ("side", "kernel", "stride", "pad", "groups"))
    x = nchw(numbers([work["batch"], side, side, work["channels"]], SEEDS["x"]))
    w = oihw(numbers([kernel, kernel, work["channels"] // groups, work["filters"]], SEEDS["w"]))

    def forward():
        return F.conv2d(x, w, None, stride, pad, 1, groups)

    def inference():
        with torch.no_grad():
            return forward()

    if work["kind"] == "conv":
        return inference, lambda: [nhwc(inference())]
    output = (side + 2 * pad - kernel) // stride + 1
    dy = nchw(numbers([work["batch"], output, output, work["filters"]], SEEDS["dy"]))
    x.requires_grad_()
    w.requires_grad_()

    def training():
        y = forward()
        return y, *torch.autograd.grad(y, (x, w), dy)

    def results():
        y, dx, dw = training()
        return [nhwc(y.detach()), nhwc(dx), hwio(dw)]

    return training, results


class Residual(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.body, self.shortcut = chain(layer["body"]), chain(layer["shortcut"])

    def forward(self, x):
        y = self.body(x)
        # In place, here and in every ReLU, as torchvision has it.
        y += self.shortcut(x)
        return F.relu_(y)


class Branches(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.chains = nn.ModuleList(chain(layers) for layers in layer["chains"])

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.chains], 1)


class IdentityShortcut(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.stride, self.added = layer["stride"], layer["filters"] - layer["inputShape"][2]

    def forward(self, x):
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))


def beginning(filling):
    return numbers(filling["shape"], filling["seed"], filling["limit"], filling["centre"])


def chain(layers):
    return nn.Sequential(*(module for layer in layers for module in modules(layer)))


@torch.no_grad()
def modules(layer):
    """The modules of a layer of ../layers.ts, with their weights."""
    kind = layer["type"]
    if kind == "residual":
        return [Residual(layer)]
    if kind == "branches":
        return [Branches(layer)]
    if kind == "identityShortcut":
        return [IdentityShortcut(layer)]
    if kind == "maxPool":
        return [nn.MaxPool2d(layer["size"], layer["stride"], layer["pad"])]
    if kind == "globalAvgPool":
        return [nn.AdaptiveAvgPool2d(1)]
    kernel, norm = beginning(layer["weights"]["kernel"]), layer["weights"].get("norm")
    relu = [nn.ReLU(inplace=True)] if layer["relu"] else []
    if kind == "dense":
        if len(layer["inputShape"]) == 3:
            # Rows in the order in which PyTorch flattens an image: channels first.
            kernel = kernel.reshape(*layer["inputShape"], -1).permute(2, 0, 1, 3).flatten(0, 2)
        dense = nn.Linear(*kernel.shape)
        dense.weight.copy_(kernel.T)
        dense.bias.zero_()
        return [nn.Flatten(), dense, *relu]
    channels, filters = kernel.shape[2:]
    conv = nn.Conv2d(channels, filters, layer["kernel"], layer["stride"], layer["pad"], bias=not norm)
    conv.weight.copy_(kernel.permute(3, 2, 0, 1))
    if not norm:
        conv.bias.zero_()
        return [conv, *relu]
    bn = nn.BatchNorm2d(filters, EPSILON)
    names = {"gamma": bn.weight, "beta": bn.bias, "mean": bn.running_mean, "variance": bn.running_var}
    for name, values in names.items():
        values.copy_(beginning(norm[name]))
    return [conv, bn, *relu]


def images_for(work, dtype):
    return nchw(numbers([work["batch"], work["side"], work["side"], work["channels"]], SEEDS["images"])).to(dtype)


def inference(work, dtype=torch.float32):
    images = images_for(work, dtype)
    model = chain(work["layers"]).to(dtype).eval()
    if FROZEN:
        model = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, images)))

    def run():
        with torch.no_grad():
            return model(images)

    return run, lambda: [run()]


def training(work, dtype=torch.float32):
    images, labels = images_for(work, dtype), torch.arange(work["batch"]) % work["classes"]
    model = chain(work["layers"]).to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), work["learningRate"], work["momentum"])

    def step():
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, lambda: [torch.tensor([step()], dtype=torch.float64)]


def loaded_blas():
    """The file of the BLAS in use where it is a library of its own, as in Debian; None where not, or not known."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    names = {Path(line.split()[-1]).name for line in lines if "/" in line}
    # The reference implementation is called libblas, and so is a fast one's front.
    found = sorted(name for name in names if "blas" in name)
    return min(found, key=lambda name: name.startswith("libblas.so"), default=None)


BLAS = loaded_blas()


def kernels(layers):
    """The shapes of all kernels in a network."""
    for layer in layers:
        if layer["type"] == "residual":
            yield from kernels(layer["body"] + layer["shortcut"])
        elif layer["type"] == "branches":
            yield from kernels(sum(layer["chains"], []))
        elif "weights" in layer:
            yield layer["weights"]["kernel"]["shape"]


def handicap(work):
    """Why this installation does the work badly: products, dense and 1x1 layers on one thread are BLAS's."""
    shapes = kernels(work.get("layers", []))
    is_product = lambda shape: len(shape) == 2 or shape[:2] == [1, 1]
    mostly_products = sum(math.prod(shape) * (1 if is_product(shape) else -1) for shape in shapes) > 0
    pointwise = work.get("kernel") == 1 and work["stride"] == 1
    if not (work["kind"] == "gemm" or pointwise or mostly_products):
        return None
    if not BLAS or not BLAS.startswith("libblas.so"):
        return None
    return f"matrix products are slow here, by the reference BLAS ({BLAS}): install libopenblas0"


WORKS = {"gemm": gemm, "conv": conv, "convTraining": conv, "inference": inference, "training": training}


def resident():
    """Bytes of memory, from Linux's /proc: getrusage's peak may be that of the process which started this one."""
    status = Path("/proc/self/status").read_text()
    size = lambda what: int(re.search(rf"^{what}:\s*(\d+) kB", status, re.M)[1]) * 1024
    return {"now": size("VmRSS"), "peak": size("VmHWM")}


def sample(run, turn):
    """Seconds per call, of each of some samples, taken for about `turn` seconds."""

    def timed(count):
        start = time.perf_counter()
        for _ in range(count):
            run()
        return (time.perf_counter() - start) / count

    first = timed(1)
    if first >= turn:
        return [timed(1)]
    # The first call also brings back what the other libraries have pushed out of the caches.
    count = max(1, math.ceil(SAMPLE / min(first, timed(1))))
    samples, spent = [], 0
    while spent < turn:
        samples.append(timed(count))
        spent += samples[-1] * count
    return samples


def about():
    onednn = re.search(r"MKL-DNN v([\d.]+)", torch.__config__.show())
    compiled = "networks by torch.jit.optimize_for_inference" if FROZEN else None
    parts = [f"PyTorch {torch.__version__}", f"oneDNN {onednn[1]}" if onednn else None, BLAS, compiled]
    return {"version": ", ".join(part for part in parts if part)}


task = None


def answer(request):
    global task
    if request["do"] == "about":
        return about()
    if request["do"] == "prepare":
        work = request["work"]
        task = WORKS[work["kind"]](work, *([torch.float64] if request.get("float64") else []))
        values = [[] for _ in request["indices"]]
        for _ in range(request["passes"]):
            for i, result in enumerate(task[1]()):
                places = torch.tensor(request["indices"][i])
                values[i] += result.detach().reshape(-1)[places].tolist()
        reason = handicap(work)
        return {"values": values, **({"handicap": reason} if reason else {})}
    if request["do"] == "time":
        return {"seconds": sample(task[0], request["turn"])}
    if request["do"] == "memory":
        return {"resident": resident()}
    task = None
    return {}


def reply(content):
    print(f"\n{MARK}{json.dumps(content)}", flush=True)


reply(about())
for line in sys.stdin:
    try:
        reply(answer(json.loads(line)))
    except Exception:
        reply({"failed": traceback.format_exc()})
