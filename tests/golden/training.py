# Golden data from PyTorch: training.json, all that stands between a network and its training: losses with
# smoothing and weights, optimizers with decay and clipping, schedules.
#
#     npm run golden        (python3 tests/golden/training.py)
#
# Made as generate.py makes its files, with its helpers.

import torch
import torch.nn.functional as F

import generate
from generate import made, record, spec, write

generate.cases.clear()
generate.seed = 10_000  # whatever generate.py has used


# Losses: each row's, times its weight, averaged over the rows.
def loss(name, op, shape, options, forward, scale=1, **given):
    inputs = {"x": spec(shape, scale), **given, "weights": spec(shape[:1], 1, 1.25)}
    x, *rest, weights = (made(**value) for value in inputs.values())
    x.requires_grad_()
    total = (forward(x, *rest) * weights).mean()
    (dx,) = torch.autograd.grad(total, x)
    record(name, op, inputs, options, {"loss": total.reshape(1), "dx": dx})


def cross_entropy(name, rows, classes, smoothing):
    labels = torch.tensor([index * 7 % classes for index in range(rows)])
    options = {"labelSmoothing": smoothing}
    forward = lambda x, t=labels: F.cross_entropy(x, t, reduction="none", label_smoothing=smoothing)
    loss(f"{name}, indices", "softmaxCrossEntropy", [rows, classes], {**options, "labels": labels.tolist()}, forward, 4)
    loss(f"{name}, dense", "softmaxCrossEntropy", [rows, classes], options, forward, 4, t=spec([rows, classes], 0.5, 0.5))


rows_of = lambda losses: losses.mean(1)
sides = lambda t: torch.where(t > 0, 1.0, -1.0).double()
shape = [9, 7]
cross_entropy("cross-entropy", 9, 10, 0.0)
cross_entropy("cross-entropy, smoothing 0.1", 9, 10, 0.1)
cross_entropy("cross-entropy, smoothing 0.5 of 3", 70, 3, 0.5)
loss("binary cross-entropy", "binaryCrossEntropy", shape, {}, lambda x, t: rows_of(F.binary_cross_entropy_with_logits(x, t, reduction="none")), 4, t=spec(shape, 0.5, 0.5))
loss("binary cross-entropy, logits far apart", "binaryCrossEntropy", shape, {}, lambda x, t: rows_of(F.binary_cross_entropy_with_logits(x, t, reduction="none")), 60, t=spec(shape, 0.5, 0.5))
loss("mean squared error", "meanSquaredError", shape, {}, lambda x, t: rows_of(F.mse_loss(x, t, reduction="none")), t=spec(shape))
loss("mean absolute error", "meanAbsoluteError", shape, {}, lambda x, t: rows_of(F.l1_loss(x, t, reduction="none")), t=spec(shape))
loss("huber", "huber", shape, {}, lambda x, t: rows_of(F.huber_loss(x, t, reduction="none")), 3, t=spec(shape))
loss("huber, delta 0.4", "huber", shape, {"delta": 0.4}, lambda x, t: rows_of(F.huber_loss(x, t, reduction="none", delta=0.4)), 3, t=spec(shape))
loss("hinge", "hinge", shape, {}, lambda x, t: rows_of(F.relu(1 - sides(t) * x)), 3, t=spec(shape))


# Optimizers: the parameters after each of three steps. Of 37 parameters the first 21 are kernels.
KERNELS, COUNT, STEPS = 21, 37, 3


def optimizer(name, op, kind, options, clip=None, scale=1, **settings):
    inputs = {"parameters": spec([COUNT]), "gradients": spec([STEPS, COUNT], scale)}
    start = made(**inputs["parameters"])
    kernels, rest = start[:KERNELS].clone().requires_grad_(), start[KERNELS:].clone().requires_grad_()
    spared = {} if options.get("decay") == "all" else {"weight_decay": 0}
    stepper = kind([{"params": [kernels]}, {"params": [rest], **spared}], **settings)
    steps = []
    for gradient in made(**inputs["gradients"]):
        kernels.grad, rest.grad = gradient[:KERNELS].clone(), gradient[KERNELS:].clone()
        if clip:
            clip([kernels, rest])
        stepper.step()
        steps.append(torch.cat([kernels, rest]).detach().clone())
    record(name, op, inputs, options, {"steps": torch.stack(steps)})


