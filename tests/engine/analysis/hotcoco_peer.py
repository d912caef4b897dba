"""An evaluator of hotcoco, which has a confusion matrix and TIDE's errors of its own."""

from pathlib import Path

import hotcoco

from tests.engine.analysis.scenes import Scene, write_files


def evaluator(scene: Scene, folder: Path) -> hotcoco.COCOeval:
    """Return what has evaluated a scene, with its files in this folder."""
    gt, dt = write_files(scene, folder)
    truth = hotcoco.COCO(str(gt))
    peer = hotcoco.COCOeval(truth, truth.load_res(str(dt)), "bbox")
    peer.evaluate()
    return peer
