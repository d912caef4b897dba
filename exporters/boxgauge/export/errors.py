"""The one error of the exporter."""


class ExportError(Exception):
    """A graph that must not be published, or a folder that must not be replaced."""
