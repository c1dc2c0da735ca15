"""Rules that every algorithm keeps, over all that evonasc.search.algorithms lists."""

import random

import numpy as np
import pytest
from pymoo.core.problem import Problem

from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.front import hypervolume, igd_plus, non_dominated
from evonasc.nasbench201 import BENCHMARK
from evonasc.problems import DesignProblem, SplitNasProblem, Staircase
from evonasc.problems.adapter import PymooProblem
from evonasc.problems.toy import ToySpace
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import exact_front
from evonasc.runs.prepare import Prepared
from evonasc.runs.run import run, run_prepared
from evonasc.search.algorithm import Algorithm, optional_fields
from evonasc.search.algorithms import (
    ALGORITHMS,
    algorithm,
    own_algorithms,
    require_read_options,
)
from evonasc.search.config import SearchConfig
from evonasc.search.directions import reference_directions
from evonasc.search.search import Search
from evonasc.space import DesignSpace

#: Algorithms that search any problem; those that train weights have tests of their own.
NAMES = [name for name, one in own_algorithms().items() if not one.trains]
#: Algorithms that draw and stop at the budget.
BUDGETED = [name for name in NAMES if not algorithm(name).enumerates]
PYMOO = ["moead", "nsga2", "nsga3", "sms-emoa"]


def searched(name, problem, *, budget=120, pop_size=20, seed=0):
    """Return the archive of a whole search, and whether the budget ended it."""
    config = SearchConfig(algorithm=name, budget=budget, pop_size=pop_size, seed=seed)
    search = Search(problem, config).run()
    return search.archive, search.status == "complete"


class FewDesigns(DesignProblem):
    """Twenty-five designs in all: two free genes, one cut. Their sum is to be small and large."""

    def __init__(self):
        def rule(operations, bits):
            is_free = (operations[:, 2:] == 0).all(axis=1)
            return is_free[:, None, None] & (np.arange(7) == 3)

        names = ("error", "latency_ms")
        designs = DesignSpace(ToySpace(), (8,), rule)
        super().__init__(designs, objectives=names, known_columns=names)

    def columns(self, genes):
        total = genes[:, :2].sum(axis=1).astype(float)
        return {"error": 1 - total / 8, "latency_ms": total}


# The table


def test_every_entry_of_the_table_loads_and_says_what_it_is():
    assert own_algorithms().keys() == set(ALGORITHMS)
    for entry in ALGORITHMS.entries():
        assert entry.what
    assert [name for name, one in own_algorithms().items() if one.trains] == [
        "gdas",
        "nasc-cotrain",
    ]


def test_an_unknown_algorithm_is_refused_with_the_close_match():
    with pytest.raises(UnknownNameError, match=r"algorithm 'nsga22'\. Did you mean 'nsga2'\?"):
        algorithm("nsga22")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"budget": 0}, "budget must be at least 1, got 0"),
        ({"pop_size": 1}, "pop_size must be at least 2, got 1"),
        ({"seed": -1}, "seed must lie in"),
    ],
)
def test_configurations_out_of_range_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        SearchConfig(**values)


# Every algorithm


@pytest.mark.parametrize("name", BUDGETED)
def test_the_budget_is_met_exactly_with_distinct_valid_designs(name, staircase):
    archive, is_spent = searched(name, staircase)
    genes = archive.genes()
    assert is_spent
    assert genes.shape == (120, 7)
    assert len(np.unique(staircase.designs.canonical(genes), axis=0)) == 120
    assert staircase.designs.is_valid(genes).all()


@pytest.mark.parametrize("name", ["nsga2", "nsga3", "sms-emoa"])
def test_no_design_is_even_asked_for_twice(name, staircase):
    """MOEA/D keeps copies on purpose; the others drop what the run has seen before asking."""
    # the last question is cut short by the budget: at most a population of ten
    archive, _ = searched(name, staircase, budget=600, pop_size=10)
    assert 600 <= archive.n_requested <= 610


@pytest.mark.parametrize("name", BUDGETED)
def test_the_same_seed_gives_the_same_evaluations_and_another_seed_others(name):
    def genes(seed):
        return searched(name, Staircase(), seed=seed)[0].genes()

    np.testing.assert_array_equal(genes(3), genes(3))
    assert (genes(3) != genes(4)).any()


