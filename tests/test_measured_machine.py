from dataclasses import replace

import numpy as np
import pytest
from own_machines import (
    KNOWN,
    SPACE,
    machine,
    made_up_profile,
    networks,
    of_record,
    write_calibrated,
)

from evonasc.cost.machine_record import write_record
from evonasc.cost.measured_machine import MeasuredMachine, require_space
from evonasc.cost.profile_fit import fit_profile
from evonasc.errors import ConfigError
from evonasc.nasbench201.cells import all_cells
from evonasc.nasbench201.space import NasBench201


@pytest.fixture(scope="module")
def record():
    return fit_profile(made_up_profile(25)[0], SPACE, name="mybox")


@pytest.fixture(scope="module")
def profiled(record, tmp_path_factory):
    file = tmp_path_factory.mktemp("machines") / "mybox.npz"
    write_record(file, record)
    return machine(file)


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    file = tmp_path_factory.mktemp("machines") / "twice.npz"
    write_calibrated(file, name="twice", power_mw=700.0, idle_power_mw=90.0)
    return machine(file)


def test_a_machine_twice_as_slow_takes_twice_as_long(calibrated):
    cells, base = networks(50, seed=3), KNOWN["raspi4"]
    np.testing.assert_allclose(calibrated.total_ms(cells), 2 * base.total_ms(cells), rtol=1e-6)
    shares = base.head_table_ms(cells)
    np.testing.assert_allclose(calibrated.head_table_ms(cells), 2 * shares, rtol=1e-6)
    assert (calibrated.kind, calibrated.block_model) == ("calibrated", "roofline")
    assert (calibrated.power_mw, calibrated.idle_power_mw) == (700.0, 90.0)


def test_a_measured_machine_runs_the_canonical_network(profiled):
    """The edge into node 1 leads nowhere: whoever ships the network leaves it out."""
    dead, live = np.array([[3, 0, 0, 3, 0, 0]]), np.array([[0, 0, 0, 3, 0, 0]])
    assert profiled.total_ms(dead) == profiled.total_ms(live)
    times = profiled.total_ms(all_cells())
    assert np.isfinite(times).all()
    assert (times > 0).all()


def test_heads_of_a_profiled_machine_are_its_measured_blocks(profiled):
    profile, _ = made_up_profile(25)
    table = profiled.head_table_ms(profile.networks)
    np.testing.assert_array_equal(table[:, -1], profiled.total_ms(profile.networks))
    np.testing.assert_allclose(np.diff(table), profile.block_ms, rtol=0.02, atol=1e-6)
    assert (profiled.kind, profiled.block_model) == ("profiled", "measured layers")
    assert profiled.power_mw is None


def test_provenance_says_who_measured_what(calibrated, profiled):
    assert profiled.provenance.startswith("mybox (made up for tests; file ")
    assert "25 networks measured on it (mean error" in profiled.provenance
    assert "apportioned to blocks by layers measured on it" in profiled.provenance
    words = "7 networks the user measured, leaning on raspi4 (mean error 0."
    assert words in calibrated.provenance
    assert calibrated.provenance.endswith("on FBNet blocks), those of raspi4")
    assert f"SHA-256 {calibrated.digest[:8]}" in calibrated.provenance


def test_another_space_is_refused(record):
    with pytest.raises(ConfigError, match="networks of the space 'nasbench201', got 'cells'. Mea"):
        require_space(replace(record, space="cells"), SPACE)
    require_space(record, SPACE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": np.ones(4)}, r"must have \d+ weights for this version .* got 4\. Measure it"),
        ({"networks": np.full((25, 6), 5)}, r"of this version of the .* lie in \[0, 4\], got 5"),
        ({"networks": np.zeros((25, 7), dtype=int)}, r"'mybox' must .* \(n, 6\), got \(25, 7\)"),
        ({"layer_keys": ("conv 3 4 5 6 7",)}, "must know the 24 layers .* 1 others. Profile it ag"),
    ],
)
def test_another_version_of_the_space_is_refused(record, changes, message):
    with pytest.raises(ConfigError, match=message):
        of_record(replace(record, **changes))


class Unlisted(NasBench201):
    """As many networks as before, but nobody can list them."""

    name = "unlisted"

    def networks(self):
        return None

    def sample(self, n, *, rng):
        return SPACE.sample(n, rng=rng)


def test_a_machine_measured_on_a_space_that_cannot_be_listed():
    """Features are scaled over drawn networks, the same ones each time."""
    space, (profile, true_ms) = Unlisted(), made_up_profile(25)
    record = fit_profile(profile, space, name="mybox")
    assert record.space == "unlisted"
    found = MeasuredMachine(record, space, None, where="nowhere", digest="0" * 64)
    unseen = networks(100, seed=8)
    truth = space.block_sums(unseen, true_ms)
    np.testing.assert_allclose(found.total_ms(unseen), truth.sum(axis=1), rtol=0.02)
    np.testing.assert_allclose(found.head_table_ms(unseen)[:, -1], found.total_ms(unseen))
    again = MeasuredMachine(record, Unlisted(), None, where="nowhere", digest="0" * 64)
    np.testing.assert_array_equal(again.total_ms(unseen), found.total_ms(unseen))
