import re

import numpy as np
import pytest
from own_machines import (
    KNOWN,
    SPACE,
    machine,
    made_up_profile,
    networks,
    path,
    write_calibrated,
)

from evonasc.cost.energy import device_power
from evonasc.cost.machine import Machine
from evonasc.cost.machine_record import write_record
from evonasc.cost.machine_table import is_machine_file, known_machines, machine_of
from evonasc.cost.profile_fit import fit_profile
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, DataFileError, PluginError, UnknownNameError
from evonasc.nasbench201.machines.known import HARDWARE
from evonasc.plugins import Registry
from evonasc.problems.toy import ToySpace

TOML = 'name = "box"\ndescription = "made up"\nmacs_per_ms = 1e6\nbytes_per_ms = 1e5\n'


@pytest.fixture
def calibrated(tmp_path):
    write_calibrated(tmp_path / "twice.npz", name="twice")
    return str(tmp_path / "twice.npz")


@pytest.fixture(scope="module")
def profiled(tmp_path_factory):
    file = tmp_path_factory.mktemp("machines") / "mybox.npz"
    write_record(file, fit_profile(made_up_profile(25)[0], SPACE, name="mybox"))
    return str(file)


@pytest.mark.parametrize("name", HARDWARE)
def test_a_machine_of_the_benchmark_is_found_by_its_name(name):
    found = machine(name)
    assert (found.name, found.description) == (name, HARDWARE[name].description)
    assert found.power_mw == HARDWARE[name].typical_power_mw
    assert len(found.digest) == 64


def test_all_that_a_benchmark_knows_are_listed(nas201):
    assert sorted(known_machines(nas201.machines)) == sorted(HARDWARE)
    assert len({one.digest for one in KNOWN.values()}) == len(HARDWARE)


def test_a_name_nobody_knows_is_refused_with_the_close_match_and_the_remedy():
    with pytest.raises(UnknownNameError) as refusal:
        machine("raspi5")
    text = str(refusal.value)
    assert "Unknown hardware 'raspi5'. Did you mean 'raspi4'? Known: 1080ti, " in text
    assert text.endswith(
        "Or declare a machine for the networks of 'nasbench201' in a few numbers, in a .toml file: "
        "see docs/own_machine.md."
    )


def test_a_space_without_machines_names_the_machine_and_the_remedy():
    known = Registry("hardware", "hardware", {})
    with pytest.raises(UnknownNameError) as refusal:
        machine_of("raspi4", space=ToySpace(), known=known)
    text = str(refusal.value)
    assert text.startswith("Unknown hardware 'raspi4'. None is known.")
    assert "declare a machine for the networks of 'toy'" in text


def test_a_benchmark_must_give_machines():
    odd = Registry("hardware", "hardware", {"odd": ("builtins:str", "no machine")})
    for ask in (lambda: machine_of("odd", space=SPACE, known=odd), lambda: known_machines(odd)):
        with pytest.raises(PluginError, match="'odd' .* must give a Machine, got str"):
            ask()


def test_a_file_of_another_package_must_be_named_with_its_ending():
    with pytest.raises(PluginError, match=r"path of a \.npz or \.toml file, got 3\.14"):
        machine("math:pi")


def test_a_machine_can_be_a_function_in_hand_that_gives_a_file(calibrated, monkeypatch):
    monkeypatch.setattr("own_machines.my_file", lambda: calibrated, raising=False)
    assert machine("own_machines:my_file").name == "twice"
    monkeypatch.setattr("own_machines.my_file", calibrated)
    assert machine("own_machines:my_file").name == "twice"


def test_files_are_told_from_names_by_their_ending():
    assert [is_machine_file(name) for name in ("a.npz", "b.toml", "raspi4")] == [True, True, False]


def test_a_machine_cannot_bear_the_name_of_one_we_know(tmp_path):
    for name, text in {"m.toml": TOML.replace("box", "fpga")}.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(DataFileError, match="cannot be used: .* got 'fpga'"):
            machine(tmp_path / name)
    write_calibrated(tmp_path / "m.npz", name="future")
    future = Registry(
        "hardware", "hardware", {"future": ("builtins:str", ""), "raspi4": ("builtins:str", "")}
    )
    with pytest.raises(DataFileError, match="must differ from those evonasc knows, got 'future'"):
        machine_of(str(tmp_path / "m.npz"), space=SPACE, known=future)


