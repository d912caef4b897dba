"""Damaged files: refused by name or read, whatever is in them; nothing else is raised."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxgauge.formats import (
    ObjectClass,
    read_class_names,
    read_lvis,
    read_size_table,
    read_voc,
    read_voc_detections,
    read_yolo,
)
from boxgauge.frames import InvalidInputError

VOC = (
    b'<?xml version="1.0" encoding="utf-8"?><annotation><size><width>9</width><height>8</height>'
    b"</size><object><name>cat</name><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>2</ymin>"
    b"<xmax>3</xmax><ymax>4.5</ymax></bndbox></object></annotation>"
)
LVIS = json.dumps(
    {
        "images": [{"id": 1, "neg_category_ids": [2], "not_exhaustive_category_ids": []}],
        "categories": [{"id": 2, "name": "cat", "frequency": "r"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 2, "bbox": [0, 0, 1, 1], "area": 1.0}
        ],
    }
).encode()
READERS: dict[str, tuple[str, bytes, Callable[[Path], Any]]] = {
    "voc": ("a.xml", VOC, lambda path: read_voc(path.parent)),
    "voc results": (
        "cat.txt",
        b"a 0.5 1 2 3 4\na 1e-3 0 0 5 5.5\n",
        lambda path: read_voc_detections(path.parent, read_voc(_voc_beside(path))),
    ),
    "yolo": (
        "a.txt",
        b"0 0.5 0.5 0.25 0.5\n0 0.1 0.2 0.1 1\n",
        lambda path: read_yolo(path.parent, [ObjectClass(0, "cat")], {"a": (9, 8)}),
    ),
    "yaml": ("data.yaml", b"path: ../x\nnames:\n  0: cat\n  1: dog\n", read_class_names),
    "names": ("names.txt", b"cat\ndog\n", read_class_names),
    "sizes": ("sizes.csv", b'image,width,height\na,9,8\n"b c",1,2\n', read_size_table),
    "lvis": ("lvis.json", LVIS, read_lvis),
}


def _voc_beside(path: Path) -> Path:
    folder = path.parent / "xml"
    folder.mkdir(exist_ok=True)
    (folder / "a.xml").write_bytes(VOC)
    return folder


@st.composite
def damages(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Draw a cut, an insertion, a doubling or another encoding."""
    at, length = draw(st.floats(0, 1)), draw(st.integers(0, 12))
    more = draw(
        st.binary(max_size=4)
        | st.sampled_from([b"&x;", b"\0", b"<!DOCTYPE a>", b"NaN", b"-", b"9" * 400, b"[", b"\n"])
    )
    kind = draw(st.sampled_from(["cut", "end", "insert", "double", "utf-16"]))

    def damage(text: bytes) -> bytes:
        k = int(at * len(text))
        return {
            "cut": text[:k] + text[k + length :],
            "end": text[:k],
            "insert": text[:k] + more + text[k:],
            "double": text[:k] + text[k : k + length] * 2 + text[k + length :],
            "utf-16": text[:k] + text[k:].decode().encode("utf-16"),
        }[kind]

    return damage


@pytest.mark.parametrize("name", READERS)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(damage=damages())
def test_damage_is_refused_by_name_or_read(
    tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    file, text, read = READERS[name]
    read_whole = tmp_path / "whole" / file
    read_whole.parent.mkdir(exist_ok=True)
    read_whole.write_bytes(text)
    read(read_whole)
    path = tmp_path / "damaged" / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(damage(text))
    refusal = refused(read, path)
    assert refusal is None or str(path.parent) in refusal


def refused(read: Callable[[Path], Any], path: Path) -> str | None:
    """Return the refusal in words, or None where the file is read."""
    try:
        read(path)
    except InvalidInputError as error:
        return str(error)
    return None
