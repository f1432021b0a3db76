# Golden data from PyTorch: statedicts.json, the names and shapes of state_dicts, and what their networks predict.
#
#     npm run golden        (python3 tests/golden/statedicts.py)
#
# Weights and images are not stored: both sides make them from `numbers`, the i-th of a state_dict from seed i. Computed
# in float64.

import json
from pathlib import Path

import torch
from torch import nn

from generate import numbers

HERE = Path(__file__).parent
BATCH = 2


class Parallel(nn.Module):
    """What several modules make of the same, one after another in one row."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], dim=1)


def named(**modules):
    """nn.Sequential with names."""
    row = nn.Sequential()
    for name, module in modules.items():
        row.add_module(name, module)
    return row


NETWORKS = {
    # Convolutions, one in groups; norms of images and of what flatten makes of them.
    "convolutions": (
        [1, 12, 8],
        nn.Sequential(
            nn.Conv2d(1, 4, 5, padding=2),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3, groups=2, bias=False),
            nn.Flatten(),
            nn.BatchNorm1d(48),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(48, 5),
            nn.Linear(5, 5),
            nn.Linear(5, 5),
        ),
    ),
    # In DataParallel, with names.
    "names": (
        [3, 6, 6],
        nn.DataParallel(
            named(
                out=nn.Conv2d(3, 3, 3),
                into=nn.Conv2d(3, 3, 3),
                flat=nn.Flatten(),
                head=nn.Linear(12, 12),
                again=nn.Linear(12, 12),
            )
        ).cpu(),
    ),
    "transposed": (
        [2, 5, 4],
        named(
            depthwise=nn.Conv2d(2, 6, 3, padding=1, groups=2),
            pointwise=nn.Conv2d(6, 6, 1),
            up=nn.ConvTranspose2d(6, 3, 3, stride=2),
            flat=nn.Flatten(),
            head=nn.Linear(297, 4),
        ),
    ),
    # A dense layer behind what two branches made flat, and one that has no pixels.
    "branches": (
        [2, 4, 4],
        nn.Sequential(
            Parallel(
                nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten()),
                nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
                nn.Sequential(nn.Flatten(), nn.Tanh()),
            ),
            nn.Linear(46, 3),
        ),
    ),
    "signals": (
        [3, 9],
        nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(28, 2)),
    ),
}


def made(name, tensor, seed):
    if name.endswith("num_batches_tracked"):
        return tensor
    values = torch.tensor(numbers(tensor.numel(), seed), dtype=torch.float64).reshape(tensor.shape)
    return values.abs() + 0.5 if name.endswith("running_var") else values


networks = []
for name, (shape, network) in NETWORKS.items():
    state = network.state_dict()
    network = network.double().eval()
    network.load_state_dict({key: made(key, state[key], i) for i, key in enumerate(state)})
    count = BATCH * torch.Size(shape).numel()
    # Made with channels last.
    order = [0, len(shape), *range(1, len(shape))]
    x = torch.tensor(numbers(count, 99), dtype=torch.float64)
    x = x.reshape(BATCH, *shape[1:], shape[0]).permute(order)
    predicted = getattr(network, "module", network)(x)
    networks.append(
        {
            "name": name,
            "inputShape": [*shape[1:], shape[0]],
            "weights": [[key, list(state[key].shape)] for key in state],
            "predicted": predicted.flatten().tolist(),
        }
    )

(HERE / "statedicts.json").write_text(json.dumps({"networks": networks}, indent=1) + "\n")
