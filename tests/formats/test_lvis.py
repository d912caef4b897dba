"""LVIS files: what they add to COCO's, and what is refused of it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxgauge.formats import read_lvis
from boxgauge.frames import InvalidInputError

Document = dict[str, Any]
Write = Callable[[str, object], Path]


@pytest.fixture
def lvis(ground_truth: Document) -> Document:
    for each in ground_truth["images"]:
        each |= {"neg_category_ids": [2, 2, 99], "not_exhaustive_category_ids": []}
    for each, frequency in zip(ground_truth["categories"], "rf", strict=True):
        each["frequency"] = frequency
    ground_truth["images"][2]["not_exhaustive_category_ids"] = [1]
    return ground_truth


def test_what_was_looked_for_is_read(write: Write, lvis: Document) -> None:
    found = read_lvis(write("gt.json", lvis))
    assert found.coco.image_ids == (3, 5, 7)
    assert found.coco.frames.counts.tolist() == [1, 0, 2]
    assert found.frequencies == {2: "r", 1: "f"}
    assert found.negatives == dict.fromkeys((3, 5, 7), frozenset({2, 99}))
    assert found.not_exhaustive == {3: frozenset(), 5: frozenset({1}), 7: frozenset()}


@pytest.mark.parametrize(
    ("list_", "change", "message"),
    [
        ("categories", {"frequency": "x"}, "categories[1].frequency must be r, c or f: got 'x'"),
        ("categories", {"frequency": None}, "categories[1].frequency must be r, c or f: got None"),
        ("images", {"neg_category_ids": None}, "images[1].neg_category_ids must be a list"),
        ("images", {"neg_category_ids": [1, "2"]}, "images[1].neg_category_ids[1] must be a cat"),
        (
            "images",
            {"not_exhaustive_category_ids": [True]},
            "images[1].not_exhaustive_category_ids[0] must be a category id: got True",
        ),
        (
            "images",
            {"neg_category_ids": [2**63]},
            "images[1].neg_category_ids[0] must be a category id: got 9223372036854775808",
        ),
        ("images", {"id": 7}, "images[1].id must be distinct: got 7"),
    ],
)
def test_a_fault_names_record_field_and_value(
    write: Write, lvis: Document, list_: str, change: Document, message: str
) -> None:
    lvis[list_][1] |= change
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        read_lvis(write("gt.json", lvis))


def test_a_coco_file_is_no_lvis_file(write: Write, ground_truth: Document) -> None:
    with pytest.raises(InvalidInputError, match=r"categories\[0\]\.frequency must be present"):
        read_lvis(write("gt.json", ground_truth))
