"""``COCO``: a data set of annotations with its index, as pycocotools offers it."""

import copy
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.compat.pycocotools.columns import Annotation, Columns, detection_columns
from boxgauge.formats.json_file import read_json

# Not a numpy scalar, not a string: what pycocotools takes for a list of ids.
_LISTS: tuple[type, ...] = (list, tuple, set, frozenset, dict, range, np.ndarray, type({}.keys()))


class COCO:
    """A data set: images, categories, annotations, and who belongs to whom.

    Attributes:
        dataset: The file's content.
        anns: Annotation by id.
        cats: Category by id.
        imgs: Image by id.
        imgToAnns: Annotations by image id.
        catToImgs: Image ids by category id, one for each annotation.
    """

    dataset: dict[str, Any]
    anns: dict[Any, Annotation]
    cats: dict[Any, dict[str, Any]]
    imgs: dict[Any, dict[str, Any]]
    imgToAnns: dict[Any, list[Annotation]]
    catToImgs: dict[Any, list[Any]]

    def __init__(self, annotation_file: Any = None) -> None:
        if annotation_file is None:
            self.dataset = {}
            self._index()
        elif isinstance(annotation_file, dict):
            self.dataset = annotation_file
            self.createIndex()
        else:
            print("loading annotations into memory...")
            began = time.time()
            found = read_json(Path(annotation_file))
            if not isinstance(found, dict):
                raise AssertionError(f"annotation file format {type(found)} not supported")
            print(f"Done (t={time.time() - began:0.2f}s)")
            self.dataset = found
            self.createIndex()

    def createIndex(self) -> None:
        """Index ``dataset`` by id; to be called again after changing it."""
        print("creating index...")
        self._index()
        print("index created!")

    def _index(self) -> None:
        annotations = self.dataset.get("annotations", [])
        self.anns = {each["id"]: each for each in annotations}
        self.imgs = {each["id"]: each for each in self.dataset.get("images", [])}
        self.cats = {each["id"]: each for each in self.dataset.get("categories", [])}
        self.imgToAnns, self.catToImgs = defaultdict(list), defaultdict(list)
        for each in annotations:
            self.imgToAnns[each["image_id"]].append(each)
        if "categories" in self.dataset:
            for each in annotations:
                self.catToImgs[each["category_id"]].append(each["image_id"])

    def info(self) -> None:
        """Print what the file says of itself."""
        for key, value in self.dataset["info"].items():
            print(f"{key}: {value}")

    def getAnnIds(
        self,
        imgIds: Any = (),
        catIds: Any = (),
        areaRng: Sequence[float] = (),
        iscrowd: bool | None = None,
    ) -> list[Any]:
        """Return the ids of the annotations that pass every filter given.

        Args:
            imgIds: Of these images.
            catIds: Of these categories.
            areaRng: With an area between these two, neither included, px².
            iscrowd: Crowds only, or others only.
        """
        images, categories = _listed(imgIds), _listed(catIds)
        chosen: Iterable[Annotation] = (
            self.dataset["annotations"]
            if not images
            else (
                each
                for image in images
                if image in self.imgToAnns
                for each in self.imgToAnns[image]
            )
        )
        if categories:
            wanted = set(categories)
            chosen = (each for each in chosen if each["category_id"] in wanted)
        if len(areaRng):
            low, high = areaRng
            chosen = (each for each in chosen if low < each["area"] < high)
        if iscrowd is not None:
            chosen = (each for each in chosen if each["iscrowd"] == iscrowd)
        return [each["id"] for each in chosen]

    def getCatIds(
        self,
        catNms: Any = (),
        supNms: Any = (),
        catIds: Any = (),
    ) -> list[Any]:
        """Return the ids of the categories of these names, supercategories and ids."""
        filters = {"name": _listed(catNms), "supercategory": _listed(supNms), "id": _listed(catIds)}
        given = {key: wanted for key, wanted in filters.items() if wanted}
        return [
            each["id"]
            for each in self.dataset["categories"]
            if all(each[key] in wanted for key, wanted in given.items())
        ]

    def getImgIds(self, imgIds: Any = (), catIds: Any = ()) -> list[Any]:
        """Return the ids of the images among these that show all of these categories."""
        images, categories = _listed(imgIds), _listed(catIds)
        if not images and not categories:
            return list(self.imgs)
        sets = [set(self.catToImgs[each]) for each in categories]
        if images:
            sets.insert(0, set(images))
        return list(set.intersection(*sets))

    def loadAnns(self, ids: Any = ()) -> list[Annotation]:
        """Return the annotations of these ids."""
        return [self.anns[each] for each in _listed(ids)]

    def loadCats(self, ids: Any = ()) -> list[dict[str, Any]]:
        """Return the categories of these ids."""
        return [self.cats[each] for each in _listed(ids)]

    def loadImgs(self, ids: Any = ()) -> list[dict[str, Any]]:
        """Return the images of these ids."""
        return [self.imgs[each] for each in _listed(ids)]

    def loadRes(self, resFile: Any) -> "Results":
        """Return a detector's results as a data set of the same images and categories.

        Args:
            resFile: A result file's path; or a list of dicts with ``image_id``,
                ``category_id``, ``bbox`` and ``score``; or an array [n, 7] of image id, left,
                top, width, height, score and category id.

        Raises:
            AssertionError: It is none of these, or a result's image is not in this data set.
            IndexError: There is no result.
            NotImplementedError: The first result has no box: other kinds are not evaluated.
        """
        print("Loading and preparing results...")
        began = time.time()
        rows: Any = resFile
        if isinstance(resFile, str):
            rows = read_json(Path(resFile))
        elif isinstance(resFile, np.ndarray):
            rows = self.loadNumpyAnnotations(resFile)
        if not isinstance(rows, list):
            # The kind of error that callers of pycocotools expect.
            raise AssertionError(  # noqa: TRY004
                f"the results must be a list of objects: got {type(rows).__name__}"
            )
        results = Results(self, rows)
        print(f"DONE (t={time.time() - began:0.2f}s)")
        print("creating index...")
        print("index created!")
        return results

    def loadNumpyAnnotations(self, data: NDArray[Any]) -> list[Annotation]:
        """Return the rows of an [n, 7] array as results."""
        print("Converting ndarray to lists...")
        print(data.shape)
        if data.ndim != 2 or data.shape[1] != 7:
            raise AssertionError(f"the results must be of shape [n, 7]: got {[*data.shape]}")
        for start in range(0, len(data), 1_000_000):
            print(f"{start}/{len(data)}")
        return [
            {"image_id": int(image), "bbox": box, "score": score, "category_id": int(category)}
            for (image, *box, score, category) in data.tolist()
        ]


