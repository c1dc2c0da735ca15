"""One plug-in of every kind for evonasc."""

from pathlib import Path

from evonasc.cost.scenario import Scenario

SHELF_BOX = Path(__file__).with_name("shelf_box.toml")
SHELF = Scenario(name="shelf", head_hardware="shelf-box", tail_hardware="shelf-box")
