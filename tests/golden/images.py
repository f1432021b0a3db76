# Golden data from PyTorch for images (images.json): affine resampling as grid_sample does it, and
# resizing as interpolate does it with antialias.
#
#     npm run golden        (python3 tests/golden/images.py)
#
# As in generate.py, inputs are made from a hash on both sides, and all is computed in float64.

import base64
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


def numbers(count, seed):
    """numbers() of tests/helpers/random.ts: float32 in [-1, 1), exact."""
    x = np.arange(count, dtype=np.uint32) + np.uint32((seed * 0x9E3779B9) & 0xFFFFFFFF)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    x = x ^ (x >> np.uint32(16))
    return (x >> np.uint32(8)) / 2**23 - 1


def packed(nchw):
    values = nchw.permute(0, 2, 3, 1).contiguous().numpy().astype("<f4")
    return base64.b64encode(values.tobytes()).decode()


def warped(shape, seed, angle, factor, shift, fill):
    """Output pixel (row, column) from the input's map · (row, column, 1), about the middle."""
    height, width, channels = shape
    image = torch.from_numpy(numbers(height * width * channels, seed)).reshape(1, *shape).permute(0, 3, 1, 2)
    cos, sin = np.cos(angle) / factor, np.sin(angle) / factor
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    turn = np.array([[cos, sin], [-sin, cos]])
    offset = middle - turn @ (middle + np.array(shift))
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    y, x = np.tensordot(turn, np.stack([rows, columns]), 1) + offset[:, None, None]
    grid = torch.from_numpy(np.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], -1))[None]
    mode = "border" if fill == "edge" else "zeros"
    output = F.grid_sample(image, grid, "bilinear", mode, align_corners=False)
    affine = [*turn[0], offset[0], *turn[1], offset[1]]
    return {"shape": shape, "seed": seed, "map": affine, "fill": fill, "output": packed(output)}


def resized(shape, seed, size):
    """Of bytes: (numbers + 1) · 128, rounded down."""
    values = np.floor((numbers(int(np.prod(shape)), seed) + 1) * 128)
    image = torch.from_numpy(values).reshape(1, *shape).permute(0, 3, 1, 2)
    output = F.interpolate(image, size, mode="bilinear", antialias=True, align_corners=False)
    return {"shape": shape, "seed": seed, "size": size, "output": packed(output)}


warps = [
    warped(shape, seed, angle, factor, shift, fill)
    for seed, (shape, angle, factor, shift) in enumerate(
        [
            ([5, 7, 2], 0.3, 1.1, [0, 0]),
            ([8, 8, 1], -0.7, 0.6, [1, -2]),
            ([6, 9, 3], 2.5, 1.7, [0.5, 0.25]),
            ([7, 4, 1], 0, 1, [0.5, -1.5]),
        ],
        1,
    )
    for fill in [0, "edge"]
]
resizes = [
    resized([9, 13, 3], 11, [4, 5]),
    resized([4, 5, 1], 12, [9, 13]),
    resized([12, 3, 2], 13, [5, 8]),
    resized([6, 6, 1], 14, [1, 1]),
]


def lines(cases):
    return ",\n    ".join(map(json.dumps, cases))


(Path(__file__).parent / "images.json").write_text(
    f'{{\n  "warps": [\n    {lines(warps)}\n  ],\n  "resizes": [\n    {lines(resizes)}\n  ]\n}}\n'
)
