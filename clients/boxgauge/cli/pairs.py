"""Both sides of an evaluation, from files of any format that is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from boxgauge.cli.kinds import Format
from boxgauge.engine import ObjectClass
from boxgauge.engine.analysis import FederatedLabels
from boxgauge.formats import (
    CocoGroundTruth,
    LabelledImages,
    LvisGroundTruth,
    read_class_names,
    read_detections,
    read_ground_truth,
    read_image_sizes,
    read_lvis,
    read_size_table,
    read_voc,
    read_voc_detections,
    read_yolo,
    read_yolo_detections,
)
from boxgauge.frames import GroundTruths, ImageId, InvalidInputError, Predictions

_IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two sides, ready to evaluate.

    Attributes:
        gt: Where the ground truth comes from.
        dt: Where the detections come from.
        images: How many.
        sizes: Width and height of the images of which they are known, pixels.
        file_names: Names of image files, of the images of which they are known.
        notes: What a reader of the numbers should know about the files.
        federated: Of LVIS: which classes were looked for where.
    """

    gt: Path
    dt: Path
    predictions: Predictions
    truth: GroundTruths
    classes: tuple[ObjectClass, ...]
    images: int
    sizes: Mapping[ImageId, tuple[int, int]]
    file_names: Mapping[ImageId, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    federated: FederatedLabels | None = None

    def image_file(self, image_id: ImageId, folder: Path) -> Path | None:
        """Return the file of an image in a folder: by the name that is known, or by its id."""
        name = self.file_names.get(image_id)
        names = [Path(name).name] if name else [f"{image_id}{ending}" for ending in _IMAGE_ENDINGS]
        return next((folder / each for each in names if (folder / each).is_file()), None)


def read_pair(
    gt: Path,
    dt: Path,
    kind: Format,
    *,
    strict: bool = False,
    names: Path | None = None,
    images: Path | None = None,
    sizes: Path | None = None,
) -> Pair:
    """Return both sides.

    Args:
        gt: Ground truth: a COCO or LVIS file, or a folder of VOC XML or YOLO text.
        dt: Detections: a COCO result file whatever the ground truth is, or a folder of VOC
            result files or of YOLO text.
        kind: The format of the ground truth; told from the path if AUTO.
        strict: Take what pycocotools takes; COCO only.
        names: YOLO's class names: ``data.yaml``, or a text of one name a line.
        images: YOLO's image folder, for their sizes.
        sizes: Instead of it, a table of sizes.

    Raises:
        InvalidInputError: A file holds what it may not, or an option is missing; names it.
    """
    known = _told(gt) if kind is Format.AUTO else kind
    if strict and known is not Format.COCO:
        raise InvalidInputError.at("--strict", known.value, "asked of COCO files only")
    if known is not Format.YOLO:
        for option, value in (("--names", names), ("--sizes", sizes)):
            if value is not None:
                raise InvalidInputError.at(option, value, "given with YOLO's files only")
    federated = None
    truth: CocoGroundTruth | LabelledImages
    if known is Format.YOLO:
        truth = _yolo(gt, names, images, sizes)
    elif known is Format.VOC:
        truth = read_voc(gt)
    elif known is Format.LVIS:
        lvis = read_lvis(gt)
        truth, federated = lvis.coco, _federated(lvis)
    else:
        truth = read_ground_truth(gt, strict=strict)
    found, notes = _detections(dt, truth, known, strict=strict)
    return Pair(
        gt,
        dt,
        found,
        truth.frames,
        tuple(ObjectClass(each.id, each.name) for each in truth.classes),
        len(truth.image_ids),
        truth.sizes,
        truth.file_names if isinstance(truth, CocoGroundTruth) else {},
        (*truth.notes, *notes),
        federated,
    )


def _told(gt: Path) -> Format:
    """Return the format that a path looks like; whatever is no folder is a COCO file."""
    if not gt.is_dir():
        return Format.COCO
    endings = {each.suffix.lower() for each in gt.iterdir()}
    for ending, kind in ((".xml", Format.VOC), (".txt", Format.YOLO)):
        if ending in endings:
            return kind
    raise InvalidInputError.at("--gt", gt, "a file, or a folder of .xml (VOC) or .txt (YOLO) files")


def _yolo(gt: Path, names: Path | None, images: Path | None, sizes: Path | None) -> LabelledImages:
    if names is None:
        raise InvalidInputError.at("--names", "nothing", "data.yaml or a text of class names")
    if images is None and sizes is None:
        wanted = "the folder of the images, or --sizes their table: YOLO's files say no sizes"
        raise InvalidInputError.at("--images", "nothing", wanted)
    known = read_size_table(sizes) if sizes else read_image_sizes(images or gt)
    return read_yolo(gt, read_class_names(names), known)


def _detections(
    dt: Path, truth: CocoGroundTruth | LabelledImages, kind: Format, *, strict: bool
) -> tuple[Predictions, tuple[str, ...]]:
    """Return the detections and notes: of a folder in the ground truth's format, else COCO's."""
    if isinstance(truth, LabelledImages) and dt.is_dir():
        read = read_voc_detections if kind is Format.VOC else read_yolo_detections
        return read(dt, truth)
    return read_detections(dt, truth, strict=strict)


def _federated(lvis: LvisGroundTruth) -> FederatedLabels:
    return FederatedLabels(lvis.frequencies, lvis.negatives, lvis.not_exhaustive)
