"""Searches under bounds: what steers, what is left out, and what is said where nothing is left."""

import csv
import json

import numpy as np
import pytest

from evonasc.bounds import Bound, is_within
from evonasc.cli import main
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.nasbench201 import BENCHMARK
from evonasc.problems import SplitNasProblem, Staircase
from evonasc.runs.bounded import bounded
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import exact_front
from evonasc.runs.folder import read_config
from evonasc.runs.prepare import Prepared, prepare
from evonasc.runs.run import run
from evonasc.runs.tabulated import tabulated
from evonasc.search.algorithms import own_algorithms
from evonasc.search.config import SearchConfig
from evonasc.search.search import Search

STEERED = sorted(
    name for name, entry in own_algorithms().items() if entry.heeds is None and not entry.trains
)
AT_MOST_6 = (Bound("latency_ms", 6.0),)


def searched(name, problem, *, budget=300, seed=0, **options):
    """Return the archive of a search."""
    config = SearchConfig(algorithm=name, budget=budget, seed=seed, **options)
    return Search(problem, config).run().archive


def test_the_evolutionary_algorithms_and_nasc_are_steered():
    names = [
        "deap-nsga2",
        "moead",
        "nasc",
        "nsga2",
        "nsga3",
        "pls",
        "pymoo-nsga2",
        "sms-emoa",
        "surrogate",
    ]
    assert names == STEERED


@pytest.mark.parametrize("name", STEERED)
def test_a_bound_steers_the_search(name):
    """More of the budget goes into designs that keep to it."""
    # MOEA/D does not normalise, so it seeks low latencies anyhow, and is asked for low errors
    bounds = (Bound("error", 0.3),) if name == "moead" else AT_MOST_6
    options = {"n_thresholds": 2} if name == "nasc" else {}
    free = searched(name, Staircase(), **options)
    steered = searched(name, Staircase().within(bounds), **options)
    shares = [float(is_within(one.columns(), bounds).mean()) for one in (free, steered)]
    assert shares[1] > max(1.5 * shares[0], 0.12)
    rows = steered.front_rows()
    assert len(rows) > 2
    assert is_within(steered.columns(), bounds)[rows].all()
    again = searched(name, Staircase().within(bounds), **options)
    np.testing.assert_array_equal(again.genes(), steered.genes())  # pymoo's NSGA-III drew unseeded


@pytest.mark.parametrize("name", ["hwnas", "random", "exact"])
def test_what_is_not_steered_is_filtered(name):
    archive = searched(name, Staircase().within(AT_MOST_6), budget=600)
    within = is_within(archive.columns(), AT_MOST_6)
    assert not within.all()
    points = archive.objectives()
    rows = archive.front_rows()
    assert within[rows].all()
    # by hand: nobody within the bound dominates a point of the front
    for point in points[rows]:
        others = points[within]
        assert not ((others <= point).all(axis=1) & (others < point).any(axis=1)).any()


@pytest.mark.parametrize("name", STEERED)
def test_a_bound_that_everything_keeps_to_changes_nothing(name):
    loose = Staircase().within((Bound("error", 2.0),))
    free = searched(name, Staircase(), budget=120)
    np.testing.assert_array_equal(searched(name, loose, budget=120).genes(), free.genes())


@pytest.mark.parametrize("name", STEERED)
def test_where_nothing_keeps_to_the_bounds_the_search_goes_on_and_comes_near(name):
    """Error 1 - s / 24 and latency at least s: s = 8 keeps to latency <= 8, and misses error."""
    bounds = (Bound("error", 0.5), Bound("latency_ms", 8.0))
    options = {"n_thresholds": 2} if name == "nasc" else {}
    archive = searched(name, Staircase().within(bounds), **options)
    assert len(archive.front_rows()) == 0
    assert len(archive) == 300


# The exact front


def test_the_exact_front_is_that_of_designs_within():
    found = exact_front(Staircase().within(AT_MOST_6))
    # the points (1 - s / 24, s) of s = 0 ... 6
    steps = np.arange(6, -1, -1.0)
    expected = np.stack([1 - steps / 24, steps], axis=1)
    np.testing.assert_allclose(np.unique(found.points, axis=0), expected)
    assert exact_front(Staircase().within((Bound("error", -1.0),))).points.shape == (0, 2)


