import numpy as np
import pytest
from own_machines import SPACE

from evonasc.cost.cuts import design_space
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.problems import SplitNasProblem
from evonasc.problems.error_columns import CALIBRATED, CalibratedErrors, ErrorColumn, PayloadEffect

NARROW = Scenario(payload_bits=(4,))
GENES = np.array([[0, 0, 0, 3, 0, 0, 5], [0, 0, 0, 3, 0, 0, 19]])


class Plain:
    """Knows nothing of payloads."""

    provenance = "error: made up."

    def error(self, genes, *, designs):
        return np.full(len(genes), 0.95)


class Aware(Plain):
    """Adds a tenth before the last cut."""

    def payload_increase(self, genes, *, designs, scenario):
        assert scenario is NARROW
        return 0.1 * (designs.split_point(genes) < 19)

    def payload_provenance(self):
        return "error at the cut: made up."


class Measured(Plain):
    """Knows that wide payloads do no harm."""

    harmless_words = "measured here"


class Lost(Aware):
    """Has lost what it knew."""

    def payload_provenance(self):
        raise ConfigError("the model is gone.")


def effect(source, scenario):
    designs, found = design_space(scenario, SPACE), PayloadEffect(source, scenario)
    known = ErrorColumn(source).columns(GENES, designs=designs, known={})
    return found, found.columns(GENES, designs=designs, known=known)


def test_what_the_payload_adds_is_added_and_an_error_is_at_most_1():
    found, columns = effect(Aware(), NARROW)
    assert found.is_active
    assert columns["error"].tolist() == [1.0, 0.95]
    assert found.provenance() == ("error at the cut: made up.",)


@pytest.mark.parametrize(
    ("source", "scenario", "words"),
    [
        (Plain(), Scenario(), "8 bits and more without lost values count as harmless (assumed)."),
        (Aware(), Scenario(), "8 bits and more without lost values count as harmless (assumed)."),
        (Lost(), Scenario(), "8 bits and more without lost values count as harmless (assumed)."),
        (Measured(), Scenario(), "count as harmless (measured here)."),
        (Plain(), NARROW, "is unknown here and left out"),
    ],
)
def test_where_nothing_is_added_it_is_said_why(source, scenario, words):
    found, columns = effect(source, scenario)
    assert not found.is_active
    assert columns == {}
    assert words in found.provenance()[0]


def test_what_cannot_be_had_is_refused_before_the_search(nas201):
    with pytest.raises(ConfigError, match="the model is gone"):
        SplitNasProblem(nas201, NARROW, Lost())


def test_an_error_that_the_cut_changes_is_no_longer_the_networks(nas201):
    assert SplitNasProblem(nas201, NARROW, Plain()).cut_free_columns == {"error"}
    assert SplitNasProblem(nas201, NARROW, Aware()).cut_free_columns == set()


class Half:
    """Networks trained alone are wrong half as often."""

    provenance = "error_calibrated: made up."

    def __call__(self, error):
        return error / 2, error / 4, error


def test_a_calibration_adds_columns_and_leaves_the_error(nas201, table_errors):
    plain = SplitNasProblem(nas201, Scenario(), table_errors)
    problem = SplitNasProblem(nas201, Scenario(), table_errors, calibration=Half())
    columns, error = problem.columns(GENES), plain.columns(GENES)["error"]
    np.testing.assert_array_equal(columns["error"], error)
    for name, values in zip(CALIBRATED, (error / 2, error / 4, error), strict=True):
        np.testing.assert_array_equal(columns[name], values)
    assert "error_calibrated: made up." in problem.provenance()
    assert CalibratedErrors(Half()).provenance() == ("error_calibrated: made up.",)
