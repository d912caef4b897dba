"""Readers and writers of detection files."""

from boxgauge.formats.classes import ObjectClass
from boxgauge.formats.coco_detections import read_detections, write_detections
from boxgauge.formats.coco_ground_truth import CocoGroundTruth, read_ground_truth

__all__ = [
    "CocoGroundTruth",
    "ObjectClass",
    "read_detections",
    "read_ground_truth",
    "write_detections",
]