def test_a_base_that_was_fitted_anew_is_refused(calibrated, monkeypatch):
    monkeypatch.setattr("evonasc.assets.Assets.digest", lambda self, file: "another")
    with pytest.raises(DataFileError, match="leans on the prediction of 'raspi4' by another vers"):
        machine(calibrated)


def test_a_base_that_is_gone_is_refused(calibrated):
    with pytest.raises(DataFileError, match="leans on the machine 'raspi4', which evonasc does no"):
        machine_of(calibrated, space=SPACE, known=Registry("hardware", "hardware", {}))


def test_a_record_of_another_space_is_refused(calibrated, profiled):
    for file in (calibrated, profiled):
        with pytest.raises(ConfigError, match=r"space 'toy', got 'nasbench201'\. Measure it again"):
            machine_of(file, space=ToySpace(), known=Registry("hardware", "hardware", {}))


def test_a_path_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataFileError, match="Cannot read the machine .*nowhere.npz"):
        path(Scenario(tail_hardware=str(tmp_path / "nowhere.npz")))


def test_a_file_that_changed_is_read_again(tmp_path):
    cells = networks(20, seed=3)
    for factor in (2.0, 30.0):
        write_calibrated(tmp_path / "m.npz", factor=factor)
        expected = factor * KNOWN["raspi4"].total_ms(cells)
        np.testing.assert_allclose(machine(tmp_path / "m.npz").total_ms(cells), expected, rtol=1e-6)


def test_power_must_be_given_by_scenario_or_file(calibrated, tmp_path):
    scenario = Scenario(head_hardware=calibrated)
    with pytest.raises(ConfigError, match="energy_mj needs the power of .*Give --head-power-mw"):
        device_power(scenario, path(scenario))
    write_calibrated(tmp_path / "p.npz", power_mw=3000.0)
    scenario = Scenario(head_hardware=str(tmp_path / "p.npz"))
    assert device_power(scenario, path(scenario)).head_mw == 3000.0


def test_a_file_named_without_its_ending_is_told_from_an_unknown_name(
    calibrated, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="A file is named with its ending: 'twice.npz'"):
        machine("twice")
    with pytest.raises(UnknownNameError, match="Unknown hardware 'thrice'"):
        machine("thrice")


class Foreign(Machine):
    """A machine as another package's benchmark brings it."""

    name = description = kind = digest = provenance = "made up"

    def __init__(self, name):
        self.fault = name

    def head_table_ms(self, operations):
        if self.fault == "raises":
            raise ZeroDivisionError("division by zero")
        table = np.cumsum(np.ones((len(operations), SPACE.n_blocks + 1)), axis=1) - 1
        return {"short": table[:, 1:], "negative": -table, "late": table + 1}.get(self.fault, table)

    def total_ms(self, operations):
        return np.full(len(operations), 0.5 if self.fault == "other" else float(SPACE.n_blocks))


class Nameless(Foreign):
    """Says nothing of itself."""

    digest = provenance = None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("raises", r"calling it ended in ZeroDivisionError|ZeroDivisionError: division by zero"),
        ("short", r"head_table_ms must be \(4, 20\) times that rise from 0 ms, got .* \(4, 19\)"),
        ("negative", "times that rise from 0 ms"),
        ("late", "times that rise from 0 ms"),
        ("other", "total_ms must be the last column of head_table_ms"),
        ("nameless", "must have the texts digest, provenance"),
    ],
)
def test_a_machine_of_another_package_that_breaks_its_promises_is_told_so(name, fault):
    made = "Nameless" if name == "nameless" else "Foreign"
    table = Registry("hardware", "hardware", {name: (f"{__name__}:{made}", "x")})
    with pytest.raises(PluginError, match=f"{name}.*other-1.0|other-1.0.*{name}") as caught:
        machine_of(name, space=SPACE, known=table.of_source("other-1.0"))
    assert re.search(fault, str(caught.value))
    fine = Registry("hardware", "hardware", {"fine": (f"{__name__}:Foreign", "x")})
    assert machine_of("fine", space=SPACE, known=fine.of_source("other-1.0")).fault == "fine"
