"""An evaluation script as people write it for pycocotools; only its imports were changed."""

import sys

from boxgauge.compat.pycocotools import COCO, COCOeval

folder = sys.argv[1] if len(sys.argv) > 1 else "examples/sample"
coco_gt = COCO(f"{folder}/ground_truth.json")
coco_dt = coco_gt.loadRes(f"{folder}/detections.json")

coco_eval = COCOeval(coco_gt, coco_dt, "bbox")
coco_eval.params.imgIds = sorted(coco_gt.getImgIds())
coco_eval.evaluate()
coco_eval.accumulate()
coco_eval.summarize()

# AP of each class, as so many training scripts print it.
precision = coco_eval.eval["precision"]
for k, category_id in enumerate(coco_eval.params.catIds):
    values = precision[:, :, k, 0, -1]
    values = values[values > -1]
    ap = values.mean() if values.size else float("nan")
    (category,) = coco_gt.loadCats(int(category_id))
    print(f"{category['name']:<20} {ap:.4f}")
