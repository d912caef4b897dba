"""Write the golden file of LVIS: sets, and what the package ``lvis`` says of them.

    pip install lvis==0.5.3
    python -m tests.engine.analysis.make_lvis_golden

The package's last release, of 2020, asks numpy for ``np.float``, which is put back here.
"""

import contextlib
import io
import json
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.engine.analysis.lvis_scenes import Record, draw

GOLDEN = Path(__file__).with_name("lvis_golden.json")
MOST = 9


def peer_statistics(document: Record, results: list[Record], most: int) -> list[float]:
    """Return the package's 13 statistics, -1 for what is undefined."""
    from lvis import LVIS, LVISEval, LVISResults  # only the maker and one test have it

    with TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        paths = Path(folder, "ground_truth.json"), Path(folder, "results.json")
        for path, value in zip(paths, (document, results), strict=True):
            path.write_text(json.dumps(value))
        truth = LVIS(str(paths[0]))
        evaluation = LVISEval(truth, LVISResults(truth, str(paths[1]), max_dets=most), "bbox")
        evaluation.run()
    return [float(each) for each in evaluation.get_results().values()]


def main() -> None:
    """Draw five sets, ask the package, write the file."""
    np.float = float  # type: ignore[attr-defined]
    sets = []
    for seed in range(5):
        document, results = draw(seed, 8)
        statistics = [each.hex() for each in peer_statistics(document, results, MOST)]
        sets.append({"document": document, "results": results, "statistics": statistics})
    made_by = f"lvis {version('lvis')}, python -m tests.engine.analysis.make_lvis_golden"
    content = {"made_by": made_by, "max_dets": MOST, "sets": sets}
    GOLDEN.write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