def test_a_front_within_bounds_is_set_against_the_exact_one_within_them(small_config):
    result = run(small_config(bounds=(Bound("latency_ms", 9.0),), budget=2000))
    comparison = result.compare_exact()
    # the staircase has the steps 0 ... 9
    assert comparison.n_points == 10
    assert comparison.hypervolume_share <= 1
    assert comparison.n_found == len(np.unique(result.front, axis=0))


def test_a_tabulated_problem_keeps_its_bounds():
    problem = tabulated(Staircase().within(AT_MOST_6))
    np.testing.assert_array_equal(
        searched("nsga2", problem).genes(),
        searched("nsga2", Staircase().within(AT_MOST_6)).genes(),
    )


# Columns of the split problem


@pytest.fixture
def small_config():
    def made(*, bounds=(), margin=0.0, budget=100, algorithm="nsga2"):
        search = SearchConfig(algorithm=algorithm, budget=budget)
        return RunConfig(problem="toy", bounds=bounds, margin=margin, search=search)

    return made


def test_columns_that_are_no_objectives_can_be_bounded():
    bounds = (Bound("energy", 60.0), Bound("tail_ms", 5.0), Bound("memory", 1e6))
    search = SearchConfig(budget=150)
    result = run(RunConfig(bounds=bounds, search=search))
    names = ["energy_mj", "tail_ms", "head_memory_bytes"]
    assert [bound.column for bound in result.config.bounds] == names
    assert len(result.front_rows)
    for name, bound in zip(names, bounds, strict=True):
        assert result.columns[name][result.front_rows].max() <= bound.limit
    assert "energy_mj <= 60 and tail_ms <= 5 and head_memory_bytes <= 1e+06" in " ".join(
        result.provenance
    )


def test_columns_that_a_scenario_lacks_are_refused_with_those_it_has(small_config):
    with pytest.raises(LookupError, match=r"Unknown column 'latency_p95_ms'.*Known: .*tail_ms"):
        prepare(RunConfig(bounds=(Bound("latency_p95_ms", 3.0),)))
    with pytest.raises(LookupError, match="Unknown column 'energy'. Known: error, latency_ms"):
        prepare(small_config(bounds=(Bound("energy", 3.0),)))


def test_cuts_are_not_refined_where_a_bound_depends_on_them():
    search = SearchConfig(budget=30, refine_split=True)
    run(RunConfig(bounds=(Bound("latency_ms", 60.0),), search=search))
    with pytest.raises(ConfigError, match="bounds in which the cut matters, got payload_bytes"):
        run(RunConfig(bounds=(Bound("payload_bytes", 9e3),), search=search))


# Margins


def test_a_margin_takes_the_mean_error_of_the_predictor_off(table_errors):
    problem = SplitNasProblem(BENCHMARK, Scenario(), table_errors)
    head, tail = (machine.fit.mape for machine in problem.path.machines)
    assert 0 < tail < head < 0.2
    bounds = (
        Bound("latency_ms", 20.0),
        Bound("tail_ms", 10.0),
        Bound("energy_mj", 50.0),
        Bound("payload_bytes", 1000.0),
        Bound("error", 0.5),
    )
    held, config = bounded(problem, RunConfig(bounds=bounds, margin=2.0))
    expected = [
        20 * (1 - 2 * head),
        10 * (1 - 2 * tail),
        50 * (1 - 2 * head),
        1000.0,  # computed exactly
        0.5,  # nobody knows
    ]
    assert [bound.at_most for bound in held.column_bounds] == pytest.approx(expected)
    assert config.bounds == held.column_bounds


def test_a_margin_of_nothing_known_is_refused(small_config):
    with pytest.raises(ConfigError, match="where none is known. Known: none. Leave out --margin"):
        prepare(small_config(bounds=AT_MOST_6, margin=1.0))
    with pytest.raises(ConfigError, match="margin must come with a bound"):
        small_config(margin=1.0)
    with pytest.raises(ConfigError, match="margin must be at least 0, got -1"):
        small_config(bounds=AT_MOST_6, margin=-1.0)
    with pytest.raises(ConfigError, match="margin of latency_ms must leave something"):
        prepare(RunConfig(bounds=(Bound("latency_ms", 20.0),), margin=50.0))


# Through the command


