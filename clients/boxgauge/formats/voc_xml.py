"""One annotation file of Pascal VOC: XML, parsed without entities or document types."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from boxgauge.formats.labelled_images import Size
from boxgauge.formats.records import fault
from boxgauge.formats.text_file import box_number, pixels, read_bytes

# Left, top, right, bottom as the file has them.
Corners = tuple[float, float, float, float]

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, slots=True)
class VocObject:
    """One object of a file.

    Attributes:
        place: Its place among the objects of the file, from 0.
        name: Name of its class.
        corners: As written; right and bottom are at least left and top.
        difficult: Need not be found.
    """

    place: int
    name: str
    corners: Corners
    difficult: bool


@dataclass(frozen=True, slots=True)
class VocFile:
    """What an annotation file says of its image; the size is None where it has none."""

    size: Size | None
    objects: tuple[VocObject, ...]


def parse_voc(path: Path) -> VocFile:
    """Return the objects of one file, in its order; parts of objects are not read.

    Raises:
        InvalidInputError: The file is not XML, declares a document type, or lacks or spoils a
            field; names file, object, field and value.
    """
    try:
        root = fromstring(read_bytes(path), forbid_dtd=True)
    except DefusedXmlException:
        raise fault(str(path), "DOCTYPE", "one", "absent") from None
    # An encoding that is not known or has more than one byte raises one of the latter two.
    except (ParseError, ValueError, LookupError) as error:
        raise fault(str(path), "the file", str(error), "XML") from None
    if root.tag != "annotation":
        raise fault(str(path), "the root", root.tag, "annotation")
    return VocFile(_size(str(path), root), tuple(_objects(str(path), root)))


def _objects(file: str, root: Element) -> Iterator[VocObject]:
    for k, each in enumerate(root.findall("object")):
        where = f"object[{k}]"
        name = _text(file, where, each, "name")
        box = _only(file, where, each, "bndbox")
        left, top, right, bottom = (_corner(file, f"{where}.bndbox", box, key) for key in _CORNERS)
        for low, high, key in ((left, right, "xmax"), (top, bottom, "ymax")):
            if high < low:
                raise fault(file, f"{where}.bndbox.{key}", high, f"at least {low}")
        yield VocObject(k, name, (left, top, right, bottom), _difficult(file, where, each))


def _difficult(file: str, where: str, each: Element) -> bool:
    if each.find("difficult") is None:
        return False
    text = _text(file, where, each, "difficult")
    if text not in ("0", "1"):
        raise fault(file, f"{where}.difficult", text, "0 or 1")
    return text == "1"


def _corner(file: str, where: str, box: Element, key: str) -> float:
    return box_number(file, f"{where}.{key}", _text(file, where, box, key))


def _size(file: str, root: Element) -> Size | None:
    """Return width and height; None where there is no size, or an unset one, 0 by 0."""
    size = root.find("size")
    if size is None:
        return None
    width, height = (_pixels(file, size, key) for key in ("width", "height"))
    return (width, height) if width and height else None


def _pixels(file: str, size: Element, key: str) -> int:
    text = _text(file, "size", size, key)
    value = pixels(text)
    if value is None:
        raise fault(file, f"size.{key}", text, "a whole number of pixels")
    return value


def _text(file: str, where: str, parent: Element, key: str) -> str:
    text = (_only(file, where, parent, key).text or "").strip()
    if not text:
        raise fault(file, f"{where}.{key}", text, "a text")
    return text


def _only(file: str, where: str, parent: Element, key: str) -> Element:
    found = parent.findall(key)
    if len(found) != 1:
        raise fault(file, f"{where}.{key}", len(found), "there once")
    return found[0]
