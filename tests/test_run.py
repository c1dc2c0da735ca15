import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest

from evonasc.cost.scenario_table import named_scenario
from evonasc.errors import ConfigError, DataFileError, PluginError, UnknownNameError
from evonasc.front import non_dominated
from evonasc.problems import Staircase
from evonasc.runs.config import ErrorChoice, RunConfig
from evonasc.runs.folder import (
    read_config,
    read_front,
    read_summary,
    read_table,
    table_columns,
)
from evonasc.runs.prepare import Prepared, prepare
from evonasc.runs.run import run, run_prepared, with_exact
from evonasc.runs.tables import front_table
from evonasc.runs.writer import RunWriter
from evonasc.search.config import SearchConfig

TOY = RunConfig(problem="toy", search=SearchConfig(budget=300, pop_size=20))
SMALL = RunConfig(search=SearchConfig(budget=200, pop_size=20))


@pytest.fixture(scope="module")
def exact_toy(tmp_path_factory):
    """Return the folder of a run that lists all designs of the toy."""
    folder = tmp_path_factory.mktemp("toy")
    written(replace(TOY, search=SearchConfig(algorithm="exact")), folder)
    return folder


def written(config, folder):
    prepared = prepare(config)
    with RunWriter(folder, prepared) as writer:
        result = with_exact(run_prepared(prepared, on_new=writer.add))
        writer.finish(result)
    return result


@pytest.mark.parametrize("config", [TOY, SMALL], ids=["toy", "split-nas"])
def test_a_folder_holds_every_evaluation_and_the_front_of_them(config, tmp_path):
    result = written(config, tmp_path / "run")
    rows = read_table(tmp_path / "run" / "evaluations.csv")
    assert [int(row["id"]) for row in rows] == list(range(1, config.search.budget + 1))
    points = table_columns(rows, config.objectives, where=tmp_path)
    np.testing.assert_array_equal(points, result.problem.objective_values(result.columns))
    front = read_table(tmp_path / "run" / "front.csv")
    found = table_columns(front, config.objectives, where=tmp_path)
    best = np.unique(points[non_dominated(points)], axis=0)
    np.testing.assert_array_equal(found, best)
    for row in front:
        assert row == rows[int(row["id"]) - 1]


def test_the_front_has_the_columns_that_are_promised(tmp_path):
    written(SMALL, tmp_path)
    (row, *_) = read_table(tmp_path / "front.csv")
    promised = (
        "arch_str, split_point, error, latency_ms, head_ms, uplink_ms, tail_ms, payload_bytes"
    )
    assert set(promised.split(", ")) <= set(row)
    parts = float(row["head_ms"]) + float(row["uplink_ms"]) + float(row["tail_ms"])
    assert float(row["latency_ms"]) == pytest.approx(parts)


def test_a_configuration_reads_as_it_was_written(tmp_path):
    scenario = replace(named_scenario("raspi4-edgegpu-5mbps"), payload_bits=(4, 8), min_split=2)
    config = replace(SMALL, scenario=scenario, objectives=("error", "energy_mj", "head_ms"))
    written(config, tmp_path)
    assert read_config(tmp_path) == prepare(config).config
    assert read_config(tmp_path).error.name == "joined"


def test_running_again_from_the_stored_configuration_gives_the_same_front(tmp_path):
    first = written(SMALL, tmp_path)
    second = run(read_config(tmp_path))
    assert front_table(second) == front_table(first)


def test_the_summary_says_how_near_the_truth_the_run_came(tmp_path):
    longer = replace(SMALL, search=replace(SMALL.search, budget=600))
    result = written(longer, tmp_path)
    exact = read_summary(tmp_path)["exact"]
    assert 0 < exact["n_found"] < exact["n_points"]
    assert 0.5 < exact["hypervolume_share"] < 1
    assert exact["igd_plus"] > 0
    assert result.status == "complete"


def test_exact_search_finds_all_of_the_truth():
    result = run(replace(SMALL, search=SearchConfig(algorithm="exact")))
    comparison = result.compare_exact()
    assert comparison.n_found == comparison.n_points
    assert comparison.hypervolume_share == pytest.approx(1.0)
    assert comparison.igd_plus == pytest.approx(0.0)


def test_interrupting_keeps_what_was_evaluated(tmp_path):
    prepared = prepare(TOY)
    with RunWriter(tmp_path, prepared) as writer:
        batches = []

        def interrupt_after_three(genes, columns):
            writer.add(genes, columns)
            batches.append(len(genes))
            if len(batches) == 3:
                raise KeyboardInterrupt

        result = run_prepared(prepared, on_new=interrupt_after_three)
        writer.finish(result)
    assert result.status == "interrupted"
    assert len(read_table(tmp_path / "evaluations.csv")) == sum(batches)
    assert len(read_table(tmp_path / "front.csv")) == len(result.front_rows) > 0
    assert read_summary(tmp_path)["status"] == "interrupted"


def test_a_search_that_is_asked_to_stop_keeps_what_was_evaluated():
    batches = []
    result = run(
        TOY,
        on_new=lambda genes, columns: batches.append(len(genes)),
        should_stop=lambda: len(batches) == 3,
    )
    assert result.status == "interrupted"
    assert len(result.genes) == sum(batches)


