import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import genes_of

from evonasc.cost.cuts import design_space
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, EvaluationError, GenomeError, UnknownNameError
from evonasc.front import non_dominated
from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.space import NasBench201
from evonasc.problems import DesignProblem, SplitNasProblem, Staircase
from evonasc.problems.objective_table import OBJECTIVES
from evonasc.problems.split_nas import DEFAULT_OBJECTIVES
from evonasc.problems.toy import ToySpace
from evonasc.search.config import SearchConfig
from evonasc.search.search import Search

THREE_WIDTHS = Scenario(payload_bits=(4, 8, 32), min_split=0, one_way_delay_ms=3.0)
GENES = genes_of(design_space(THREE_WIDTHS, NasBench201()))


class Fixed(DesignProblem):
    """Returns the columns it is given."""

    def __init__(self, columns, *, objectives=("a",)):
        super().__init__(Staircase().designs, objectives=objectives, known_columns=("a", "b"))
        self.given = columns

    def columns(self, genes):
        return self.given


DESIGN = [0, 1, 2, 3, 4, 0, 5]


# Every problem


@pytest.mark.parametrize(
    ("genes", "message"),
    [
        (np.array([DESIGN]).astype(float), "must be integers, got dtype float64"),
        (np.full((1, 7), np.nan), "must be integers"),
        (np.array(DESIGN), r"must have shape \(n, n_genes\) = \(n, 7\), got \(7,\)"),
        (np.array([DESIGN])[:, :6], r"got \(1, 6\)"),
        (np.array([[*DESIGN[:6], 7]]), r"split_point must lie in \[0, 6\], got 7"),
        (np.array([DESIGN, [0, 9, 0, 0, 0, 0, 1]]), "gene 1 must lie in .*, got 9 in row 1"),
    ],
)
def test_what_is_no_design_is_refused_before_evaluation(genes, message, staircase):
    with pytest.raises(GenomeError, match=message):
        staircase.checked_columns(genes)
    with pytest.raises(GenomeError, match=message):
        staircase._evaluate(genes, {})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_names_column_and_genes(value):
    problem = Fixed({"a": np.array([1.0, 2.0]), "b": np.array([1.0, value])})
    wanted = r"b must be finite, got -?(nan|inf) for genes \[0, 1, 2, 3, 4, 0, 6\]"
    with pytest.raises(EvaluationError, match=wanted):
        problem.checked_columns(np.array([DESIGN, [*DESIGN[:6], 6]]))


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 1), ()])
def test_a_column_of_another_length_is_refused(shape):
    with pytest.raises(EvaluationError, match=r"a must have shape \(n,\) = \(2,\), got"):
        Fixed({"a": np.ones(shape)}).checked_columns(np.array([DESIGN, DESIGN]))


def test_pymoo_sees_the_objectives_in_the_order_asked_for():
    columns = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}
    problem = Fixed(columns, objectives=("b", "a"))
    assert (problem.n_obj, problem.n_var) == (2, 7)
    assert problem.xl.tolist() == [0] * 7
    assert problem.xu.tolist() == [4] * 6 + [6]
    assert problem.evaluate(np.array([DESIGN, DESIGN])).tolist() == [[3.0, 1.0], [4.0, 2.0]]


@pytest.mark.parametrize(
    ("objectives", "error", "message"),
    [
        (("a", "c"), UnknownNameError, "Unknown objective 'c'. Known: a, b"),
        ((), ConfigError, "at least one column, each once"),
        (("a", "a"), ConfigError, "at least one column, each once"),
    ],
)
def test_objectives_that_are_no_columns_are_refused(objectives, error, message):
    with pytest.raises(error, match=message):
        Fixed({}, objectives=objectives)


# The staircase


def test_the_front_of_the_staircase_is_what_enumeration_finds(staircase):
    genes = np.array(list(itertools.product(*[range(5)] * 6, range(1, 7))))
    points = np.unique(staircase.objective_values(staircase.checked_columns(genes)), axis=0)
    front = points[non_dominated(points)]
    np.testing.assert_allclose(front, Staircase.front()[::-1])
    # nothing is better than the closed form: sums 0 to 24, one miss more is one ms more
    assert len(front) == 25


def test_staircase_by_hand(staircase):
    # sum 10: error 1 - 10/24; 10 mod 6 = 4, so cut 5 is best and cut 2 is 3 off
    genes = np.array([[4, 4, 2, 0, 0, 0, 5], [0, 0, 0, 2, 4, 4, 2]])
    columns = staircase.columns(genes)
    np.testing.assert_allclose(columns["error"], [14 / 24, 14 / 24])
    assert columns["latency_ms"].tolist() == [10.0, 13.0]


def test_staircase_never_uploads_the_raw_input(staircase):
    genes = np.array([[0] * 6 + [cut] for cut in range(7)])
    assert staircase.designs.is_valid(genes).tolist() == [False] + [True] * 6


