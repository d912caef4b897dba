"""The formats that ``--format`` names; apart, since the command's help needs nothing else."""

from enum import StrEnum


class Format(StrEnum):
    """What a ground truth is."""

    AUTO = "auto"
    COCO = "coco"
    VOC = "voc"
    YOLO = "yolo"
    LVIS = "lvis"
