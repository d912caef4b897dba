"""Readers and writers of detection files."""

from boxgauge.formats.class_names import read_class_names
from boxgauge.formats.classes import ObjectClass
from boxgauge.formats.coco_detections import read_detections, write_detections
from boxgauge.formats.coco_ground_truth import CocoGroundTruth, read_ground_truth
from boxgauge.formats.coco_writer import write_ground_truth
from boxgauge.formats.image_sizes import read_image_sizes, read_size_table
from boxgauge.formats.labelled_images import LabelledImages, Size
from boxgauge.formats.lvis_json import LvisGroundTruth, read_lvis
from boxgauge.formats.voc_folder import read_voc
from boxgauge.formats.voc_results import read_voc_detections
from boxgauge.formats.voc_writer import write_voc
from boxgauge.formats.yolo_folder import read_yolo, read_yolo_detections, write_yolo

__all__ = [
    "CocoGroundTruth",
    "LabelledImages",
    "LvisGroundTruth",
    "ObjectClass",
    "Size",
    "read_class_names",
    "read_detections",
    "read_ground_truth",
    "read_image_sizes",
    "read_lvis",
    "read_size_table",
    "read_voc",
    "read_voc_detections",
    "read_yolo",
    "read_yolo_detections",
    "write_detections",
    "write_ground_truth",
    "write_voc",
    "write_yolo",
]
