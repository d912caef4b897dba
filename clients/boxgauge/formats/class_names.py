"""Names of classes from a ``data.yaml`` or a list of names."""

from os import PathLike
from pathlib import Path

from boxgauge.formats.classes import ObjectClass
from boxgauge.formats.labelled_images import number_classes
from boxgauge.formats.records import fault
from boxgauge.formats.text_file import read_text
from boxgauge.frames import FailedPreconditionError


def read_class_names(path: str | PathLike[str]) -> tuple[ObjectClass, ...]:
    """Return the classes, numbered from 0 as in YOLO's files.

    Args:
        path: A YAML file (``.yaml``, ``.yml``) whose ``names`` are a list, or a mapping from
            0, 1, … to names; or any other text file, with a name a line.

    Raises:
        InvalidInputError: The file cannot be read, or a name is empty, no text or there twice.
        FailedPreconditionError: It is YAML, and PyYAML is not installed.
    """
    file, text = str(path), read_text(Path(path))
    if Path(path).suffix.lower() in (".yaml", ".yml"):
        return number_classes(file, _from_yaml(file, text), first=0)
    lines = text.splitlines()
    return number_classes(file, [line.strip() for line in lines if line.strip()], first=0)


def _from_yaml(file: str, text: str) -> list[str]:
    try:
        import yaml
    except ImportError:
        raise FailedPreconditionError(
            f"{file} needs PyYAML: install BoxGauge with its extra [yolo]", field="PyYAML"
        ) from None
    try:
        document = yaml.safe_load(text)
    # A date that is none is a ValueError, and what nests too deep a RecursionError.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        words = " ".join(str(error).split())
        raise fault(file, "the file", words, "YAML") from None
    names = document.get("names") if isinstance(document, dict) else None
    if isinstance(names, dict):
        if [*names] != [*range(len(names))]:
            raise fault(file, "names", [*names], "numbered 0, 1, … in this order")
        names = [*names.values()]
    if not isinstance(names, list):
        raise fault(file, "names", names, "a list, or a mapping from numbers")
    for k, name in enumerate(names):
        # YAML reads a bare no as false, which was meant as a text.
        if isinstance(name, bool) or not isinstance(name, str | int):
            raise fault(file, f"names[{k}]", name, "a text (in quotes)")
    return [str(name) for name in names]
