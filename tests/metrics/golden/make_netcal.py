"""Write what netcal, by the authors of D-ECE, makes of seeded detections.

    pip install netcal==1.4.0
    python tests/metrics/golden/make_netcal.py > tests/metrics/golden/netcal.json

netcal needs Pyro, GPyTorch and TensorBoard: too much to install for one number, hence a file.
"""

import json
import sys
from importlib.metadata import version

import numpy as np
from netcal.metrics import ECE

# Detections, bins, least detections a bin, axes of the box's centre.
CASES = (
    (300, 10, 1, 0),
    (1000, 20, 1, 0),
    (1000, 20, 8, 0),
    (40, 25, 1, 0),
    (2000, 8, 8, 2),
    (500, 5, 1, 2),
)


def main() -> None:
    """Print the cases as JSON."""
    found = []
    for seed, (n, bins, least, axes) in enumerate(CASES):
        random = np.random.default_rng(seed)
        features = np.round(random.random((n, 1 + axes)), 3)
        correct = (random.random(n) < features[:, 0] ** 2).astype(int)
        metric = ECE(bins=bins, detection=True, sample_threshold=least)
        found.append(
            {
                "scores": features[:, 0].tolist(),
                "centres": features[:, 1:].tolist(),
                "correct": correct.tolist(),
                "bins": bins,
                "least": least,
                "d_ece": float(metric.measure(features, correct)),
            }
        )
    tools = {name: version(name) for name in ("netcal", "numpy", "scipy")}
    json.dump({"made_by": "make_netcal.py", "tools": tools, "cases": found}, sys.stdout)


if __name__ == "__main__":
    main()
