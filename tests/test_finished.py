import shutil

import numpy as np
import pytest
from rich.console import Console

from evonasc.analysis.report import front_view, run_view
from evonasc.cli import main
from evonasc.errors import ConfigError, DataFileError
from evonasc.problems import DesignProblem
from evonasc.problems.toy import ToySpace
from evonasc.runs.config import RunConfig
from evonasc.runs.finished import load_run, read_designs, require_same
from evonasc.runs.folder import read_summary
from evonasc.runs.prepare import prepare
from evonasc.runs.run import run_prepared
from evonasc.runs.writer import RunWriter
from evonasc.search.config import SearchConfig
from evonasc.space import DesignSpace


class TwoLinks(DesignProblem):
    """Networks on three machines; each cut has a width of its own."""

    def __init__(self):
        designs = DesignSpace(
            ToySpace(), (4, 8), lambda rows, bits: np.ones((*bits.shape, 7), bool), n_links=2
        )
        names = ("cuts", "payload_bits_lost")
        super().__init__(designs, objectives=names, known_columns=names)

    def columns(self, genes):
        """Return made-up numbers that the placement decides."""
        cuts, bits = self.designs.split_points(genes), self.designs.bits(genes)
        total = self.designs.operations(genes).sum(axis=1)
        return {
            "cuts": (cuts.sum(axis=1) + total).astype(float),
            "payload_bits_lost": (64 - bits.sum(axis=1) - cuts[:, 1]).astype(float),
        }


def two_links(config):
    return TwoLinks()


TWO_LINKS = RunConfig(
    problem="test_finished:two_links", search=SearchConfig(algorithm="random", budget=200)
)


@pytest.fixture(scope="module")
def problem(small_run):
    return prepare(load_run(small_run).config).problem


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
    run, stored = load_run(small_run), read_designs(small_run, problem.designs)
    rows = [stored.row_of(int(row["id"])) for row in run.rows]
    np.testing.assert_array_equal(run.columns["latency_ms"], stored.columns["latency_ms"][rows])
    np.testing.assert_array_equal(run.points[:, 0], stored.columns["error"][rows])


def test_a_run_that_did_not_end_has_the_front_of_what_is_on_disk(copy):
    whole = load_run(copy)
    for name in ("run.json", "front.csv"):
        (copy / name).unlink()
    cut_short = load_run(copy)
    assert cut_short.rows == whole.rows
    (copy / "evaluations.csv").unlink()  # not there yet while a search goes on
    assert load_run(copy).rows == whole.rows
    assert read_summary(copy)["n_evaluated"] == 300
    assert read_summary(copy)["status"] == "killed"


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(DataFileError, match="is no run folder: it has no config.json"):
        load_run(tmp_path)


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


def test_a_table_that_lost_its_end_is_refused(copy, problem):
    path = copy / "evaluations.csv"
    lines = path.read_text().splitlines(keepends=True)
    for cut in ("".join(lines[:200]), "".join(lines)[:-3], "".join(lines)[:-40]):
        path.write_text(cut)
        with pytest.raises(DataFileError, match=r"evaluations.csv"):
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
        load_run(copy)


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


@pytest.mark.slow
def test_a_run_over_two_links_is_written_read_and_shown(tmp_path, monkeypatch, capsys):
    prepared = prepare(TWO_LINKS)
    with RunWriter(tmp_path / "run", prepared) as writer:
        result = run_prepared(prepared, on_new=writer.add)
        writer.finish(result)
    monkeypatch.setenv("EVONASC_TRUST_CODE", "1")
    found, designs = load_run(tmp_path / "run"), prepared.problem.designs
    assert found.designs.n_links == 2
    # an objective whose name begins like a column of the placement is none of them
    assert set(found.columns) == {"cuts", "payload_bits_lost"}
    np.testing.assert_array_equal(found.points, result.front)
    stored = read_designs(tmp_path / "run", designs)
    np.testing.assert_array_equal(stored.genes, result.genes)

    console = Console(width=150)
    with console.capture() as capture:
        console.print(run_view(result))
        console.print(front_view(found.rows, found.designs, objectives=found.config.objectives))
    text = " ".join(capture.get().split())
    assert text.count("cut after cut after bits bits") == 2
    first, space = found.rows[0], designs.space
    assert space.cut_in_words(int(first["split_point_2"])) in text
    for command in ("show", "pick"):
        assert main([command, str(tmp_path / "run")]) == 0
        assert "cut after" in capsys.readouterr().out
    assert main(["plot", str(tmp_path / "run")]) == 0
    assert (tmp_path / "run" / "front.pdf").stat().st_size > 5_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["split_point_2", "payload_bits_1"])
def test_a_front_without_a_placement_is_refused(name, tmp_path, monkeypatch):
    prepared = prepare(TWO_LINKS)
    with RunWriter(tmp_path / "run", prepared) as writer:
        writer.finish(run_prepared(prepared, on_new=writer.add))
    monkeypatch.setenv("EVONASC_TRUST_CODE", "1")
    edit(tmp_path / "run" / "front.csv", name, "nothing")
    with pytest.raises(DataFileError, match=f"must have number columns .*{name}"):
        load_run(tmp_path / "run")
