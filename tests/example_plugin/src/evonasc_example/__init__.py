"""One plug-in of every kind for evonasc."""

from pathlib import Path

SHELF_BOX = Path(__file__).with_name("shelf_box.toml")
