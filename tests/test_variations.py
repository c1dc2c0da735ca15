"""Variations: what they change, and which algorithms that is for."""

import pytest

from evonasc.errors import PluginError, UnknownNameError
from evonasc.runs.variations import VARIATIONS, Variation, variation
from evonasc.search.algorithms import own_algorithms
from evonasc.search.config import SearchConfig


def fitting(name):
    change, _ = variation(name)
    return [one for one, entry in own_algorithms().items() if change.fits(entry)]


def test_every_variation_of_the_table_loads_and_says_what_it_does():
    for entry in VARIATIONS.entries():
        change, text = variation(entry.name)
        assert change.applied(SearchConfig()) != SearchConfig()
        assert text


def test_a_variation_fits_the_algorithms_that_read_what_it_changes():
    evolving = [
        "deap-nsga2",
        "moead",
        "nsga2",
        "nsga3",
        "pls",
        "pymoo-nsga2",
        "sms-emoa",
        "surrogate",
    ]
    assert fitting("refine") == sorted([*evolving, "nasc", "random"])
    assert fitting("cold") == ["hwnas", "nasc", "nasc-cotrain"]
    assert fitting("design-mutation") == evolving


@pytest.mark.parametrize("changes", [{}, {"budget": 3}, {"nasc_mode": "cotrain"}])
def test_a_variation_changes_options_of_algorithms(changes):
    with pytest.raises(ValueError, match="changes must name options of algorithms, got"):
        Variation(changes)


def test_unknown_and_broken_variations_are_refused(monkeypatch):
    with pytest.raises(UnknownNameError, match="variation 'refined'. Did you mean 'refine'"):
        variation("refined")
    monkeypatch.setattr("evonasc.runs.variations.COLD", 3)
    with pytest.raises(PluginError, match="'cold' .*must be a Variation, got int"):
        variation("cold")
