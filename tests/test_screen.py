"""What a run says in the end: no longer than a screen, and honest about its shares."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from pymoo.core.problem import Problem
from rich.console import Console

from evonasc import RunConfig, SearchConfig, run
from evonasc.analysis.report import outcome_line, run_view
from evonasc.analysis.shares import truth_words
from evonasc.bounds import Bound
from evonasc.cli import main
from evonasc.cli.compare import _share_notes
from evonasc.problems.adapter import PymooProblem
from evonasc.runs.prepare import Prepared
from evonasc.runs.run import run_prepared, with_exact


@pytest.fixture(scope="module")
def result():
    return run(RunConfig(problem="toy", search=SearchConfig(budget=3000, pop_size=50)))


def lines_of(result, folder, *, width=80, height=24):
    console = Console(width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(run_view(result, folder=folder), crop=False)
    return capture.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 40), (60, 24), (200, 24)])
def test_what_a_run_says_fits_a_screen(result, tmp_path, width, height):
    lines = lines_of(result, tmp_path / "r", width=width, height=height)
    taken = sum(max(1, -(-len(line) // width)) for line in lines)
    n_rows = sum(bool(re.match(r" *\d+  \d{6}  ", line)) for line in lines)
    assert taken < height
    assert taken == height - 1 or n_rows == len(result.front_rows)
    assert lines[-1].split()[:2] == ["evonasc", "show"]
    assert lines[-1].endswith("--provenance")


def test_a_higher_screen_shows_all(result, tmp_path):
    lines = lines_of(result, tmp_path, height=60)
    assert sum(bool(re.match(r" *\d+  \d{6}  ", line)) for line in lines) == 22
    assert len(result.front_rows) == 22


def test_the_pointer_leads_to_the_provenance(tmp_path, capsys):
    words = ["run", "--budget", "60", "--no-plot", "--out", str(tmp_path / "r")]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) < 24
    assert "HW-NAS-Bench" not in said
    program, *pointer = said.splitlines()[-1].split()
    assert program == "evonasc"
    assert main(pointer) == 0
    said = capsys.readouterr().out
    assert "HW-NAS-Bench" in said
    assert "computed from tensor shapes" in said
    assert main(pointer[:-1]) == 0
    assert "HW-NAS-Bench" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "is_shown"),
    [
        ([], False),
        (["--max-head-memory-bytes", "900000"], True),
        (["--max", "head_memory_bytes=900000"], True),
        (["--objectives", "error,head_memory_bytes"], True),
    ],
)
def test_memory_is_in_the_table_where_it_is_bounded_or_an_objective(
    words, is_shown, tmp_path, capsys
):
    out = str(tmp_path / "r")
    assert main(["run", "--budget", "60", "--no-plot", *words, "--out", out]) == 0
    assert ("memory kB" in capsys.readouterr().out) == is_shown
    assert main(["show", out]) == 0
    assert ("memory kB" in capsys.readouterr().out) == is_shown


def test_a_share_says_how_sure_it_is():
    found = {"n_found": 1, "n_points": 2}
    assert truth_words(**found, hypervolume_share=0.5, n_objectives=5) == (
        "1 of the 2 points of the exact front were found (50.00% of its hypervolume)."
    )
    assert "(more than 99.99% of its hypervolume)." in truth_words(
        **found, hypervolume_share=0.999999, n_objectives=2
    )
    assert "(50.00% of its hypervolume, approximated)" in truth_words(
        **found, hypervolume_share=0.5, n_objectives=6
    )
    # two approximations may differ by what they are off
    assert "(100.00% of its hypervolume, approximated)." in truth_words(
        **found, hypervolume_share=1.001, n_objectives=6
    )
    assert "Noisy: an objective" in truth_words(**found, hypervolume_share=1.1, n_objectives=2)
    assert "Noisy: f2 had other" in truth_words(
        **found, hypervolume_share=0.9, n_objectives=2, noisy=["f2"]
    )


class _Noisy(Problem):
    """Two objectives of which the second is another one every time."""

    def __init__(self) -> None:
        super().__init__(n_var=3, n_obj=2, xl=0, xu=3, vtype=int)
        self.rng = np.random.default_rng(0)

    def _evaluate(self, X, out, *args, **kwargs):
        total = X.sum(axis=1).astype(float)
        out["F"] = np.stack([total, 9 - total + self.rng.normal(size=len(X))], axis=1)


def test_a_noisy_objective_is_named_where_everything_is_evaluated_again():
    config = RunConfig(search=SearchConfig(algorithm="random", budget=64))
    searched = run_prepared(Prepared.of(PymooProblem(_Noisy()), config))
    assert searched.noisy_objectives() == ()
    again = with_exact(searched)
    assert again.noisy_objectives() == ("f2",)
    assert "Noisy: f2 had other values when designs were evaluated again" in outcome_line(again)


def test_what_is_not_noisy_is_not_called_so(result):
    assert result.noisy_objectives() == ()
    assert "Noisy" not in outcome_line(result)


def test_shares_above_all_are_explained_wherever_they_are_shown(small_run, tmp_path, capsys):
    import shutil

    folder = shutil.copytree(small_run, tmp_path / "r")
    summary = json.loads((folder / "run.json").read_text())
    summary["exact"]["hypervolume_share"] = 1.1
    summary["noisy_objectives"] = ["latency_ms"]
    (folder / "run.json").write_text(json.dumps(summary))
    assert main(["show", str(folder)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "110.00% of its hypervolume). Noisy: latency_ms had other values" in said
    assert main(["report", str(folder)]) == 0
    assert "Noisy: latency_ms had other values" in (folder / "report.html").read_text()


def test_a_nearest_miss_fits_too(result, tmp_path):
    bound = Bound("latency_ms", -1.0)
    none = run(RunConfig(problem="toy", bounds=(bound,), search=SearchConfig(budget=60)))
    lines = lines_of(none, tmp_path)
    assert len(lines) < 24
    assert any("No design evaluated meets this" in line for line in lines)
    assert replace(none.config, bounds=()).bounds == ()


@pytest.mark.parametrize(
    ("n_objectives", "share", "words"),
    [
        (2, 1.0, ()),
        (2, 1.1, ("Shares above 100 %: an objective is noisy",)),
        (6, 1.001, ("Hypervolumes are approximated: 6 objectives",)),
    ],
)
def test_a_comparison_says_how_sure_its_shares_are(n_objectives, share, words):
    base = SimpleNamespace(objectives=("f",) * n_objectives)
    comparison = SimpleNamespace(
        config=SimpleNamespace(base=base),
        trial_indicators={0: SimpleNamespace(hypervolume_share=share)},
    )
    notes = _share_notes(comparison)
    assert len(notes) == len(words)
    assert all(note.startswith(word) for note, word in zip(notes, words, strict=True))


@pytest.mark.slow
def test_show_shows_a_comparison(tmp_path, capsys):
    words = ["compare", "--problem", "toy", "--algos", "nsga2,random", "--budget", "40,60"]
    out = str(tmp_path / "cmp")
    assert main([*words, "--seeds", "3", "--no-plot", "--out", out]) == 0
    capsys.readouterr()
    assert main(["show", out]) == 0
    said = capsys.readouterr().out
    summary = (tmp_path / "cmp" / "summary.csv").read_text().splitlines()
    assert len(summary) == 5
    for word in ("nsga2", "random", "hypervolume %", "p (Holm)", "12 trials", "report.md"):
        assert word in said
    assert main(["show", out, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["contender"] for row in document["summary"]].count("nsga2") == 2
    (tmp_path / "cmp" / "summary.csv").unlink()
    assert main(["show", out]) == 0
    assert "did not end: 12 trials are done" in capsys.readouterr().out
