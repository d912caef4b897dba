"""From the catalog of losses and metrics to checked ONNX graphs in a Triton repository."""

from boxgauge.export.build import export_all
from boxgauge.export.catalog import catalog
from boxgauge.export.composition import export_composition
from boxgauge.export.entry import Entry
from boxgauge.export.errors import ExportError
from boxgauge.export.manifest import GraphRecord, Manifest, read_manifest
from boxgauge.export.ports import Port

__all__ = [
    "Entry",
    "ExportError",
    "GraphRecord",
    "Manifest",
    "Port",
    "catalog",
    "export_all",
    "export_composition",
    "read_manifest",
]
