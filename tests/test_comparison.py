"""Comparisons resume, grow, do not depend on the workers, and refuse another's folder."""

import json
from dataclasses import replace

import numpy as np
import pytest
from pymoo.core.problem import Problem

from evonasc.analysis.compared import compare
from evonasc.bounds import Bound
from evonasc.cost.scenario import as_dict
from evonasc.cost.scenario_table import named_scenario
from evonasc.errors import ConfigError, DataFileError, UnknownNameError
from evonasc.runs.comparison import (
    ComparisonConfig,
    TrialKey,
    read_trials,
    run_comparison,
    true_points,
)
from evonasc.runs.comparison_folder import open_folder
from evonasc.runs.config import ProblemKind, RunConfig
from evonasc.search.config import SearchConfig

DEFAULT, OTHER = map(named_scenario, ("raspi4-edgegpu-10mbps", "raspi4-edgegpu-5mbps"))
TOY = ComparisonConfig(
    base=RunConfig(problem="toy"),
    scenarios=(DEFAULT,),
    contenders=("nsga2", "random"),
    budgets=(20, 40),
    n_seeds=2,
)


#: A machine of a user's own.
BOX = """
name = "box"
description = "made up"
macs_per_ms = {speed}
bytes_per_ms = 1e6
overhead_ms = 0.02
"""


class Sums(Problem):
    """A problem of pymoo."""

    def __init__(self):
        super().__init__(n_var=4, n_obj=2, xl=0, xu=5, vtype=int)

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = np.stack([x @ [1, 2, 3, 4], -(x @ [4, 2, 2, 1])], axis=1)


def sums(config):
    return Sums()


READING = ProblemKind(sums, reads=frozenset({"space", "scenario"}))


def read_points(folder, config):
    return [trial.points.tolist() for trial in read_trials(folder, config).values()]


def compared(folder, config, *, n_jobs=1):
    open_folder(folder, config)
    return list(run_comparison(folder, config, n_jobs=n_jobs))


def content(folder):
    trials = read_trials(folder, TOY)
    return {key: (trial.genes.tolist(), trial.points.tolist()) for key, trial in trials.items()}


def test_every_scenario_contender_budget_and_seed_is_a_trial(tmp_path):
    assert compared(tmp_path, TOY) == [(done, 8) for done in range(9)]
    trials = read_trials(tmp_path, TOY)
    assert set(trials) == set(TOY.trial_keys())
    assert len(TOY.trial_keys()) == 2 * 2 * 2
    for key, trial in trials.items():
        assert len(trial.genes) == key.budget
    same = [trials[TrialKey(DEFAULT.name, "random", 40, seed)].genes for seed in (0, 1)]
    assert not np.array_equal(*same)


@pytest.mark.slow
def test_two_workers_find_what_one_finds(tmp_path):
    compared(tmp_path / "one", TOY)
    compared(tmp_path / "two", TOY, n_jobs=2)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_an_interrupted_comparison_goes_on_and_damage_is_computed_again(tmp_path):
    compared(tmp_path / "whole", TOY)
    folder = tmp_path / "parts"
    open_folder(folder, TOY)
    steps = run_comparison(folder, TOY, n_jobs=1)
    assert [next(steps), next(steps), next(steps)] == [(0, 8), (1, 8), (2, 8)]
    steps.close()
    with pytest.raises(DataFileError):
        read_trials(folder, TOY)
    key = TOY.trial_keys()[0]
    (folder / key.file).write_bytes(b"half a file")
    assert compared(folder, TOY)[0][0] in (1, 2)  # joblib may have begun one more
    assert content(folder) == content(tmp_path / "whole")
    assert compared(folder, TOY) == [(8, 8)]


def test_a_comparison_grows_by_seeds_contenders_and_budgets(tmp_path):
    compared(tmp_path, TOY)
    grown = replace(TOY, n_seeds=3, contenders=("deap-nsga2", *TOY.contenders))
    assert compared(tmp_path, grown)[0] == (8, 18)


def test_a_comparison_of_networks_grows_by_scenarios(tmp_path):
    few = replace(TOY, base=RunConfig(), contenders=("random",), budgets=(20,), n_seeds=1)
    compared(tmp_path, few)
    assert compared(tmp_path, replace(few, scenarios=(DEFAULT, OTHER)))[0] == (1, 2)
    described = json.loads((tmp_path / "comparison.json").read_text())
    assert set(described["scenarios"]) == {DEFAULT.name, OTHER.name}


