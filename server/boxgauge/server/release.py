"""Which version this is."""

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """Return the version installed, or "unknown" in a bare source tree."""
    try:
        return version("boxgauge")
    except PackageNotFoundError:
        return "unknown"