def front_of(folder):
    with (folder / "front.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_under_bounds_says_so_everywhere(tmp_path, capsys):
    out = tmp_path / "run"
    words = ["run", "--problem", "toy", "--budget", "300", "--max-latency-ms", "9", "--no-plot"]
    assert main([*words, "--out", str(out)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "with latency_ms <= 9" in text
    assert "of the 10 points of the exact front" in text
    assert main(["show", str(out), "--provenance"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "bounds: latency_ms <= 9; only designs within are on the front." in text
    assert max(float(row["latency_ms"]) for row in front_of(out)) <= 9
    assert json.loads((out / "config.json").read_text())["bounds"] == [
        {"column": "latency_ms", "limit": 9.0, "margin": 0.0}
    ]
    summary = json.loads((out / "run.json").read_text())
    assert summary["bounds"] == ["latency_ms <= 9"]
    assert summary["n_front"] <= summary["n_within"] < summary["n_evaluated"] == 300
    assert read_config(out).bounds == (Bound("latency_ms", 9.0),)
    assert main(["show", str(out)]) == 0
    assert "within latency_ms <= 9" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["random", "exact"])
def test_what_does_not_search_by_bounds_says_so_in_a_line(name, small_config):
    line = run(small_config(bounds=AT_MOST_6, algorithm=name)).provenance[-1]
    assert ("random does not search by bounds on latency_ms" in line) == (name == "random")


def test_where_no_design_meets_the_bounds_the_nearest_is_told(tmp_path, capsys):
    out = tmp_path / "run"
    words = [
        "run",
        "--problem",
        "toy",
        "--budget",
        "300",
        "--max",
        "error=0.5",
        "--max",
        "latency=8",
    ]
    assert main([*words, "--out", str(out)]) == 3
    text = " ".join(capsys.readouterr().out.split())
    assert "No design evaluated meets this: the nearest misses " in text
    assert (out / "evaluations.csv").read_text().count("\n") == 301
    assert front_of(out) == []
    nearest = json.loads((out / "run.json").read_text())["nearest_miss"]
    assert nearest["id"] in range(1, 301)
    assert set(nearest["beyond"]) <= {"error", "latency_ms"}
    assert main(["show", str(out)]) == 0
    assert "no design evaluated has error <= 0.5 and latency_ms <= 8" in capsys.readouterr().out
    assert main(["pick", str(out)]) == 2
    assert "no design evaluated had error <= 0.5 and latency_ms <= 8" in capsys.readouterr().err


def test_exact_within_bounds(tmp_path, capsys):
    assert main(["exact", "--problem", "toy", "--max", "latency=8"]) == 0
    assert "9 points" in capsys.readouterr().out
    assert main(["exact", "--problem", "toy", "--max", "latency=8", "--max", "error=0.5"]) == 2
    # the best with s = 12 misses 8 ms by 4, half of it; s = 8 misses the error by 1/6, a third
    message = capsys.readouterr().err
    assert "No design meets latency_ms <= 8 and error <= 0.5: of all " in message
    assert "the nearest misses error by 0.1667 (0.666667)" in message


def test_prepared_problems_keep_bounds_of_their_own():
    prepared = Prepared.of(Staircase().within(AT_MOST_6), RunConfig())
    assert prepared.problem.column_bounds == AT_MOST_6


@pytest.mark.parametrize(
    "bounds",
    [
        [{"column": "error"}],
        [{"column": "error", "limit": "much", "margin": 0}],
        [{"column": "error", "limit": None, "margin": 0}],
        ["error=3"],
        {"error": 3},
        7,
    ],
)
def test_damaged_bounds_of_a_run_are_refused_in_a_line(bounds, small_run, tmp_path, capsys):
    values = json.loads((small_run / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(values | {"bounds": bounds}))
    assert main(["show", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "is no run configuration of this version of evonasc" in line


def test_a_search_that_finds_nothing_within_is_set_against_a_front_that_exists(tmp_path, capsys):
    """No design of 20 has the least latency, while some design has."""
    out = tmp_path / "r"
    words = ["run", "--problem", "toy", "--budget", "20", "--max-latency-ms", "0", "--no-plot"]
    assert main([*words, "--out", str(out)]) == 3
    exact = json.loads((out / "run.json").read_text())["exact"]
    assert (exact["n_found"], exact["hypervolume_share"], exact["igd_plus"]) == (0, 0.0, None)
    capsys.readouterr()
    assert main(["show", str(out)]) == 0
