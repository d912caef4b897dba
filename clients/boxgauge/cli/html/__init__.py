"""An evaluation as one HTML file that needs nothing else: no network, no other file."""

from boxgauge.cli.html.page import Page, Section, Tile, write_page

__all__ = ["Page", "Section", "Tile", "write_page"]