@pytest.mark.parametrize("name", NAMES)
def test_global_random_state_is_untouched_and_unread(name):
    """Unread: another global seed must not change the search."""
    found = []
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        before = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
        found.append(searched(name, FewDesigns(), budget=15, pop_size=6)[0].genes())
        np.testing.assert_array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
        assert random.getstate() == before[1]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in ("hwnas", "moead", "nasc") else [])
        for name in NAMES
    ],
)
def test_a_budget_larger_than_the_space_ends(name, monkeypatch):
    monkeypatch.setattr("evonasc.search.pymoo_driver._PATIENCE", 500)  # MOEA/D waits long
    archive, is_spent = searched(name, FewDesigns(), budget=1000, pop_size=10)
    assert not is_spent
    assert len(archive) <= 25
    if name in ("exact", "random", *PYMOO):
        # nine sums, 0 to 8, each on the front
        assert len(archive.front_rows()) == 9
    if name in ("exact", "random"):
        assert len(archive) == 25


@pytest.mark.parametrize("name", BUDGETED)
def test_a_budget_smaller_than_the_population_is_kept(name, staircase):
    archive, is_spent = searched(name, staircase, budget=5, pop_size=30)
    assert is_spent
    assert len(archive) == 5


@pytest.mark.parametrize("name", BUDGETED)
def test_the_smallest_population_works(name, staircase):
    archive, _ = searched(name, staircase, budget=30, pop_size=2)
    assert len(archive) == 30


class Slope(Staircase):
    """The staircase with one best cut for all, 3, so that selection has something to learn."""

    def columns(self, genes):
        total = self.designs.operations(genes).sum(axis=1)
        waste = np.abs(self.designs.split_point(genes) - 3)
        return {"error": 1 - total / 24, "latency_ms": (total + 4 * waste) / 24}


@pytest.mark.parametrize("name", PYMOO)
def test_evolution_learns_the_best_cut(name):
    """Cuts 1 to 6 drawn at random are (2 + 1 + 0 + 1 + 2 + 3) / 6 = 1.5 blocks off on average."""
    archive, _ = searched(name, Slope(), budget=400)
    waste = np.abs(archive.genes()[:, 6] - 3)
    assert waste[-100:].mean() < 1.0


def test_random_search_learns_nothing():
    archive, _ = searched("random", Slope(), budget=400)
    # standard deviation of the mean of 400: sqrt(11 / 12) / 20 = 0.048
    assert abs(np.abs(archive.genes()[:, 6] - 3).mean() - 1.5) < 5 * 0.048


@pytest.mark.slow
def test_evolution_is_nearer_to_the_staircase_than_random_search(staircase):
    truth = Staircase.front()

    def distance(name):
        return sum(
            igd_plus(
                searched(name, staircase, budget=1000, seed=seed)[0].objectives(), true_front=truth
            )
            for seed in range(3)
        )

    assert distance("nsga2") < distance("random")


def test_hypervolume_of_all_designs_never_falls(staircase):
    archive, _ = searched("nsga2", staircase, budget=300)
    values = archive.objectives()
    reference = np.array([1.1, 26.4])
    volumes = [hypervolume(values[:n], reference_point=reference) for n in range(1, 301, 13)]
    assert (np.diff(volumes) >= -1e-12).all()
    assert volumes[-1] > volumes[0]


# Enumeration


def test_exact_finds_the_whole_staircase_whatever_the_budget(staircase):
    archive, is_spent = searched("exact", staircase, budget=7)
    assert not is_spent
    assert len(archive) == 5**6 * 6
    front = archive.objectives()[archive.front_rows()]
    # 25 sums; by rising error
    np.testing.assert_allclose(front, Staircase.front()[::-1])


def test_the_exact_front_lists_all_designs_on_it(staircase):
    truth = exact_front(staircase)
    assert truth.n_designs == 5**6 * 6
    # each network has one best cut, and every network is as good as any other of its sum
    assert len(truth.genes) == 5**6
    np.testing.assert_array_equal(np.unique(truth.points, axis=0)[:, 1], np.arange(25)[::-1])
    np.testing.assert_array_equal(
        staircase.objective_values(staircase.columns(truth.genes)), truth.points
    )
    assert (np.diff(truth.points[:, 0]) >= 0).all()


class UnlistedToy(ToySpace):
    """Said to be too many to list."""

    def networks(self):
        return None


def test_what_is_too_large_to_list_is_not_enumerated(staircase):
    staircase.designs = DesignSpace(UnlistedToy(), (8,), staircase.designs.cut_rule)
    assert exact_front(staircase) is None
    with pytest.raises(ConfigError, match="'toy' are too many to list. Use --algo nsga2"):
        searched("exact", staircase)


@pytest.mark.parametrize("name", [*PYMOO, "random"])
def test_what_is_too_large_to_list_can_be_searched(name, staircase):
    staircase.designs = DesignSpace(UnlistedToy(), (8,), staircase.designs.cut_rule)
    archive, _ = searched(name, staircase, budget=60)
    assert len(archive) == 60
    assert staircase.designs.is_valid(archive.genes()).all()


# Split computing


