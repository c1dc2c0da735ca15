"""Machines declared in a few numbers."""

import numpy as np
import pytest

from evonasc.cost.machines import machine_digest, resolve, total_ms
from evonasc.cost.roofline import head_table_ms
from evonasc.cost.scenario import Scenario, read_scenario
from evonasc.errors import DataFileError, UnknownNameError
from evonasc.nasbench201.space import NasBench201

TEXT = 'name = "box"\ndescription = "made up"\nmacs_per_ms = 1e6\nbytes_per_ms = 1e5\n'


@pytest.fixture
def write(tmp_path):
    def file(text, name="box.toml"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return file


def test_a_layer_takes_the_longer_of_computing_and_moving(write):
    """All skips but the stem: 3x3, 3 -> 16 channels on 32 x 32, bound by what it moves."""
    name, space = write(TEXT + "overhead_ms = 0.5\n"), NasBench201()
    table = head_table_ms(name, space, np.array([space.bare_network]))
    # macs 9*3*16*1024 = 442368 -> 0.44 ms; values 19*1024 + 432 + 32 = 19920, 4 bytes -> 0.7968 ms
    assert table[0, :2].tolist() == pytest.approx([0.0, 0.5 + 0.7968])
    np.testing.assert_allclose(table[0, -1], total_ms(name, np.array([space.bare_network]))[0])


def test_the_whole_takes_what_its_blocks_take_and_never_less_for_more(write, rng):
    name, space = write(TEXT), NasBench201()
    cells = space.sample(20, rng=rng)
    table = head_table_ms(name, space, cells)
    assert (np.diff(table, axis=1) >= 0).all()
    np.testing.assert_allclose(table[:, -1], total_ms(name, cells))


def test_a_scenario_finds_the_file_beside_it_and_the_power_in_it(write, tmp_path):
    write(TEXT + "power_mw = 900\n")
    path = tmp_path / "mine.scenario.toml"
    path.write_text('head_hardware = "box.toml"\n')
    scenario = read_scenario(path)
    machine = resolve(scenario.head_hardware)
    assert (machine.name, machine.kind, machine.typical_power_mw) == ("box", "declared", 900.0)


def test_another_file_is_another_machine(write):
    one = machine_digest(write(TEXT))
    assert one != machine_digest(write(TEXT + "overhead_ms = 1\n"))
    assert len(one) == 64


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("name = ", DataFileError, "is no TOML file"),
        (TEXT.replace("1e6", "0"), DataFileError, "macs_per_ms as a positive number, got 0"),
        (TEXT.replace("1e6", '"fast"'), DataFileError, "a positive number, got 'fast'"),
        (TEXT.replace("1e6", "inf"), DataFileError, "a positive number, got inf"),
        (TEXT + "overhead_ms = -1", DataFileError, "overhead_ms as a number of at least 0"),
        (TEXT.replace('"box"', "3"), DataFileError, "must give name as text, got 3"),
        (TEXT + "lanes = 4", UnknownNameError, "'lanes'"),
        (TEXT.replace('"box"', '"raspi4"'), DataFileError, "cannot be used"),
    ],
)
def test_files_that_describe_no_machine_are_refused(write, text, error, message):
    with pytest.raises(error, match=message):
        Scenario(head_hardware=write(text))


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(DataFileError, match="Cannot read the machine"):
        Scenario(head_hardware="absent.toml")
