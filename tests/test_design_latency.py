import numpy as np
import pytest

from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.cells import SKIP
from evonasc.problems import SplitNasProblem, Staircase
from evonasc.search.design_latency import best_cuts

SCARCE = Scenario(max_payload_bytes=6000, payload_bits=(4, 8, 16), uplink_mbps=1.0)


class Unasked:
    """An error source that must not be asked."""

    provenance = "nowhere"

    def error(self, genes, *, designs):
        raise AssertionError


@pytest.fixture
def problem(nasbench):
    return SplitNasProblem(BENCHMARK, SCARCE, Unasked())


def enumerated(problem, network):
    """Return the least latency over all allowed designs of one network, by asking for each."""
    designs, found = problem.designs, []
    for cut in range(20):
        for width in range(3):
            design = np.array([[*network, cut, width]])
            if designs.is_valid(design)[0]:
                found.append(float(problem.latency_ms(designs.canonical(design))[0]))
    return min(found, default=np.inf)


def test_the_best_cut_is_what_asking_for_every_cut_and_width_finds(problem, nasbench, rng):
    networks = np.concatenate([nasbench.sample(12, rng=rng), [[0, 0, 0, SKIP, 0, 0]]])
    genes, latency = best_cuts(problem, networks)
    np.testing.assert_allclose(latency, [enumerated(problem, row) for row in networks.tolist()])
    assert problem.designs.is_valid(genes).all()
    np.testing.assert_array_equal(genes[:, :6], networks)
    np.testing.assert_allclose(problem.latency_ms(problem.designs.canonical(genes)), latency)


def test_a_network_without_an_allowed_cut_takes_forever(problem):
    genes, latency = best_cuts(problem, np.array([[0, 0, 3, 0, 3, 3], [0, 0, 0, 3, 0, 0]]))
    assert np.isinf(latency).tolist() == [True, False]
    assert problem.designs.is_valid(genes).tolist() == [False, True]


def test_the_staircase_tells_its_best_cut():
    # sum 10: the best cut is 10 mod 6 + 1 = 5, where the latency is the sum
    genes, latency = best_cuts(Staircase(), np.array([[4, 4, 2, 0, 0, 0]]))
    assert genes.tolist() == [[4, 4, 2, 0, 0, 0, 5]]
    assert latency.tolist() == [10.0]


def test_the_latency_is_the_problems_own_however_a_design_is_written(nasbench, table_errors, rng):
    """Dead edges, swapped nodes and cuts behind bare skips cost what the canonical design costs."""
    problem = SplitNasProblem(BENCHMARK, Scenario(), table_errors)
    genes = np.column_stack([rng.integers(5, size=(200, 6)), rng.integers(20, size=200)])
    genes = genes[nasbench.is_connected(genes[:, :6])]
    np.testing.assert_allclose(problem.latency_ms(genes), problem.columns(genes)["latency_ms"])


def test_a_width_can_be_kept(problem, nasbench, rng):
    networks, widths = nasbench.sample(30, rng=rng), rng.integers(3, size=30)
    genes, latency = best_cuts(problem, networks, widths=widths)
    np.testing.assert_array_equal(genes[:, 7], widths)
    np.testing.assert_array_equal(genes[:, :6], networks)
    for network, width, found in zip(networks.tolist(), widths.tolist(), latency, strict=True):
        each = np.array([[*network, cut, width] for cut in range(20)])
        allowed = each[problem.designs.is_valid(each)]
        assert found == problem.latency_ms(allowed).min()
    # 16 bits a value is at least twice as slow to send as 8, so keeping it costs time somewhere
    assert (latency > best_cuts(problem, networks)[1]).any()


def test_a_problem_without_latencies_is_refused():
    class Errors(Staircase):
        def columns(self, genes):
            return {"error": np.zeros(len(genes))}

    with pytest.raises(ConfigError, match=r"the column 'latency_ms' .*, got error\. Use --algo"):
        best_cuts(Errors(), np.array([[0, 0, 0, 0, 0, 0]]))
