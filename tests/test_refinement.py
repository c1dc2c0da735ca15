"""Refined cuts: where the cut is an argmin, every design of a search is its network's fastest."""

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.nasbench201 import BENCHMARK
from evonasc.problems import DesignProblem, SplitNasProblem, Staircase
from evonasc.problems.toy import ToySpace
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import exact_front
from evonasc.runs.prepare import Prepared
from evonasc.runs.run import run, run_prepared
from evonasc.search.algorithms import own_algorithms
from evonasc.search.config import SearchConfig
from evonasc.search.refinement import SplitRefinement
from evonasc.search.search import Search
from evonasc.space import DesignSpace

REFINING = [name for name, one in own_algorithms().items() if one.can_refine]
TWO_WIDTHS = Scenario(uplink_mbps=40.0, payload_bits=(8, 16), max_head_memory_bytes=500_000)


def searched(name, problem, *, budget=120, is_refined=True, seed=0):
    """Return the archive of a whole search."""
    config = SearchConfig(
        algorithm=name, budget=budget, pop_size=10, seed=seed, refine_split=is_refined
    )
    search = Search(problem, config).run()
    assert search.status == "complete"
    return search.archive


def fastest(problem, design):
    """Return the least latency over all allowed cuts of a design's network and width."""
    each = np.repeat(np.array([design]), problem.designs.space.n_blocks + 1, axis=0)
    each[:, problem.designs.space.n_operation_genes] = range(len(each))
    return problem.latency_ms(each[problem.designs.is_valid(each)]).min()


@pytest.mark.parametrize("name", REFINING)
def test_every_design_is_cut_where_its_network_is_fastest(name, staircase):
    archive = searched(name, staircase)
    genes = archive.genes()
    # by hand: the latency of a network at its best cut is its sum
    np.testing.assert_array_equal(archive.columns()["latency_ms"], genes[:, :6].sum(axis=1))
    # one design a network
    assert len(np.unique(genes[:, :6], axis=0)) == len(archive) == 120


@pytest.mark.parametrize("name", REFINING)
def test_without_refinement_cuts_are_searched(name, staircase):
    archive = searched(name, staircase, is_refined=False)
    is_late = archive.columns()["latency_ms"] > archive.genes()[:, :6].sum(axis=1)
    assert is_late.any()


@pytest.mark.slow
@pytest.mark.parametrize("name", REFINING)
def test_scarce_scenarios_are_kept_and_widths_too(name, nasbench, table_errors):
    problem = SplitNasProblem(BENCHMARK, TWO_WIDTHS, table_errors)
    archive = searched(name, problem, budget=60)
    genes, latency = archive.genes(), archive.columns()["latency_ms"]
    assert problem.designs.is_valid(genes).all()
    widths_of_cut = genes[genes[:, 6] < 19, 7]
    assert set(widths_of_cut.tolist()) == {0, 1}
    for design, found in list(zip(genes.tolist(), latency, strict=True))[::3]:
        # all on the device, a design has no width left that tells which one it was refined with
        widths = {design[7]} if design[6] < 19 else {0, 1}
        assert any(
            found == pytest.approx(fastest(problem, [*design[:7], width])) for width in widths
        )


def test_only_the_cut_is_moved_and_repeats_cost_no_latency(nasbench, table_errors, rng):
    problem = SplitNasProblem(BENCHMARK, TWO_WIDTHS, table_errors)
    refinement = SplitRefinement(problem)
    genes = problem.designs.sample(40, rng=rng)
    before = genes.copy()
    first = refinement.refined(genes)
    np.testing.assert_array_equal(genes, before)
    np.testing.assert_array_equal(np.delete(first, 6, axis=1), np.delete(genes, 6, axis=1))
    assert (first[:, 6] != genes[:, 6]).any()
    problem.latency_ms = None  # not asked again, however a network is spelled
    spelled = genes.copy()
    spelled[:, :6] = nasbench.respell(genes[:, :6], rng=rng)
    again = refinement.refined(spelled)
    np.testing.assert_array_equal(
        problem.designs.canonical(again), problem.designs.canonical(first)
    )
    assert refinement.refined(genes[:0]).shape == (0, 8)


@pytest.mark.parametrize("name", [name for name in REFINING if name != "moead"])
def test_no_network_is_asked_for_twice(name, staircase):
    """Known networks are dropped before they are asked for; random and NASC draw again."""
    archive = searched(name, staircase, budget=300)
    assert archive.n_requested >= 300
    if name not in ("random", "nasc"):
        assert archive.n_requested <= 310


class FewNetworks(DesignProblem):
    """Twenty-five networks of six cuts; the sum is to be small and large."""

    cut_free_columns = frozenset({"error"})

    def __init__(self):
        def rule(operations, bits):
            return (operations[:, 2:] == 0).all(axis=1)[:, None, None] & (np.arange(7) > 0)

        names = ("error", "latency_ms")
        super().__init__(DesignSpace(ToySpace(), (8,), rule), objectives=names, known_columns=names)

    def columns(self, genes):
        total = genes[:, :2].sum(axis=1).astype(float)
        return {"error": 1 - total / 8, "latency_ms": total + genes[:, 6]}


