import shutil

import numpy as np
import pytest

from evonasc.errors import ConfigError, DataFileError
from evonasc.runs.finished import read_designs, read_finished, require_same
from evonasc.runs.run import make_problem


@pytest.fixture(scope="module")
def problem(small_run):
    return make_problem(read_finished(small_run).config)


@pytest.fixture
def copy(small_run, tmp_path):
    return shutil.copytree(small_run, tmp_path / "copy")


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_what_is_read_is_what_the_problem_says(small_run, problem):
    stored = read_designs(small_run, problem.designs)
    assert stored.ids.tolist() == list(range(1, 301))
    columns = problem.checked_columns(stored.genes)
    assert set(columns) == set(stored.columns)
    for name, values in columns.items():
        np.testing.assert_array_equal(stored.columns[name], values)


def test_the_front_is_part_of_the_designs(small_run, problem):
    run, stored = read_finished(small_run), read_designs(small_run, problem.designs)
    rows = [stored.row_of(int(row["id"])) for row in run.rows]
    np.testing.assert_array_equal(run.columns["latency_ms"], stored.columns["latency_ms"][rows])
    np.testing.assert_array_equal(run.points[:, 0], stored.columns["error"][rows])


def test_a_run_that_did_not_end_is_refused(copy):
    (copy / "run.json").unlink()
    with pytest.raises(ConfigError, match="must have ended, got one without a front"):
        read_finished(copy)


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(DataFileError, match="is no run folder: cannot read config.json"):
        read_finished(tmp_path)


def test_an_id_that_no_design_has_is_refused(small_run, problem):
    stored = read_designs(small_run, problem.designs)
    for number in (0, -1, 301):
        with pytest.raises(ConfigError, match=f"one of the run's, 1 to 300, got {number}"):
            stored.row_of(number)


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n2,", "\n1,"), ("\n2,", "\n2.5,"), ("nor_conv", "bad_conv"), ("\n2,", "\nnan,")],
)
def test_damaged_designs_are_refused(copy, problem, old, new):
    edit(copy / "evaluations.csv", old, new)
    with pytest.raises(DataFileError, match=r"evaluations.csv is damaged"):
        read_designs(copy, problem.designs)


def test_an_empty_table_of_designs_is_refused(copy, problem):
    (copy / "evaluations.csv").write_text("")
    with pytest.raises(DataFileError, match="holds no designs"):
        read_designs(copy, problem.designs)


def test_quantities_must_be_finite(copy):
    text = (copy / "front.csv").read_text().splitlines()
    first = text[1].split(",")
    first[-1] = "inf"
    (copy / "front.csv").write_text("\n".join([text[0], ",".join(first), *text[2:]]) + "\n")
    with pytest.raises(DataFileError, match="its numbers must be finite"):
        read_finished(copy)


def test_numbers_that_changed_since_the_run_are_refused(small_run, problem):
    stored = read_designs(small_run, problem.designs)
    columns = problem.checked_columns(stored.genes[[4]])
    require_same(small_run, stored, columns, rows=[4])
    with pytest.raises(ConfigError, match="latency_ms of design 5 must be .* as .* has it, got"):
        require_same(
            small_run, stored, {**columns, "latency_ms": columns["latency_ms"] + 1}, rows=[4]
        )
    del columns["head_ms"]
    with pytest.raises(ConfigError, match="head_ms of design 5 must be .*, got nan today"):
        require_same(small_run, stored, columns, rows=[4])
