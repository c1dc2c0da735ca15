"""The files that ship for FBNet; ``README.md`` beside this one says what each is."""

from evonasc.assets import Assets

ASSETS = Assets(__name__)
