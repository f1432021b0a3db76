"""Exports networks of torchvision as ONNX files: `export.py FOLDER`. Beside them, losses.json says which loss each has in
training, before and after one step, and of which learning rate that step is. Weights are seeded; batch norms have the statistics of the images that are trained
with. Debian's python3-torch and python3-torchvision have all that is needed."""

import json
import sys
import warnings
from pathlib import Path

import torch
import torchvision
from torch import nn

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])
SIDE = 96
BATCH = 4
# What a step is to take off the loss, if that falls as its gradient says: more, and networks as steep as these differ.
FALL = 0.01

CLASSIFIERS = [
    "resnet18",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "squeezenet1_1",
    "densenet121",
    "googlenet",
    "shufflenet_v2_x1_0",
    "mnasnet1_0",
    "regnet_y_400mf",
    "efficientnet_b0",
    "convnext_tiny",
]
SEGMENTERS = ["fcn_resnet50", "deeplabv3_mobilenet_v3_large"]
# Also exported with batch, height and width open, and norms folded.
OPEN = ["resnet18", "mobilenet_v2", "deeplabv3_mobilenet_v3_large"]


class Output(nn.Module):
    """The main output of a segmentation network."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)["out"]


def made(name):
    """A network. Each norm and each scale is away from where it begins, so that none may be left out."""
    torch.manual_seed(1)
    if name in SEGMENTERS:
        model = Output(getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None))
    else:
        model = getattr(torchvision.models, name)(weights=None, num_classes=10)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.5)
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    for key, parameter in model.named_parameters():
        if key.endswith("layer_scale"):
            nn.init.uniform_(parameter, 0.1, 0.5)
    return model


def training(model):
    """In training, but without what is random there."""
    model.train()
    for module in model.modules():
        if isinstance(module, (nn.Dropout, torchvision.ops.StochasticDepth)):
            module.eval()
    return model


def export(model, name, x, **options):
    path = folder / f"{name}.onnx"
    names = {"input_names": ["x"], "output_names": ["y"]}
    torch.onnx.export(model.eval(), x, path, opset_version=13, **names, **options)


def loss_of(model, x):
    y = training(model)(x)
    # Without what GoogLeNet's auxiliary classifiers say.
    y = y[0] if isinstance(y, tuple) else y
    wanted = torch.arange(BATCH)
    if y.ndim == 4:
        wanted = wanted[:, None, None].expand(BATCH, SIDE, SIDE)
    return nn.functional.cross_entropy(y, wanted)


def trained(model, x):
    """Takes a step of gradient descent."""
    before = loss_of(model, x)
    before.backward()
    learned = [parameter for parameter in model.parameters() if parameter.grad is not None]
    rate = FALL * before.item() / sum(parameter.grad.square().sum().item() for parameter in learned)
    with torch.no_grad():
        for parameter in learned:
            parameter -= rate * parameter.grad
        after = loss_of(model, x)
    return {"learningRate": rate, "before": before.item(), "after": after.item()}


def images():
    """The same numbers as in torchvision.ts."""
    image, channel, row, column = torch.meshgrid(*map(torch.arange, [BATCH, 3, SIDE, SIDE]), indexing="ij")
    return torch.sin(0.002 * (image + 1.0) * (row**2 + (channel + 1) * column**2).double()).float()


x = images()
losses = {}
for name in CLASSIFIERS + SEGMENTERS:
    model = made(name)
    with torch.no_grad():
        training(model)(x)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.1
    # The exporter folds norms into convolutions unless it is told to preserve them.
    export(model, name, x[:1], training=torch.onnx.TrainingMode.PRESERVE)
    if name in OPEN:
        export(model, f"{name}-open", x, dynamic_axes={"x": {0: "batch", 2: "height", 3: "width"}})
    losses[name] = trained(model, x)
    print(name, losses[name], flush=True)
(folder / "losses.json").write_text(json.dumps(losses))