SCARCE = Scenario(max_payload_bytes=5000, max_head_memory_bytes=400_000, payload_bits=(4, 8))


@pytest.mark.parametrize("scenario", [Scenario(), SCARCE], ids=["free", "scarce"])
@pytest.mark.parametrize("name", BUDGETED)
def test_algorithms_search_split_points_within_the_rules(name, scenario, nasbench, table_errors):
    problem = SplitNasProblem(BENCHMARK, scenario, table_errors)
    archive, is_spent = searched(name, problem, budget=90)
    assert is_spent
    assert len(archive) == 90
    assert problem.designs.is_valid(archive.genes()).all()
    columns = archive.columns()
    np.testing.assert_array_equal(
        archive.objectives(), np.stack([columns["error"], columns["latency_ms"]], axis=1)
    )
    if scenario is SCARCE:
        assert columns["payload_bytes"].max() <= 5000
        assert columns["head_memory_bytes"].max() <= 400_000


@pytest.mark.parametrize(
    ("name", "objectives"),
    [
        *((name, ("error", "latency_ms", "head_memory_bytes")) for name in PYMOO),
        *((name, ("latency_ms",)) for name in PYMOO if name != "moead"),
    ],
)
def test_any_number_of_objectives_can_be_searched(name, objectives, nasbench, table_errors):
    problem = SplitNasProblem(BENCHMARK, Scenario(), table_errors, objectives=objectives)
    archive, _ = searched(name, problem, budget=80)
    assert archive.objectives().shape == (80, len(objectives))
    front = archive.objectives()[archive.front_rows()]
    assert non_dominated(front).all()
    for point in archive.objectives():
        assert (front <= point).all(axis=1).any()


class Summed(Problem):
    """Each objective is the sum of three digits, weighted otherwise."""

    def __init__(self, n_obj, **limits):
        super().__init__(**{"n_var": 3, "n_obj": n_obj, "xl": 0, "xu": 4, "vtype": int, **limits})

    def _evaluate(self, x, out, *args, **kwargs):
        weights = np.arange(3)[:, None] * np.arange(1, self.n_obj + 1) % 5 - 2
        out["F"] = x @ weights + 0.1 * (x**2).sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "n_obj", "message"),
    [
        ("moead", 1, "moead must have at least 2 objectives, got 1: f1. Use --algo nsga2"),
        ("sms-emoa", 1, "sms-emoa must have at least 2 objectives, got 1: f1"),
        ("sms-emoa", 10, "sms-emoa must have at most 8 objectives, got 10: .* Use --algo nsga3"),
    ],
)
def test_objectives_too_few_or_too_many_are_refused_before_a_search_starts(name, n_obj, message):
    """One direction has no neighbours; moocore knows no contributions to a length."""
    config = RunConfig(search=SearchConfig(algorithm=name, budget=80))
    with pytest.raises(ConfigError, match=message):
        Prepared.of(PymooProblem(Summed(n_obj)), config)


@pytest.mark.parametrize(
    "name", ["deap-nsga2", "exact", "moead", "nsga2", "nsga3", "pls", "random", "surrogate"]
)
@pytest.mark.parametrize("n_obj", [1, 2, 3, 10])
@pytest.mark.parametrize("budget", [1, 30])
def test_any_number_of_objectives_is_searched_to_the_end(name, n_obj, budget):
    """The population is larger than the budget, too."""
    if n_obj < algorithm(name).least_objectives:
        pytest.skip("refused, see above")
    search = SearchConfig(algorithm=name, budget=budget)
    prepared = Prepared.of(PymooProblem(Summed(n_obj)), RunConfig(search=search))
    result = run_prepared(prepared)
    assert len(result.genes) == (125 if name == "exact" else budget)
    assert len(result.front_rows) >= 1


@pytest.mark.parametrize(
    "name", ["deap-nsga2", "nsga2", "nsga3", "pls", "random", "sms-emoa", "surrogate"]
)
def test_a_space_of_one_design_or_two_is_exhausted(name):
    for upper in (0, 1):
        tiny = PymooProblem(Summed(2, n_var=3, xu=np.array([upper, 0, 0])))
        search = SearchConfig(algorithm=name, budget=30)
        result = run_prepared(Prepared.of(tiny, RunConfig(search=search)))
        assert (result.status, len(result.genes)) == ("exhausted", upper + 1)


def test_enumeration_of_split_points_is_never_beaten(nasbench, table_errors):
    problem = SplitNasProblem(BENCHMARK, SCARCE, table_errors)
    truth = exact_front(problem).points
    for point in searched("nsga2", problem, budget=300)[0].objectives():
        assert (truth <= point).all(axis=1).any()


# Reference directions