@pytest.mark.parametrize("name", ["nsga2", "nsga3", "random", "sms-emoa", "deap-nsga2"])
def test_a_budget_beyond_the_networks_ends(name):
    problem = FewNetworks()
    config = SearchConfig(algorithm=name, budget=1000, pop_size=10, refine_split=True)
    archive = Search(problem, config).run().archive
    assert len(archive) <= 25
    np.testing.assert_array_equal(archive.genes()[:, 6], 1)
    # nine sums, each on the front
    assert len(archive.front_rows()) == 9


def test_the_true_front_is_not_lost(nasbench, table_errors):
    """Every point of it is the fastest cut of some network and width."""
    problem = SplitNasProblem(BENCHMARK, TWO_WIDTHS, table_errors)
    truth = exact_front(problem)
    refined = SplitRefinement(problem).refined(truth.genes)
    np.testing.assert_allclose(problem.latency_ms(refined), truth.points[:, 1])


def test_the_same_seed_gives_the_same_evaluations(staircase):
    one, same, other = (searched("nsga2", staircase, seed=seed).genes() for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


# Where it has no meaning


def test_a_run_that_cannot_refine_is_refused_before_it_searches(staircase):
    config = RunConfig(problem="toy", search=SearchConfig(algorithm="hwnas", refine_split=True))
    with pytest.raises(
        ConfigError, match="--refine-split must be used with one of .* --algo hwnas,"
    ):
        run(config)
    staircase.cut_free_columns = frozenset()
    config = RunConfig(problem="toy", search=SearchConfig(refine_split=True))
    with pytest.raises(ConfigError, match="got error"):
        run_prepared(Prepared.of(staircase, config))


@pytest.mark.parametrize("name", REFINING)
@pytest.mark.parametrize("bound", ["payload_bytes", "energy_mj", "head_ms", "head_memory_bytes"])
def test_objectives_in_which_the_cut_matters_are_refused(name, bound, nasbench, table_errors):
    objectives = ("error", "latency_ms", bound)
    problem = SplitNasProblem(BENCHMARK, Scenario(), table_errors, objectives=objectives)
    config = SearchConfig(algorithm=name, budget=20, refine_split=True)
    with pytest.raises(ConfigError, match=f"got {bound}: slower cuts .* Leave out --refine-split"):
        Search(problem, config).ask()


def test_other_cuts_than_the_fastest_do_lie_on_those_fronts(nasbench, table_errors):
    """Why they are refused; here where waiting costs nothing, so that energy favours sending."""
    objectives = ("error", "latency_ms", "energy_mj")
    scenario = Scenario(head_idle_power_mw=0.0)
    problem = SplitNasProblem(BENCHMARK, scenario, table_errors, objectives=objectives)
    truth = exact_front(problem)
    refined = SplitRefinement(problem).refined(truth.genes)
    assert (problem.latency_ms(refined) < truth.points[:, 1] - 1e-9).any()


def test_latency_must_be_an_objective(nasbench, table_errors):
    problem = SplitNasProblem(BENCHMARK, Scenario(), table_errors, objectives=("error", "head_ms"))
    with pytest.raises(ConfigError, match="latency_ms must be an objective, got error, head_ms"):
        SplitRefinement.of(problem, SearchConfig(refine_split=True))


def test_a_payload_that_raises_the_error_is_refused(nasbench, table_errors):
    """How much it does so depends on the cut."""

    class Source:
        provenance = "made up"
        error = staticmethod(table_errors.error)

        def payload_increase(self, genes, *, designs, scenario):
            return 0.01 * designs.split_point(genes)

        def payload_provenance(self):
            return "made up"

    asked = SearchConfig(refine_split=True)
    SplitRefinement.of(SplitNasProblem(BENCHMARK, Scenario(payload_bits=(8,)), Source()), asked)
    with pytest.raises(ConfigError, match="got error: slower cuts"):
        SplitRefinement.of(SplitNasProblem(BENCHMARK, Scenario(payload_bits=(2,)), Source()), asked)


def test_a_problem_that_does_not_say_what_the_cut_leaves_alone_is_refused():
    class Silent(Staircase):
        cut_free_columns = frozenset()

    with pytest.raises(ConfigError, match="got error: slower cuts"):
        SplitRefinement.of(Silent(), SearchConfig(refine_split=True))
    SplitRefinement.of(Silent(), SearchConfig())  # nothing is asked of it


def test_the_command_line_refines_or_refuses_and_then_writes_nothing(tmp_path, capsys):
    run = ["run", "--budget", "60", "--no-plot", "--quiet", "--refine-split"]
    assert main([*run, "--out", str(tmp_path / "r")]) == 0
    for extra in (["--algo", "hwnas"], ["--objectives", "latency_ms,energy_mj"]):
        assert main([*run, *extra, "--out", str(tmp_path / "s")]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(
            ("evonasc: error: refine_split must", "evonasc: error: --refine-spl")
        )
    assert [path.name for path in tmp_path.iterdir()] == ["r"]
