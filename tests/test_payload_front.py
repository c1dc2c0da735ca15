"""What the payload does to the error, from the scenario to the front and the command line."""

import json

import numpy as np
import pytest

from evonasc.benchmark import HarmlessSource, PayloadSource
from evonasc.cli import main
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.front import non_dominated
from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.errors.joined import JoinedOrder
from evonasc.nasbench201.errors.payload_model import shipped_model
from evonasc.nasbench201.errors.supernet_scores import SupernetScores, shipped_scores
from evonasc.problems import SplitNasProblem
from evonasc.search.design_latency import best_cuts
from evonasc.search.refinement import require_refinable
from evonasc.supernet.error_table import ErrorTable

#: The network of least error among all.
BEST = (3, 1, 1, 1, 3, 3)
LOSSY = Scenario(packet_loss=0.05, retransmit=False)


@pytest.fixture(scope="module")
def scored():
    return SupernetScores()


def every_cut(problem, operations=BEST):
    """Return one network at every allowed cut, ``(n, n_genes)``."""
    genes = np.zeros((20, problem.designs.n_genes), dtype=np.int64)
    genes[:, :6] = operations
    genes[:, 6] = np.arange(20)
    return genes[problem.designs.is_valid(genes)]


def test_with_four_bits_the_best_cut_is_not_the_fastest(nasbench, scored):
    problem = SplitNasProblem(BENCHMARK, Scenario(payload_bits=(4,)), scored)
    genes = every_cut(problem)
    points = problem.objective_values(problem.checked_columns(genes))
    on_front = problem.designs.split_point(genes[non_dominated(points)])
    (fastest,) = problem.designs.split_point(best_cuts(problem, np.array([BEST]))[0])
    assert fastest in on_front
    assert len(on_front) >= 3  # slower cuts that send less of what rounding harms
    assert np.ptp(points[:, 0]) > 0.002
    # with eight bits the error is the network's own, and only the fastest cut is left
    whole = SplitNasProblem(BENCHMARK, Scenario(), scored)
    points = whole.objective_values(whole.checked_columns(genes))
    assert non_dominated(points).sum() == 1


def test_the_error_at_the_cut_is_the_networks_and_the_models_increase(nasbench, scored):
    problem = SplitNasProblem(BENCHMARK, LOSSY, scored)
    genes = every_cut(problem)
    own = scored.error(genes, designs=problem.designs)
    added = problem.columns(genes)["error"] - own
    cut = np.array([1, *[2] * 5, 3, *[4] * 5, 5, *[6] * 5])
    expected = shipped_model().increase(
        genes[:-1, :6],
        own[:-1],
        cut,
        bits=np.full(18, 8),
        packet_loss=np.full(18, 0.05),
        packet_bytes=np.full(18, 1460),
    )
    np.testing.assert_allclose(added, [*expected, 0], atol=1e-12)
    assert (expected > 0).all()


def test_no_loss_of_a_packet_that_is_sent_again_reaches_the_error(nasbench, scored):
    again = SplitNasProblem(BENCHMARK, Scenario(packet_loss=0.05), scored)
    once = SplitNasProblem(BENCHMARK, LOSSY, scored)
    genes = every_cut(again)[:18]
    slow, quick = again.columns(genes), once.columns(genes)
    assert (slow["error"] < quick["error"]).all()
    assert (slow["uplink_ms"] > quick["uplink_ms"]).all()


@pytest.mark.parametrize(
    ("changes", "is_cut_free"),
    [
        ({}, True),
        ({"payload_bits": (8, 32), "packet_loss": 0.1}, True),
        ({"payload_bits": (4, 8)}, False),
        ({"packet_loss": 0.1, "retransmit": False}, False),
    ],
)
def test_searches_are_told_whether_the_error_depends_on_the_cut(
    nasbench, scored, table_errors, changes, is_cut_free
):
    problem = SplitNasProblem(BENCHMARK, Scenario(**changes), scored)
    assert ("error" in problem.cut_free_columns) == is_cut_free
    if is_cut_free:
        require_refinable(problem)
    else:
        with pytest.raises(ConfigError, match="in which the cut matters, got error"):
            require_refinable(problem)
    # a source that knows nothing of payloads gives the network's error, and says so
    unaware = SplitNasProblem(BENCHMARK, Scenario(**changes), table_errors)
    assert "error" in unaware.cut_free_columns
    assert ("is unknown here and left out" in unaware.provenance()[1]) != is_cut_free