@pytest.mark.parametrize(
    ("n_obj", "pop_size", "n_directions"),
    [
        (1, 50, 1),
        (2, 50, 50),
        (2, 2, 2),
        # Simplex lattices of three: 3, 6, 10, 15, 21, 28, 36, 45, 55 directions
        (3, 50, 45),
        (3, 55, 55),
        (3, 3, 3),
        # of four: 4, 10, 20, 35, 56
        (4, 50, 35),
    ],
)
def test_directions_are_the_finest_lattice_the_population_holds(n_obj, pop_size, n_directions):
    directions = reference_directions(n_obj, SearchConfig(pop_size=pop_size))
    assert directions.shape == (n_directions, n_obj)
    np.testing.assert_allclose(directions.sum(axis=1), 1.0)
    assert (directions >= 0).all()


def test_a_population_smaller_than_the_objectives_gets_one_direction_an_objective():
    directions = reference_directions(3, SearchConfig(pop_size=2))
    np.testing.assert_array_equal(np.sort(directions, axis=0), [[0, 0, 0], [0, 0, 0], [1, 1, 1]])


def test_three_objectives_and_a_tiny_population_print_nothing(nasbench, table_errors, capsys):
    objectives = ("error", "latency_ms", "payload_bytes")
    problem = SplitNasProblem(BENCHMARK, Scenario(), table_errors, objectives=objectives)
    for name in PYMOO:
        searched(name, problem, budget=20, pop_size=2)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


# What an entry says of its algorithm

#: Another value than its default for every field that only some algorithms read.
OTHER_VALUES = {
    "alpha": 3.0,
    "crossover": "mine:Crossover",
    "delta0": 0.5,
    "fixed_cut": 3,
    "is_warm": False,
    "mutation": "mine:Mutation",
    "n_samples": 4,
    "n_thresholds": 3,
    "patience": 20,
    "penalty_weight": 0.5,
    "pop_size": 30,
    "refine_split": True,
    "sampling": "mine:Sampling",
    "share_samples": True,
    "threshold_order": "rising",
    "threshold_rule": "penalty",
}


def test_every_optional_field_is_tried():
    assert OTHER_VALUES.keys() == optional_fields()


@pytest.mark.parametrize("name", sorted(own_algorithms()))
@pytest.mark.parametrize("field", sorted(OTHER_VALUES))
def test_an_option_is_read_or_refused_by_its_name(name, field):
    config = SearchConfig(algorithm=name, **{field: OTHER_VALUES[field]})
    entry = algorithm(name)
    require_read_options(SearchConfig(algorithm=name), entry)
    if field in entry.options:
        require_read_options(config, entry)
        return
    option = {"is_warm": "--cold-start"}.get(field, f"--{field.replace('_', '-')}")
    value = "" if isinstance(OTHER_VALUES[field], bool) else f" {OTHER_VALUES[field]}"
    message = (
        f"{option} must be used with one of .*, got {option}{value} with --algo {name}, which does "
        f"not read it. Leave out {option}."
    )
    with pytest.raises(ConfigError, match=message) as refused:
        require_read_options(config, entry)
    readers = str(refused.value).partition(" one of ")[2].partition(", got")[0].split(", ")
    assert readers == [other for other, one in own_algorithms().items() if field in one.options]


class Watched(SearchConfig):
    """Notes which of its fields are read."""

    def __getattribute__(self, name):
        if name in ("__dict__", "population"):
            return super().__getattribute__(name)
        vars(self).setdefault("_seen", set()).add(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize("name", NAMES)
def test_an_algorithm_reads_what_its_entry_says_and_nothing_else(name, staircase):
    config = Watched(algorithm=name, budget=60)
    vars(config)["_seen"] = set()
    Search(staircase, config).run()
    assert vars(config)["_seen"] & optional_fields() == algorithm(name).options


@pytest.mark.parametrize("name", BUDGETED)
def test_a_longer_search_begins_as_a_shorter_one_unless_it_plans_by_its_budget(name):
    short, long = (searched(name, Staircase(), budget=n)[0].genes() for n in (150, 450))
    assert (short == long[:150]).all() != algorithm(name).plans_by_budget


def test_an_entry_cannot_read_what_is_no_field():
    with pytest.raises(ValueError, match="must name fields of SearchConfig, got nasc_mode"):
        Algorithm(print, reads=frozenset({"nasc_mode"}))


def test_a_bare_function_may_read_any_option_but_not_refine():
    assert Algorithm.of_function(print).options == optional_fields() - {"refine_split"}


def test_a_run_refuses_an_option_that_its_algorithm_does_not_read():
    config = RunConfig(problem="toy", search=SearchConfig(algorithm="nasc", pop_size=30))
    with pytest.raises(ConfigError, match="got --pop-size 30 with --algo nasc"):
        run(config)
