"""A search in the caller's hands: asked and told in any pieces, watched, stopped."""

import re
from pathlib import Path

import numpy as np
import pytest

from evonasc.errors import ConfigError, EvaluationError, GenomeError, PluginError
from evonasc.front import hypervolume_share
from evonasc.problems import Staircase
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import prepare
from evonasc.runs.run import run, run_prepared
from evonasc.runs.writer import RunWriter
from evonasc.search.algorithm import Algorithm
from evonasc.search.algorithms import own_algorithms
from evonasc.search.config import SearchConfig
from evonasc.search.search import Search, StopSearch

ROOT = Path(__file__).parents[1]
NAMES = [name for name, one in own_algorithms().items() if not (one.trains or one.enumerates)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("most", [1, 7, None])
def test_asked_and_told_in_any_pieces_it_is_the_same_search(name, most, staircase):
    config = SearchConfig(algorithm=name, budget=90, pop_size=8, seed=3)
    whole = Search(Staircase(), config).run()
    search, rng = Search(staircase, config), np.random.default_rng(0)
    while len(genes := search.ask(most)):
        np.testing.assert_array_equal(search.ask(most), genes)  # asked again, the same
        told = genes[: rng.integers(1, len(genes) + 1)]
        columns = staircase.columns(told)
        search.tell(columns if rng.random() < 0.5 else staircase.objective_values(columns))
    assert search.status == whole.status == "complete"
    np.testing.assert_array_equal(search.archive.genes(), whole.archive.genes())
    np.testing.assert_array_equal(search.front, whole.front)
    assert search.archive.answers == whole.archive.answers
    assert len(search.ask()) == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((3, 1)), r"objectives of shape \(n, 2\), got \(3, 1\)"),
        (np.zeros(2), r"objectives of shape \(n, 2\), got \(2,\)"),
        ({"error": np.zeros(2)}, "takes the columns error, latency_ms, got error"),
        ({"error": np.zeros(2), "latency_ms": np.zeros(3)}, "all of the same n, at most 20"),
        ({"error": np.zeros(21), "latency_ms": np.zeros(21)}, "at most 20: as many designs as"),
        ({"error": np.zeros((2, 2)), "latency_ms": np.zeros((2, 2))}, "columns of shape"),
    ],
)
def test_what_cannot_be_told_is_refused_and_changes_nothing(values, message, staircase):
    search = Search(staircase)
    asked = search.ask()
    with pytest.raises(ConfigError, match=message):
        search.tell(values)
    np.testing.assert_array_equal(search.ask(), asked)
    assert len(search.archive) == 0


def test_columns_may_not_change_on_the_way(staircase):
    search = Search(staircase)
    search.tell({**staircase.columns(search.ask(2)), "more": np.zeros(2)})
    with pytest.raises(EvaluationError, match="the same columns for all designs"):
        search.tell(staircase.columns(search.ask(2)))


def test_a_search_can_be_stopped_at_any_time(staircase):
    search = Search(staircase)
    search.tell(staircase.columns(search.ask(5)))
    search.stop()
    assert (search.status, len(search.archive), len(search.ask())) == ("interrupted", 5, 0)


def test_a_callback_sees_every_batch_and_may_end_the_search(staircase):
    seen = []

    def watch(archive, generation):
        seen.append((generation, len(archive)))
        if generation == 3:
            raise StopSearch

    result = run(RunConfig(problem="toy"), on_batch=watch)
    assert result.status == "interrupted"
    assert [generation for generation, _ in seen] == [1, 2, 3]
    assert len(result.genes) == seen[-1][1]


def test_a_callback_that_fails_is_named_and_loses_nothing(tmp_path):
    prepared = prepare(RunConfig(problem="toy", search=SearchConfig(budget=100)))

    def curious(archive, generation):
        if generation == 2:
            raise KeyError("front")

    with (
        pytest.raises(PluginError, match=r"on_batch .*curious failed after .* KeyError: 'front'"),
        RunWriter(tmp_path / "r", prepared) as writer,
    ):
        run_prepared(prepared, on_new=writer.add, on_batch=curious)
    assert writer.n_written == 40


def test_what_is_no_generator_is_told(staircase):
    with pytest.raises(PluginError, match=r"must be a generator, `values = yield genes`, got .*"):
        Search(staircase, algorithm=Algorithm(lambda archive, config: None))


def test_what_a_generator_asks_for_must_be_designs(staircase):
    def ask(archive, config):
        yield None

    with pytest.raises(GenomeError, match="genes must have shape"):
        Search(staircase, algorithm=Algorithm(ask)).ask()


def test_a_generator_that_asks_for_nothing_new_for_ever_is_ended(staircase, monkeypatch):
    monkeypatch.setattr("evonasc.search.search._MOST_KNOWN", 500)

    def stubborn(archive, config):
        genes = archive.problem.designs.sample(3, rng=np.random.default_rng(0))
        while True:
            yield genes

    search = Search(staircase, algorithm=Algorithm(stubborn)).run()
    assert (search.status, len(search.archive)) == ("exhausted", 3)


def test_the_algorithm_of_the_documents_anneals():
    """It must find more than random search does."""
    (code,) = re.findall(
        r"```python\n(import itertools.*?)```",
        (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    names = {"np": np}
    exec(code, names)  # our own words
    config = SearchConfig(budget=400)
    annealed = Search(Staircase(), config, algorithm=Algorithm(names["annealing"])).run()
    drawn = Search(Staircase(), SearchConfig(algorithm="random", budget=400)).run()
    assert annealed.status == "complete"
    true = Staircase.front()
    shares = [hypervolume_share(one.front, front=true) for one in (annealed, drawn)]
    assert shares[0] > shares[1]