class Results(COCO):
    """What ``loadRes`` returns: evaluated by columns, indexed only when somebody looks."""

    def __init__(self, truth: COCO, rows: list[Annotation]) -> None:
        if not rows:
            raise IndexError("the results must hold at least one record: got none")
        for k, each in enumerate(rows):
            if each["image_id"] not in truth.imgs:
                raise AssertionError(
                    "Results do not correspond to current coco set:"
                    f" [{k}].image_id is {each['image_id']!r}"
                )
        if rows[0].get("bbox", []) == []:
            raise NotImplementedError(
                f"results must have boxes (bbox): the first one has {', '.join(rows[0])}"
            )
        self._truth = truth
        self._rows = rows

    def __getattr__(self, name: str) -> Any:
        if name not in COCO.__annotations__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self._fill()
        return getattr(self, name)

    def columns(self) -> Columns:
        """Return the columns of the detections, as they are now."""
        indexed = "dataset" in self.__dict__
        return detection_columns(self.dataset["annotations"] if indexed else self._rows)

    def _fill(self) -> None:
        """Give every row what pycocotools gives it, and index them."""
        for number, row in enumerate(self._rows, 1):
            x, y, w, h = row["bbox"]
            row.setdefault("segmentation", [[x, y, x, y + h, x + w, y + h, x + w, y]])
            row.update(area=w * h, id=number, iscrowd=0)
        described = self._truth.dataset
        self.dataset = {
            "info": copy.deepcopy(described.get("info", {})),
            "images": list(described["images"]),
            "categories": copy.deepcopy(described["categories"]),
            "annotations": self._rows,
        }
        self._index()


def _listed(ids: Any) -> list[Any]:
    """Return ids as a list; one alone may come without."""
    several: Any = ids
    return list(several) if isinstance(ids, _LISTS) else [ids]
