# PyTorch as a peer of the benchmark: reads requests as lines of JSON, does the work and times it.
#
# What ../protocol.ts, ../host.ts and ../timing.ts are for the peers in JavaScript; the works are those of
# ../work.ts. One thread, float32, PyTorch's own NCHW, oneDNN where PyTorch chooses it.

import json
import math
import re
import sys
import time
import traceback
from pathlib import Path

import torch
import torch.nn.functional as F

MARK = "@reply "
SAMPLE = 0.02
SEEDS = {"a": 1, "b": 2, "x": 1, "w": 2, "dy": 3, "images": 1}
EPSILON = 1e-5

torch.set_num_threads(1)


def numbers(shape, seed, limit=1.0, dtype=torch.float32):
    """numbers() of tests/helpers/random.ts, times a limit: float32 in [-limit, limit)."""
    mask = 0xFFFFFFFF
    x = (torch.arange(math.prod(shape)) + seed * 0x9E3779B9) & mask
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & mask
    x = ((x ^ (x >> 15)) * 0x846CA68B) & mask
    x = x ^ (x >> 16)
    values = ((x >> 8).double() / 2**23 - 1) * limit
    return values.float().to(dtype).reshape(shape)


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


def network(work, dtype=torch.float32):
    parameters = []

    def parameter(values):
        parameters.append(values.to(dtype).requires_grad_())
        return parameters[-1]

    kernels = iter(work["kernels"])

    def made(layer):
        """The layer as a function of its input."""
        if layer["type"] == "maxPool":
            return lambda y: F.max_pool2d(y, 2)
        if layer["type"] == "globalAvgPool":
            return lambda y: F.adaptive_avg_pool2d(y, 1)
        kernel = next(kernels)
        values = numbers(kernel["shape"], kernel["seed"], kernel["limit"])
        if layer["type"] == "dense":
            # Rows in the order in which PyTorch flattens an image: channels first.
            if shape is not None:
                c, h, w = shape
                values = values.reshape(h, w, c, -1).permute(2, 0, 1, 3).reshape(c * h * w, -1)
            weight, bias = parameter(values.T.contiguous()), parameter(torch.zeros(layer["units"]))
            linear = lambda y: F.linear(y.flatten(1), weight, bias)
            return (lambda y: F.relu(linear(y))) if layer["relu"] else linear
        weight, stride, pad = parameter(oihw(values)), layer["stride"], layer["pad"]
        if not layer["batchNorm"]:
            bias = parameter(torch.zeros(layer["filters"]))
            return lambda y: F.relu(F.conv2d(y, weight, bias, stride, pad))
        gamma, beta = parameter(torch.ones(layer["filters"])), parameter(torch.zeros(layer["filters"]))
        mean, variance = torch.zeros(layer["filters"], dtype=dtype), torch.ones(layer["filters"], dtype=dtype)
        norm = lambda y: F.batch_norm(y, mean, variance, gamma, beta, True, 0.1, EPSILON)
        return lambda y: F.relu(norm(F.conv2d(y, weight, None, stride, pad)))

    images = nchw(numbers([work["batch"], work["side"], work["side"], work["channels"]], SEEDS["images"], 1.0, dtype))
    layers = []
    y = images
    for layer in work["layers"]:
        shape = y.shape[1:] if y.dim() == 4 else None
        layers.append(made(layer))
        with torch.no_grad():
            y = layers[-1](y)
    labels = torch.arange(work["batch"]) % work["classes"]
    optimizer = torch.optim.SGD(parameters, work["learningRate"], work["momentum"])

    def step():
        y = images
        for layer in layers:
            y = layer(y)
        loss = F.cross_entropy(y, labels)
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


def handicap(work):
    """Why this installation does the work badly: products, dense and 1x1 layers on one thread are BLAS's."""
    kernels = [kernel["shape"] for kernel in work.get("kernels", [])]
    dense = sum(math.prod(shape) if len(shape) == 2 else -math.prod(shape) for shape in kernels) > 0
    pointwise = work.get("kernel") == 1 and work["stride"] == 1
    if not (work["kind"] == "gemm" or pointwise or dense):
        return None
    if not BLAS or not BLAS.startswith("libblas.so"):
        return None
    return f"matrix products are slow here, by the reference BLAS ({BLAS}): install libopenblas0"


def prepare(work):
    return {"gemm": gemm, "network": network}.get(work["kind"], conv)(work)


def sample(run, turn):
    """Seconds per call, of each of some samples, taken for about `turn` seconds."""

    def timed(count):
        start = time.perf_counter()
        for _ in range(count):
            run()
        return (time.perf_counter() - start) / count

    first = timed(1)
    if first >= turn:
        return [first]
    # The first call also brings back what the other libraries have pushed out of the caches.
    count = max(1, math.ceil(SAMPLE / min(first, timed(1))))
    samples, spent = [], 0
    while spent < turn:
        samples.append(timed(count))
        spent += samples[-1] * count
    return samples


def about():
    onednn = re.search(r"MKL-DNN v([\d.]+)", torch.__config__.show())
    parts = [f"PyTorch {torch.__version__}", f"oneDNN {onednn[1]}" if onednn else None, BLAS]
    return {"version": ", ".join(part for part in parts if part)}


task = None


def answer(request):
    global task
    if request["do"] == "about":
        return about()
    if request["do"] == "prepare":
        task = prepare(request["work"])
        values = [[] for _ in request["indices"]]
        for _ in range(request["passes"]):
            for i, result in enumerate(task[1]()):
                places = torch.tensor(request["indices"][i])
                values[i] += result.detach().reshape(-1)[places].tolist()
        reason = handicap(request["work"])
        return {"values": values, **({"handicap": reason} if reason else {})}
    if request["do"] == "time":
        return {"seconds": sample(task[0], request["turn"])}
    if request["do"] == "losses":
        step, _ = network(request["work"], torch.float64)
        return {"values": [[step() for _ in range(request["steps"])]]}
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