def test_toy_networks_are_written_as_digits():
    space = ToySpace()
    assert space.from_text(["012343", "000000"]).tolist() == [[0, 1, 2, 3, 4, 3], [0] * 6]
    assert space.to_text(np.array([[0, 1, 2, 3, 4, 3]])) == ["012343"]
    assert len(np.unique(space.networks(), axis=0)) == 5**6


@pytest.mark.parametrize("text", ["01234", "0123450", "012345", "01234x", "", "-12340"])
def test_toy_networks_of_another_form_are_refused(text):
    with pytest.raises(GenomeError, match="must be six digits from 0 to 4, got"):
        ToySpace().from_text([text])


# Split computing

#: All that a link of one rate has.
EVERY = tuple(name for name in OBJECTIVES if name not in ("latency_p95_ms", "miss_probability"))


def test_no_objective_is_forgotten():
    assert sorted(EVERY) == [
        "energy_mj",
        "error",
        "head_memory_bytes",
        "head_ms",
        "latency_ms",
        "payload_bytes",
    ]


@pytest.fixture(scope="module")
def problem(table_errors):
    return SplitNasProblem(BENCHMARK, THREE_WIDTHS, table_errors, objectives=EVERY)


@settings(max_examples=50)
@given(GENES)
def test_designs_that_build_the_same_have_the_same_values(problem, genes):
    """Every column is that of the canonical design, and no other design shares it by accident."""
    connected = genes[problem.designs.space.is_connected(problem.designs.operations(genes))]
    columns = problem.checked_columns(connected)
    canonical = problem.checked_columns(problem.designs.canonical(connected))
    for name, values in columns.items():
        np.testing.assert_array_equal(values, canonical[name])


@settings(max_examples=25)
@given(GENES, st.randoms(use_true_random=False))
def test_a_design_is_worth_the_same_in_any_batch(problem, genes, random):
    genes = genes[problem.designs.space.is_connected(problem.designs.operations(genes))]
    order = list(range(len(genes)))
    random.shuffle(order)
    together, shuffled = problem.columns(genes), problem.columns(genes[order])
    for name, values in together.items():
        # sums over blocks may round differently in another batch
        np.testing.assert_allclose(shuffled[name], values[order], rtol=1e-12)
    for row in range(len(genes)):
        alone = problem.columns(genes[row : row + 1])
        for name, values in together.items():
            np.testing.assert_allclose(alone[name][0], values[row], rtol=1e-12)


def designs_of_every_cut(cell):
    return np.array([[*cell, cut, 1] for cut in range(20)])


def test_head_uplink_and_tail_add_up_to_the_latency(problem, rng):
    columns = problem.columns(problem.designs.sample(300, rng=rng))
    parts = columns["head_ms"] + columns["uplink_ms"] + columns["tail_ms"]
    np.testing.assert_allclose(columns["latency_ms"], parts)
    assert all((columns[name] >= 0).all() for name in ("head_ms", "uplink_ms", "tail_ms"))


def test_the_further_the_cut_the_more_head_and_the_less_tail(problem):
    columns = problem.columns(designs_of_every_cut((3, 1, 2, 4, 1, 3)))
    assert (np.diff(columns["head_ms"]) > 0).all()
    assert (np.diff(columns["tail_ms"]) < 0).all()
    assert (np.diff(columns["head_memory_bytes"]) >= 0).all()


def test_with_everything_on_the_device_nothing_is_sent(problem):
    everything = {name: v[19] for name, v in problem.columns(designs_of_every_cut([3] * 6)).items()}
    assert everything["payload_bytes"] == everything["uplink_ms"] == everything["tail_ms"] == 0.0
    assert everything["head_ms"] == everything["latency_ms"]


def test_with_nothing_on_the_device_it_spends_on_sending_and_waiting(problem):
    nothing = {name: v[0] for name, v in problem.columns(designs_of_every_cut([3] * 6)).items()}
    assert nothing["head_ms"] == 0.0
    assert nothing["payload_bytes"] == 3 * 32 * 32
    # 3 packets: 3072 + 3 * 40 bytes at 10 Mbit/s, 10,000 bits a ms
    sending_ms = (3072 + 3 * 40) * 8 / 10_000
    assert nothing["uplink_ms"] == pytest.approx(sending_ms + 3.0)
    # wifi at 10 Mbit/s: 283.17 * 10 + 132.86 mW; the board waits at 2.7 W
    waiting = 2.7 * nothing["latency_ms"]
    assert nothing["energy_mj"] == pytest.approx(2964.56 * sending_ms / 1000 + waiting)


