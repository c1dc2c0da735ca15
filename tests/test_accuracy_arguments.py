"""Errors of the user's own in every command that searches: run, compare, exact."""

import csv

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.nasbench201.cells import arch_strings, canonical_connected_cells
from evonasc.nasbench201.space import NasBench201
from evonasc.supernet.score_table import ScoreTable, encode_scores

SPACE = NasBench201()

CELLS = canonical_connected_cells()
COMPARE = ["compare", "--algos", "random", "--seeds", "2", "--budget", "20", "--no-plot", "--quiet"]


@pytest.fixture
def scores(tmp_path):
    """Return a made-up score file."""
    return write(tmp_path / "scores.npz", seed=0)


def write(path, seed):
    loss = np.random.default_rng(seed).uniform(0.5, 2.0, len(CELLS))
    n_right = np.rint(100 * np.exp(-loss)).astype(np.int64)
    made = ScoreTable(CELLS, loss, n_right, 100, {"training": {"data": "mine"}}, space=SPACE)
    path.write_bytes(encode_scores(made))
    return path


def test_a_true_front_of_scores_is_that_of_a_table_of_the_same_errors(scores, tmp_path):
    from evonasc.nasbench201.errors.supernet_scores import SupernetScores
    from evonasc.supernet.score_table import read_scores

    errors = SupernetScores(read_scores(scores, space=SPACE)).errors.of_networks(CELLS)
    table = tmp_path / "errors.csv"
    rows = zip(arch_strings(CELLS), errors.tolist(), strict=True)
    table.write_text("arch_str,error\n" + "".join(f"{a},{e!r}\n" for a, e in rows))
    fronts = []
    for name, options in (("s", ["--scores", scores]), ("t", ["--accuracy-table", table])):
        out = tmp_path / name
        assert main(["exact", *map(str, options), "--no-plot", "--out", str(out)]) == 0
        fronts.append((out / "front.csv").read_text())
    assert fronts[0] == fronts[1]
    assert main(["exact", "--no-plot", "--out", str(tmp_path / "default")]) == 0
    assert (tmp_path / "default" / "front.csv").read_text() != fronts[0]


def test_an_exact_front_is_not_listed_by_forward_passes(capsys):
    assert main(["exact", "--accuracy", "live"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "An exact front is for stored errors, got accuracy 'live'" in said


def test_algorithms_meet_on_the_users_scores(scores, tmp_path, capsys):
    out = tmp_path / "c"
    command = [*COMPARE, "--scores", str(scores), "--out", str(out)]
    assert main(command) == 0
    summary = (out / "summary.csv").read_text()
    assert main(command) == 0  # resumes: nothing is left to do
    assert (out / "summary.csv").read_text() == summary
    write(scores, seed=1)  # another file under the same name
    capsys.readouterr()
    assert main(command) == 2
    assert "another comparison" in " ".join(capsys.readouterr().err.split())


def test_an_option_that_a_command_does_not_declare_is_given_by_its_name(tmp_path, capsys):
    """`run` has --images, `compare` has not."""
    option = ["--accuracy", "live", "--accuracy-option", "n_images=zero"]
    for command, message in (
        (["run"], "Give it as --images."),
        (COMPARE, "n_images of --accuracy live must be a whole number or nothing, got 'zero'"),
    ):
        assert main([*command, *option, "--out", str(tmp_path / "c")]) == 2
        assert message in " ".join(capsys.readouterr().err.split())


def test_other_errors_give_other_results(scores, tmp_path):
    found = []
    for name, options in (("own", ["--scores", str(scores)]), ("default", [])):
        assert main([*COMPARE, *options, "--out", str(tmp_path / name)]) == 0
        with (tmp_path / name / "summary.csv").open() as file:
            found.append([row["hypervolume_share_median"] for row in csv.DictReader(file)])
    assert found[0] != found[1]


def test_a_missing_score_file_is_named(tmp_path, capsys):
    command = [*COMPARE, "--scores", str(tmp_path / "none.npz"), "--out", str(tmp_path / "c")]
    assert main(command) == 2
    assert "none.npz" in capsys.readouterr().err


def test_the_help_names_no_source_that_only_one_space_has(capsys):
    for command in ("run", "exact"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        text = " ".join(capsys.readouterr().out.split())
        said = text[text.index("where the error comes from") :].partition("--scores")[0]
        assert "evonasc list errors --space SPACE" in said
        assert "joined" not in said