SGD, Adam, AdamW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
RMSprop, Adagrad = torch.optim.RMSprop, torch.optim.Adagrad
by_norm = lambda limit: lambda parameters: torch.nn.utils.clip_grad_norm_(parameters, limit)
by_value = lambda limit: lambda parameters: torch.nn.utils.clip_grad_value_(parameters, limit)
decay = {"learningRate": 0.1, "weightDecay": 0.2}
optimizer("sgd, weight decay spares", "sgd", SGD, decay, lr=0.1, weight_decay=0.2)
optimizer("sgd, weight decay of all", "sgd", SGD, {**decay, "decay": "all"}, lr=0.1, weight_decay=0.2)
optimizer("sgd, nesterov, weight decay spares", "sgd", SGD, {**decay, "momentum": 0.9, "nesterov": True}, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.2)
optimizer("adam, weight decay spares", "adam", Adam, decay, lr=0.1, weight_decay=0.2)
optimizer("adamW, weight decay spares", "adamW", AdamW, decay, lr=0.1, weight_decay=0.2)
optimizer("rmsprop", "rmsprop", RMSprop, {}, lr=0.001, alpha=0.9, eps=1e-7)
optimizer("rmsprop, momentum, weight decay spares", "rmsprop", RMSprop, {**decay, "rho": 0.99, "momentum": 0.9}, lr=0.1, alpha=0.99, momentum=0.9, eps=1e-7, weight_decay=0.2)
optimizer("adagrad", "adagrad", Adagrad, {}, lr=0.01, initial_accumulator_value=0.1, eps=1e-7)
optimizer("adagrad, weight decay spares", "adagrad", Adagrad, {**decay, "initialAccumulator": 0}, lr=0.1, eps=1e-7, weight_decay=0.2)
optimizer("sgd, clipNorm", "sgd", SGD, {"learningRate": 0.1, "clipNorm": 1.5}, by_norm(1.5), lr=0.1)
optimizer("sgd, clipNorm above the norm", "sgd", SGD, {"learningRate": 0.1, "clipNorm": 50}, by_norm(50), lr=0.1)
optimizer("adam, clipNorm, large gradients", "adam", Adam, {"learningRate": 0.1, "clipNorm": 2, "epsilon": 0.01}, by_norm(2), 1e6, lr=0.1, eps=0.01)
optimizer("sgd, clipValue", "sgd", SGD, {"learningRate": 0.1, "clipValue": 0.3}, by_value(0.3), lr=0.1)


# Schedules: the rate of each step.
def one_cycle(name, steps, share=0.3, divide=25.0, final=1e4):
    stepper = torch.optim.SGD([torch.zeros(1)], 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(stepper, 0.5, total_steps=steps, pct_start=share, div_factor=divide, final_div_factor=final, cycle_momentum=False)
    rates = []
    for step in range(steps):
        rates.append(stepper.param_groups[0]["lr"])
        stepper.step()
        if step < steps - 1:
            schedule.step()
    options = {"maximum": 0.5, "steps": steps, "warmupShare": share, "divide": divide, "finalDivide": final}
    record(name, "oneCycle", {}, options, {"rates": torch.tensor(rates, dtype=torch.float64)})


one_cycle("one cycle of 40 steps", 40)
one_cycle("one cycle of 7 steps", 7, 0.5, 10, 100)
one_cycle("one cycle with hardly a way up", 10, 0.05)
one_cycle("one cycle without a way up", 10, 0.0)
one_cycle("one cycle without a way down", 10, 1.0)

write("training.json")