def test_a_changed_file_of_a_machine_or_a_link_is_another_comparison(tmp_path):
    """What stands under a name may change between two sittings, and in one process too."""
    trace, box = tmp_path / "trace.csv", tmp_path / "box.toml"
    trace.write_text("time_s,mbps\n0,4\n1,8\n")
    box.write_text(BOX.format(speed="2e6"))
    mine = replace(DEFAULT, name="mine", link=f"trace:{trace}", head_hardware=str(box))
    config = replace(
        TOY, base=RunConfig(), scenarios=(mine,), contenders=("random",), budgets=(20,)
    )
    compared(tmp_path / "c", config)
    before, points = config.digests(), read_points(tmp_path / "c", config)
    for path, text in ((trace, "time_s,mbps\n0,2\n1,3\n"), (box, BOX.format(speed="1e6"))):
        there = path.read_text()
        path.write_text(text)
        assert config.digests() != before
        with pytest.raises(
            ConfigError, match="belongs to another comparison: mine: .* changed since"
        ):
            compared(tmp_path / "c", config)
        compared(tmp_path / f"other-{path.stem}", config)
        assert read_points(tmp_path / f"other-{path.stem}", config) != points
        path.write_text(there)
    assert compared(tmp_path / "c", config) == [(2, 2)]


def test_a_machine_or_a_trace_that_was_moved_is_the_same(tmp_path):
    (tmp_path / "old").mkdir()
    trace, box = tmp_path / "old" / "trace.csv", tmp_path / "old" / "box.toml"
    trace.write_text("time_s,mbps\n0,4\n1,8\n")
    box.write_text(BOX.format(speed="2e6"))

    def config():
        mine = replace(DEFAULT, name="mine", link=f"trace:{trace}", head_hardware=str(box))
        return replace(
            TOY, base=RunConfig(), scenarios=(mine,), contenders=("random",), budgets=(20,)
        )

    compared(tmp_path / "c", config())
    before = config().digests()
    (tmp_path / "old").rename(tmp_path / "new")
    trace, box = tmp_path / "new" / "trace.csv", tmp_path / "new" / "box.toml"
    assert config().digests() == before
    assert compared(tmp_path / "c", config()) == [(2, 2)]
    described = json.loads((tmp_path / "c" / "comparison.json").read_text())
    assert described["scenarios"]["mine"]["head_hardware"] == str(box)
    box.write_text(BOX.format(speed="1e6"))
    with pytest.raises(ConfigError, match="mine: hardware box.toml changed since"):
        compared(tmp_path / "c", config())


def test_a_changed_calibration_is_another_comparison(tmp_path):
    file = tmp_path / "calibration.json"
    config = replace(TOY, base=RunConfig(calibration=file))
    file.write_text("{}")
    before = config.digests()
    file.write_text("[]")
    assert config.digests() != before


def test_a_problem_of_another_package_may_give_machines_a_meaning_of_its_own():
    moon = replace(DEFAULT, head_hardware="moon")
    for problem in ("toy", "test_comparison:READING"):
        config = replace(TOY, base=RunConfig(problem=problem), scenarios=(moon,))
        assert config.described_scenarios() == {DEFAULT.name: as_dict(moon) | {"inputs": {}}}


def test_objectives_of_another_packages_problem_are_recorded(tmp_path):
    config = replace(TOY, base=RunConfig(problem="test_comparison:sums"), contenders=("random",))
    found = compare(config, tmp_path)
    assert found.config.base.objectives == ("f1", "f2")
    described = json.loads((tmp_path / "comparison.json").read_text())
    assert described["settings"]["objectives"] == ["f1", "f2"]
    assert {row["n_evaluated_median"] for row in found.summary} == {20, 40}


def test_a_problem_without_scenarios_is_compared_in_none_but_the_default(tmp_path):
    with pytest.raises(ConfigError, match="--scenario .* is not read by the problem 'toy'"):
        compared(tmp_path, replace(TOY, scenarios=(DEFAULT, OTHER)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"base": RunConfig(problem="toy", search=SearchConfig(pop_size=30))},
            "pop_size is 20, not 30",
        ),
        ({"base": RunConfig()}, "problem is toy, not split-nas"),
        ({"scenarios": (replace(DEFAULT, uplink_mbps=77.0),)}, "uplink_mbps is 10.0, not 77.0"),
    ],
)
def test_the_folder_of_another_comparison_is_refused_and_kept(tmp_path, changed, message):
    open_folder(tmp_path, TOY)
    next(run := run_comparison(tmp_path, TOY, n_jobs=1)), next(run)
    run.close()
    before = (tmp_path / "comparison.json").read_bytes()
    with pytest.raises(ConfigError, match=f"belongs to another comparison: .*{message}"):
        open_folder(tmp_path, replace(TOY, **changed))
    assert (tmp_path / "comparison.json").read_bytes() == before


