# Golden data from NumPy: pca.json, principal components by singular values.
#
#     npm run golden        (python3 tests/golden/pca.py)

import json
from pathlib import Path

import numpy as np

from generate import numbers

HERE = Path(__file__).parent
CASES = {"tall": (60, 9, 4), "wide": (6, 30, 3), "line": (5, 1, 1)}


def main():
    written = {}
    for seed, (name, (count, size, components)) in enumerate(CASES.items(), 1):
        # Each direction has its own spread, and a mean that is far away.
        spread = 0.8 ** np.arange(size)
        points = numbers(count * size, seed).astype(np.float64).reshape(count, size) * spread + 3
        u, s, _ = np.linalg.svd(points - points.mean(0), full_matrices=False)
        written[name] = {
            "shape": [count, size],
            "seed": seed,
            "components": components,
            "coordinates": [float(f"{v:.8g}") for v in (u * s)[:, :components].flatten()],
        }
    (HERE / "pca.json").write_text(json.dumps(written) + "\n")


if __name__ == "__main__":
    main()
