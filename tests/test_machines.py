import numpy as np
import pytest
from own_machines import made_up_profile, networks, write_calibrated

from evonasc.cost import machines
from evonasc.cost.energy import head_power_mw
from evonasc.cost.machines import machine_digest, resolve, total_ms
from evonasc.cost.own_machine import write_own_machine
from evonasc.cost.profile_fit import fit_profile
from evonasc.cost.provenance import cost_provenance
from evonasc.cost.roofline import head_table_ms
from evonasc.cost.scenario import Scenario, read_scenario
from evonasc.errors import ConfigError, DataFileError, UnknownNameError
from evonasc.nasbench201.cells import all_cells
from evonasc.nasbench201.machines.known import HARDWARE
from evonasc.nasbench201.machines.known import total_ms as known_total_ms
from evonasc.nasbench201.space import NasBench201
from evonasc.problems import SplitNasProblem

SPACE = NasBench201()


@pytest.fixture
def calibrated(tmp_path):
    write_calibrated(tmp_path / "twice.npz", name="twice")
    return str(tmp_path / "twice.npz")


@pytest.fixture(scope="module")
def profiled(tmp_path_factory):
    path = tmp_path_factory.mktemp("machines") / "mybox.npz"
    write_own_machine(path, fit_profile(made_up_profile(25)[0], SPACE, name="mybox"))
    return str(path)


@pytest.mark.parametrize("name", HARDWARE)
def test_machines_we_know_are_what_they_were(name):
    assert resolve(name) is HARDWARE[name]
    assert machine_digest(name) == ""
    cells = all_cells()[::999]
    np.testing.assert_array_equal(total_ms(name, cells), known_total_ms(name, cells))


def test_a_name_nobody_knows_is_refused():
    with pytest.raises(UnknownNameError, match="hardware 'raspi5'. Did you mean 'raspi4'"):
        resolve("raspi5")


def test_a_machine_twice_as_slow_takes_twice_as_long(calibrated):
    cells = networks(50, seed=3)
    np.testing.assert_allclose(
        total_ms(calibrated, cells), 2 * known_total_ms("raspi4", cells), rtol=1e-6
    )
    assert resolve(calibrated).kind == "calibrated"
    shares = head_table_ms("raspi4", SPACE, cells)
    np.testing.assert_allclose(head_table_ms(calibrated, SPACE, cells), 2 * shares, rtol=1e-6)


def test_an_own_machine_runs_the_canonical_network(profiled):
    """The edge into node 1 leads nowhere: whoever ships the network leaves it out."""
    dead, live = np.array([[3, 0, 0, 3, 0, 0]]), np.array([[0, 0, 0, 3, 0, 0]])
    assert total_ms(profiled, dead) == total_ms(profiled, live)
    assert np.isfinite(total_ms(profiled, all_cells())).all()
    assert (total_ms(profiled, all_cells()) > 0).all()


def test_heads_of_a_profiled_machine_are_its_measured_blocks(profiled):
    profile, _ = made_up_profile(25)
    table = head_table_ms(profiled, SPACE, profile.cells)
    np.testing.assert_array_equal(table[:, -1], total_ms(profiled, profile.cells))
    np.testing.assert_allclose(np.diff(table), profile.block_ms, rtol=0.02, atol=1e-6)
    assert resolve(profiled).kind == "profiled"


def test_a_machine_cannot_bear_the_name_of_one_we_know(tmp_path, monkeypatch):
    path = tmp_path / "m.npz"
    write_calibrated(path, name="future")
    monkeypatch.setitem(HARDWARE, "future", HARDWARE["fpga"])
    with pytest.raises(DataFileError, match="must differ from those evonasc knows, got 'future'"):
        resolve(str(path))


def test_a_base_that_was_fitted_anew_is_refused(calibrated, monkeypatch):
    monkeypatch.setattr(machines, "base_digest", lambda name: "another")
    with pytest.raises(DataFileError, match="leans on the prediction of 'raspi4' by another vers"):
        resolve(calibrated)


def test_a_scenario_takes_the_file_from_its_own_folder(calibrated, tmp_path, monkeypatch):
    (tmp_path / "garage.toml").write_text('head_hardware = "twice.npz"\n')
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert read_scenario(tmp_path / "garage.toml").head_hardware == calibrated
    (tmp_path / "garage.toml").write_text(f'tail_hardware = "{calibrated}"\n')
    assert read_scenario(tmp_path / "garage.toml").tail_hardware == calibrated


def test_a_scenario_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataFileError, match="Cannot read the machine .*nowhere.npz"):
        Scenario(tail_hardware=str(tmp_path / "nowhere.npz"))


def test_power_must_be_given_by_scenario_or_file(calibrated, tmp_path):
    with pytest.raises(ConfigError, match="energy_mj needs the power of .*Set head_power_mw"):
        head_power_mw(Scenario(head_hardware=calibrated))
    assert head_power_mw(Scenario(head_hardware=calibrated, head_power_mw=5.0)) == 5.0
    write_calibrated(tmp_path / "p.npz", power_mw=3000.0)
    assert head_power_mw(Scenario(head_hardware=str(tmp_path / "p.npz"))) == 3000.0


def test_provenance_says_who_measured_what(calibrated, profiled):
    scenario = Scenario(head_hardware=profiled, tail_hardware=calibrated)
    head, tail = cost_provenance(scenario, objectives=("error", "latency_ms"))[:2]
    assert head.startswith("head_ms: mybox (made up for tests; file ")
    assert "25 networks measured on it (mean error" in head
    assert "apportioned to blocks by layers measured on it" in head
    assert "7 networks the user measured, leaning on raspi4 (mean error 0." in tail
    assert f"SHA-256 {machine_digest(calibrated)[:8]}" in tail


def test_another_file_is_another_problem(calibrated, tmp_path, table_errors):
    """True fronts are kept by identity; a machine measured anew must not find the old one."""
    scenario = Scenario(head_hardware=calibrated)
    before = SplitNasProblem(SPACE, scenario, table_errors).identity()
    write_calibrated(tmp_path / "twice.npz", name="twice", factor=3.0)
    assert SplitNasProblem(SPACE, scenario, table_errors).identity() != before


def test_a_file_named_without_its_ending_is_told_from_an_unknown_name(
    calibrated, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="A file is named with its ending: 'twice.npz'"):
        resolve("twice")
    with pytest.raises(UnknownNameError, match="Unknown hardware 'thrice'"):
        resolve("thrice")
