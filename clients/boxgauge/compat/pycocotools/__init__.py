"""pycocotools' classes over BoxGauge's engine: a change of imports brings its speed."""

from boxgauge.compat.pycocotools.coco import COCO
from boxgauge.compat.pycocotools.cocoeval import COCOeval
from boxgauge.compat.pycocotools.params import Params

__all__ = ["COCO", "COCOeval", "Params"]