def test_the_error_is_asked_of_canonical_designs(problem, table_errors):
    """A source that keys on genes must not see two spellings of one network."""
    chain, swapped = [3, 0, 0, 0, 2, 0, 4, 1], [0, 3, 0, 0, 0, 2, 4, 1]
    errors = problem.columns(np.array([chain, swapped]))["error"]
    assert errors[0] == errors[1]
    assert errors[0] in table_errors.table


def test_error_and_latency_are_minimised_by_default(nas201, table_errors):
    problem = SplitNasProblem(nas201, Scenario(), table_errors)
    assert problem.objectives == DEFAULT_OBJECTIVES == ("error", "latency_ms")
    assert "energy_mj" not in problem.columns(np.array([[0, 0, 0, 3, 0, 0, 5]]))


def test_an_unknown_objective_is_refused_with_the_close_match(nas201, table_errors):
    with pytest.raises(UnknownNameError, match=r"Did you mean 'latency_ms'"):
        SplitNasProblem(nas201, Scenario(), table_errors, objectives=("latency",))


def test_energy_without_a_known_power_is_refused_before_the_search(nas201, table_errors):
    objectives = ("error", "energy_mj")
    scenario = Scenario(head_hardware="1080ti")
    with pytest.raises(ConfigError, match=r"power of '1080ti'.* Give --head-power-mw"):
        SplitNasProblem(nas201, scenario, table_errors, objectives=objectives)
    known = Scenario(head_hardware="1080ti", head_power_mw=2000.0)
    problem = SplitNasProblem(nas201, known, table_errors, objectives=objectives)
    columns = problem.columns(np.array([[0, 0, 0, 3, 0, 0, 19]]))
    # everything on the device: 2 W times the head's time
    assert columns["energy_mj"][0] == pytest.approx(2000 * columns["head_ms"][0] / 1000)


def test_a_scenario_deeper_than_the_network_is_refused(nas201, table_errors):
    with pytest.raises(ConfigError, match=r"min_split must lie in \[0, n_blocks\] = \[0, 19\]"):
        SplitNasProblem(nas201, Scenario(min_split=20), table_errors)


class Broken:
    provenance = "nowhere"

    def error(self, genes, *, designs):
        return np.where(genes[:, 6] == 7, np.nan, 0.5)


def test_an_error_that_is_no_number_names_the_design(nas201):
    problem = SplitNasProblem(nas201, Scenario(), Broken())
    genes = np.array([[0, 0, 0, 3, 0, 0, 6], [0, 0, 0, 3, 0, 0, 7]])
    wanted = r"error must be finite, got nan for genes \[0, 0, 0, 3, 0, 0, 7\]"
    with pytest.raises(EvaluationError, match=wanted):
        problem.evaluate(genes)


# What searches ask besides columns


class Unasked:
    """An error source that must not be asked."""

    provenance = "nowhere"

    def error(self, genes, *, designs):
        raise AssertionError


def test_latencies_are_known_without_asking_for_an_error(nas201, nasbench, table_errors, rng):
    genes = rng.integers(0, design_space(THREE_WIDTHS, nasbench).n_choices, size=(50, 8))
    genes = genes[nasbench.is_connected(genes[:, :6])]
    latency = SplitNasProblem(nas201, THREE_WIDTHS, Unasked()).latency_ms(genes)
    columns = SplitNasProblem(nas201, THREE_WIDTHS, table_errors).columns(genes)
    np.testing.assert_array_equal(latency, columns["latency_ms"])
    parts = columns["head_ms"] + columns["uplink_ms"] + columns["tail_ms"]
    np.testing.assert_allclose(latency, parts)


def test_the_latency_of_any_problem_is_its_column(staircase):
    # sum 10, best cut 10 mod 6 + 1 = 5; the cut at 2 lies three off
    genes = np.array([[4, 4, 2, 0, 0, 0, 5], [4, 4, 2, 0, 0, 0, 2]])
    assert staircase.latency_ms(genes).tolist() == [10.0, 13.0]


def test_a_problem_without_latencies_says_so():
    with pytest.raises(ConfigError, match="must have the column 'latency_ms' .*, got a, b. Use"):
        Fixed({"a": np.zeros(1), "b": np.zeros(1)}).latency_ms(np.array([DESIGN]))


class Renamed(Staircase):
    """The staircase without one of its columns."""

    def __init__(self, missing):
        super().__init__()
        self.missing = missing

    def columns(self, genes):
        columns = super().columns(genes)
        columns["size"] = columns.pop(self.missing)
        return columns


@pytest.mark.parametrize("missing", ["error", "latency_ms"])
@pytest.mark.parametrize("name", ["nasc", "hwnas"])
def test_searches_under_thresholds_refuse_problems_without_their_columns(name, missing):
    problem = Renamed(missing)
    problem.objectives = ("size",)
    with pytest.raises(ConfigError, match=f"must have the column '{missing}'"):
        Search(problem, SearchConfig(algorithm=name, budget=150)).run()