def test_the_default_front_is_that_of_the_networks_own_errors(nasbench, scored):
    problem = SplitNasProblem(BENCHMARK, Scenario(), scored)
    genes = every_cut(problem)
    own = scored.error(genes, designs=problem.designs)
    np.testing.assert_array_equal(problem.columns(genes)["error"], own)
    assert (
        "8 bits and more without lost values count as harmless (measured on the"
        in problem.provenance()[1]
    )
    lossy = SplitNasProblem(BENCHMARK, LOSSY, scored).provenance()
    assert lossy[1] == f"error at the cut: {shipped_model().header['summary']}"
    assert any("0.05 loss without resending" in line for line in lossy)


# Sources


def test_which_sources_know_what_payloads_do(scored):
    assert isinstance(scored, PayloadSource)
    assert issubclass(JoinedOrder, PayloadSource)
    assert isinstance(scored, HarmlessSource)
    assert not issubclass(ErrorTable, PayloadSource)


def test_the_joined_error_adds_the_same_model_to_its_own_error(nasbench):
    source = JoinedOrder()
    problem = SplitNasProblem(BENCHMARK, Scenario(payload_bits=(2,)), source)
    genes = every_cut(problem)
    added = problem.columns(genes)["error"] - source.error(genes, designs=problem.designs)
    assert (added[:18] > 0.005).all()
    assert added[18] == 0
    assert problem.provenance()[1] == f"error at the cut: {shipped_model().header['summary']}"


def test_scores_of_another_supernet_are_refused_before_the_search(nasbench):
    shipped = shipped_scores()
    other = SupernetScores(
        type(shipped)(**{**vars(shipped), "header": {"training": {"data": "x"}}})
    )
    SplitNasProblem(BENCHMARK, Scenario(), other)
    with pytest.raises(ConfigError, match="need the scores of the shipped supernet"):
        SplitNasProblem(BENCHMARK, LOSSY, other)


# Command line


@pytest.mark.slow
def test_a_run_on_a_link_that_loses_packets(tmp_path, capsys):
    arguments = ["run", "--budget", "60", "--pop-size", "20", "--no-plot", "--json"]
    lossy = ["--packet-loss", "0.01", "--no-retransmit", "--payload-bits", "2,4,8,32"]
    assert main([*arguments, *lossy, "--out", str(tmp_path / "r")]) == 0
    document = json.loads(capsys.readouterr().out)
    config = json.loads((tmp_path / "r" / "config.json").read_text(encoding="utf-8"))
    assert config["scenario"]["retransmit"] is False
    assert any("loss without resending" in line for line in document["provenance"])
    errors = {row["arch_str"]: row["error"] for row in document["front"]}
    assert len(errors) > 1


def test_scenario_files_say_it_too(tmp_path, capsys):
    toml = tmp_path / "lossy.toml"
    toml.write_text("packet_loss = 0.01\nretransmit = 1\n", encoding="utf-8")
    assert main(["run", "--scenario", str(toml), "--out", str(tmp_path / "r")]) == 2
    assert "retransmit must be true or false, got 1" in " ".join(capsys.readouterr().err.split())


def test_measuring_without_the_images_is_refused_in_one_line(tmp_path, capsys):
    pytest.importorskip("torch")
    arguments = ["supernet", "payload-effects", "--out", str(tmp_path / "x.npz")]
    assert main(arguments) == 2
    assert "needs the folder of its files: --data-root" in " ".join(capsys.readouterr().err.split())
    assert main([*arguments, "--networks", "0"]) == 2
    assert "networks must lie in [1, 5424], got 0" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "x.npz").exists()
