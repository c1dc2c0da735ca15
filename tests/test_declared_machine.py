"""Machines declared in a few numbers."""

from pathlib import Path

import numpy as np
import pytest
from own_machines import SPACE, machine, path

from evonasc.cost.declared_machine import read_declaration
from evonasc.cost.scenario_table import read_scenario
from evonasc.errors import ConfigError, DataFileError, UnknownNameError
from evonasc.problems import SplitNasProblem

TEXT = 'name = "box"\ndescription = "made up"\nmacs_per_ms = 1e6\nbytes_per_ms = 1e5\n'


@pytest.fixture
def write(tmp_path):
    def file(text, name="box.toml"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return file


def test_a_layer_takes_the_longer_of_computing_and_moving(write):
    """All skips but the stem: 3x3, 3 -> 16 channels on 32 x 32, bound by what it moves."""
    bare, box = np.array([SPACE.bare_network]), machine(write(TEXT + "overhead_ms = 0.5\n"))
    table = box.head_table_ms(bare)
    # macs 9*3*16*1024 = 442368 -> 0.44 ms; values 19*1024 + 432 + 32 = 19920, 4 bytes -> 0.7968 ms
    assert table[0, :2].tolist() == pytest.approx([0.0, 0.5 + 0.7968])
    np.testing.assert_allclose(table[0, -1], box.total_ms(bare)[0])


def test_the_whole_takes_what_its_blocks_take_and_never_less_for_more(write, rng):
    box, cells = machine(write(TEXT)), SPACE.sample(20, rng=rng)
    table = box.head_table_ms(cells)
    assert (np.diff(table, axis=1) >= 0).all()
    np.testing.assert_array_equal(table[:, -1], box.total_ms(cells))


def test_it_runs_the_canonical_network(write):
    box = machine(write(TEXT))
    dead, live = np.array([[3, 0, 0, 3, 0, 0]]), np.array([[0, 0, 0, 3, 0, 0]])
    assert box.total_ms(dead) == box.total_ms(live)


def test_a_scenario_finds_the_file_beside_it_and_the_power_in_it(write, tmp_path):
    write(TEXT + "power_mw = 900\nidle_power_mw = 300\n")
    scenario_file = tmp_path / "mine.scenario.toml"
    scenario_file.write_text('head_hardware = "box.toml"\n')
    head = path(read_scenario(scenario_file)).head
    assert (head.name, head.kind) == ("box", "declared")
    assert (head.power_mw, head.idle_power_mw) == (900.0, 300.0)


def test_what_is_not_declared_is_unknown_or_unlimited(write):
    box = machine(write(TEXT))
    assert (box.power_mw, box.idle_power_mw, box.memory_bytes) == (None, None, None)


def test_its_memory_bounds_the_head(write, nas201, table_errors, tmp_path):
    # stem and one cell: 4 * (464 + 2336 + 32768) bytes, by hand in test_memory.py
    write(TEXT + "memory_bytes = 142_272\n")
    (tmp_path / "mine.toml").write_text('head_hardware = "box.toml"\n')
    (tmp_path / "tight.toml").write_text(
        'head_hardware = "box.toml"\nmax_head_memory_bytes = 142_271\n'
    )
    (tmp_path / "tail.toml").write_text('tail_hardware = "box.toml"\n')
    cuts = np.array([[0, 0, 0, 3, 0, 0, cut] for cut in range(20)])
    for name, allowed in (("mine", [1, 2]), ("tight", [1]), ("tail", list(range(1, 20)))):
        scenario = read_scenario(tmp_path / f"{name}.toml")
        designs = SplitNasProblem(nas201, scenario, table_errors).designs
        assert np.flatnonzero(designs.is_valid(cuts)).tolist() == allowed


def test_a_machine_with_too_little_memory_leaves_no_cut(write, nas201, table_errors, tmp_path, rng):
    write(TEXT + "memory_bytes = 1000\n")
    (tmp_path / "mine.toml").write_text('head_hardware = "box.toml"\n')
    problem = SplitNasProblem(nas201, read_scenario(tmp_path / "mine.toml"), table_errors)
    with pytest.raises(ConfigError, match="leaves no valid cut"):
        problem.designs.sample(3, rng=rng)


def test_another_file_is_another_machine(write):
    one = machine(write(TEXT)).digest
    assert one != machine(write(TEXT + "overhead_ms = 1\n")).digest
    assert len(one) == 64


def test_where_its_times_come_from_is_said(write):
    box = machine(write(TEXT + "overhead_ms = 0.5\n"))
    assert box.provenance.startswith("box (made up; ")
    assert f"box.toml, SHA-256 {box.digest[:8]}); 1e+06 multiply-acc" in box.provenance
    assert box.provenance.endswith("100000 bytes a ms, 0.5 ms a layer (assumed)")


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
        (TEXT + "memory_bytes = -1", DataFileError, "memory_bytes as a number of at least 0"),
        (TEXT + "power_mw = true", DataFileError, "power_mw as a number of at least 0, got True"),
    ],
)
def test_files_that_describe_no_machine_are_refused(write, text, error, message):
    with pytest.raises(error, match=message):
        read_declaration(Path(write(text)))


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(DataFileError, match="Cannot read the machine"):
        read_declaration(Path("absent.toml"))
