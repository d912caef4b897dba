"""The classes that a file lists."""

from collections import Counter
from dataclasses import dataclass

from boxgauge.formats.records import Records

_MAX_NAME_BYTES = 200


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """A class by the id that labels carry and the name that reports show."""

    id: int
    name: str


def read_classes(records: Records, *, strict: bool) -> tuple[tuple[ObjectClass, ...], list[str]]:
    """Return COCO's categories in ascending id, with notes on what was mended.

    Reports and metrics need distinct names, COCO does not: an absent name becomes the
    id, and a name that several ids share gets its id behind it.

    Raises:
        InvalidInputError: There is none, an id or a name is malformed, or an id occurs
            twice (strict: the last one counts, as in pycocotools).
    """
    if not records.rows:
        raise records.fault("", [], "at least one category")
    ids = records.integers("id").tolist()
    names: dict[int, str] = {}
    notes: list[str] = []
    for k, class_id in enumerate(ids):
        if class_id in names and not strict:
            raise records.fault(f"[{k}].id", class_id, "distinct")
        names[class_id] = _name(records, k, class_id)
    shared = {name for name, times in Counter(names.values()).items() if times > 1}
    if shared:
        notes.append(f"{len(shared)} category names belong to several ids: shown with the id")
    return tuple(
        ObjectClass(class_id, f"{name} ({class_id})" if name in shared else name)
        for class_id, name in sorted(names.items())
    ), notes


def _name(records: Records, k: int, class_id: int) -> str:
    name = records.rows[k].get("name", str(class_id))
    if not isinstance(name, str) or not 0 < len(name.encode()) <= _MAX_NAME_BYTES:
        raise records.fault(f"[{k}].name", name, f"a text of 1 to {_MAX_NAME_BYTES} bytes")
    return name