def test_a_folder_without_any_trial_may_become_another_comparison(tmp_path):
    """Who corrects the options of a comparison that was refused need not clean up first."""
    open_folder(tmp_path, TOY)
    other = replace(TOY, base=RunConfig(problem="toy", search=SearchConfig(pop_size=7)))
    assert compared(tmp_path, other)[-1] == (8, 8)
    with pytest.raises(ConfigError, match="belongs to another comparison"):
        open_folder(tmp_path, TOY)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ConfigError, match="must be empty or hold a comparison"):
        open_folder(tmp_path, TOY)
    (tmp_path / "comparison.json").write_text("[]")
    with pytest.raises(DataFileError, match="description of a comparison|must hold a JSON object"):
        open_folder(tmp_path, TOY)
    with pytest.raises(ConfigError, match="must be empty or hold a comparison"):
        open_folder(tmp_path / "thesis.tex", TOY)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"n_seeds": 0}, ConfigError, "seeds must be at least 1, got 0"),
        ({"budgets": (0,)}, ConfigError, "budget must be at least 1, got 0"),
        ({"budgets": (5, 5)}, ConfigError, "budgets must name .* once, got 5, 5"),
        ({"contenders": ()}, ConfigError, "algos and arms must name at least one, .* got none"),
        ({"contenders": ("nsga3000",)}, UnknownNameError, "nsga3000"),
        (
            {"scenarios": (DEFAULT, replace(DEFAULT, name=f"{DEFAULT.name}/"))},
            ConfigError,
            "names that differ as names of folders",
        ),
    ],
)
def test_comparisons_that_make_no_sense_are_refused(changed, error, message):
    with pytest.raises(error, match=message):
        replace(TOY, **changed)


@pytest.mark.parametrize("name", ["a/b", "..", "a\0b", "a (memory <= 1.5 MB)", "x" * 300])
def test_trials_lie_below_their_folder_whatever_their_scenario_is_called(name):
    config = replace(TOY, scenarios=(replace(DEFAULT, name=name),))
    path = config.trial_keys()[0].file
    assert len(path.parts) == 4
    assert not {"..", "a/b", "a\0b"} & set(path.parts)
    assert max(map(len, path.parts)) < 200


def test_jobs_must_be_positive(tmp_path):
    open_folder(tmp_path, TOY)
    with pytest.raises(ConfigError, match="jobs must be at least 1, got 0"):
        list(run_comparison(tmp_path, TOY, n_jobs=0))


def test_the_true_front_is_that_of_each_scenario():
    truth = true_points(TOY)[DEFAULT.name]
    assert len(np.unique(truth, axis=0)) == 25


def test_a_comparison_under_bounds_is_of_designs_within_them(tmp_path):
    """The staircase has the points (1 - s / 24, s); at most 6 ms leaves s = 0 ... 6."""
    base = RunConfig(problem="toy", bounds=(Bound("latency", 6.0),))
    config = replace(TOY, base=base, budgets=(200,), n_seeds=2)
    done = compare(config, tmp_path)
    assert done.config.base.bounds == (Bound("latency_ms", 6.0),)
    (reference,) = done.references.values()
    assert reference.points[:, 1].tolist() == [6, 5, 4, 3, 2, 1, 0]
    for key, trial in done.trials.items():
        assert (trial.is_within == (trial.points[:, 1] <= 6)).all()
        assert 0 < trial.is_within.sum() < 200
        assert 0 < done.trial_indicators[key].hypervolume_share <= 1
    free = compare(replace(config, base=RunConfig(problem="toy")), tmp_path / "free")
    assert all(trial.is_within.all() for trial in free.trials.values())
    with pytest.raises(ConfigError, match="belongs to another comparison: bounds"):
        compare(replace(config, base=replace(base, bounds=(Bound("latency_ms", 7.0),))), tmp_path)
    hopeless = replace(base, bounds=(Bound("error", -1.0),))
    with pytest.raises(ConfigError, match="needs a design within its bounds"):
        compare(replace(config, base=hopeless), tmp_path / "none")