def test_a_folder_with_something_in_it_is_refused_untouched(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ConfigError, match="must be empty, got files in it. Choose another --out"):
        RunWriter(tmp_path, prepare(TOY))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_problem_in_hand_is_searched_but_not_written(tmp_path):
    """A folder would claim that its numbers are those of the problem in its configuration."""
    prepared = Prepared.of(Staircase(), SMALL)
    assert len(run_prepared(prepared).genes) == 200
    for one in (prepared, prepared.for_search(SearchConfig(algorithm="random", budget=5))):
        with pytest.raises(ConfigError, match=r"got one in hand, Staircase. .*package.module:obj"):
            RunWriter(tmp_path / "run", one)
    assert not (tmp_path / "run").exists()
    again = prepare(TOY).for_search(SearchConfig(algorithm="random", budget=5))
    with RunWriter(tmp_path / "run", again):
        pass
    assert read_config(tmp_path / "run").search.algorithm == "random"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(ConfigError, match="must be a folder, got a file"):
        RunWriter(tmp_path / "run", prepare(TOY))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"problem": "split"}, "Unknown problem 'split'. Did you mean 'split-nas'?"),
        ({"space": "nasbench101"}, "Unknown search space .*. Did you mean 'nasbench201'?"),
        (
            {"error": ErrorChoice("supernets")},
            "Unknown accuracy 'supernets'. Did you mean 'supernet'?.* of the space 'nasbench201'",
        ),
    ],
)
def test_unknown_names_are_refused(change, message):
    with pytest.raises(UnknownNameError, match=message):
        prepare(replace(SMALL, **change))


def test_live_accuracy_needs_its_data():
    with pytest.raises(ConfigError, match="needs the folder of its data. Give --data-root"):
        prepare(replace(SMALL, error=ErrorChoice("live")))


@pytest.mark.parametrize("name", ["budget", "pop_size", "seed"])
def test_numbers_out_of_range_are_refused(name):
    with pytest.raises(ConfigError, match=f"{name} must (be at least|lie in)"):
        SearchConfig(**{name: -1})


@pytest.mark.parametrize("text", ["", "[]", "{", '{"problem": "toy"}', "[" * 200_000], ids=len)
def test_a_damaged_configuration_is_refused(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(DataFileError, match=r"is no r|must hold a JSON object"):
        read_config(tmp_path)


def test_a_scenario_file_cannot_smuggle_in_unknown_fields(tmp_path):
    written(SMALL, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["scenario"]["uplink_mpbs"] = 5
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="config.json: .*Did you mean 'uplink_mbps'"):
        read_config(tmp_path)


def test_every_number_has_a_provenance():
    text = " ".join(run(SMALL).provenance)
    for quantity in ("error:", "head_ms:", "uplink_ms:", "tail_ms:", "payload_bytes"):
        assert quantity in text
    assert "apportioned" in text
    assert "fitted" in text


def test_a_run_that_fails_before_its_first_evaluation_leaves_nothing(tmp_path):
    def fail_at_once():
        with RunWriter(tmp_path / "run", prepare(TOY)):
            raise ConfigError("no")

    with pytest.raises(ConfigError, match="no"):
        fail_at_once()
    assert list(tmp_path.iterdir()) == []


def test_a_population_is_no_larger_than_the_budget():
    huge = replace(TOY, search=SearchConfig(budget=30, pop_size=10**30))
    assert len(run(huge).genes) == 30


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("front.csv", None, ""),
        ("front.csv", "error", "eror"),
        ("front.csv", ",1.0,", ",nan,"),
        ("front.csv", "network", "networks"),
        ("run.json", '"status"', '"state"'),
        ("run.json", '"n_front"', '"n_fronts"'),
        ("run.json", '"n_points"', '"points"'),
        ("run.json", None, "{}"),
    ],
)
def test_a_damaged_run_is_refused_not_shown(name, old, new, exact_toy, tmp_path):
    folder = shutil.copytree(exact_toy, tmp_path / "run")
    text = (folder / name).read_text()
    assert old is None or old in text
    (folder / name).write_text(new if old is None else text.replace(old, new))
    with pytest.raises(DataFileError, match=name):
        read_front(folder, objectives=TOY.objectives, designs=Staircase().designs)


def test_a_cut_that_does_not_exist_is_refused(tmp_path):
    result = written(TOY, tmp_path)
    rows = (tmp_path / "front.csv").read_text().splitlines()
    fields = rows[1].split(",")
    fields[rows[0].split(",").index("split_point")] = "99"
    rows[1] = ",".join(fields)
    (tmp_path / "front.csv").write_text("\n".join(rows))
    with pytest.raises(DataFileError, match="is damaged"):
        read_front(tmp_path, objectives=TOY.objectives, designs=result.problem.designs)


@pytest.mark.parametrize("value", ["abc", 10**400])
def test_a_configuration_of_wrong_types_is_refused(tmp_path, value):
    written(SMALL, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["scenario"]["uplink_mbps"] = value
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="uplink_mbps must be a number"):
        read_config(tmp_path)


def test_the_toy_has_no_other_objectives():
    with pytest.raises(ConfigError, match="Leave out --objectives"):
        prepare(replace(TOY, objectives=("error", "energy_mj")))


def test_a_folder_that_names_code_to_import_is_refused_unless_trusted(tmp_path, monkeypatch):
    written(TOY, tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    values["problem"] = "antigravity:fly"
    (tmp_path / "config.json").write_text(json.dumps(values))
    with pytest.raises(PluginError, match="asks to import 'antigravity:fly'.*EVONASC_TRUST_CODE=1"):
        read_config(tmp_path)
    assert "antigravity" not in sys.modules
    monkeypatch.setenv("EVONASC_TRUST_CODE", "1")
    assert read_config(tmp_path).problem == "antigravity:fly"
