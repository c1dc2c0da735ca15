import numpy as np
import pytest

from evonasc.cli import main
from evonasc.errors import ConfigError, EvaluationError
from evonasc.nasbench201.cells import (
    all_cells,
    canonical_cells,
    canonical_connected_cells,
    is_connected,
)
from evonasc.nasbench201.errors.joined import (
    VOTING_PROXIES,
    JoinedOrder,
    joined_score,
    proxy_signals,
    shipped_votes,
)
from evonasc.nasbench201.errors.rank import rank_quality, read_truth
from evonasc.nasbench201.errors.supernet_scores import shipped_scores
from evonasc.nasbench201.space import NasBench201
from evonasc.problems import Staircase
from evonasc.runs.folder import read_config
from evonasc.space import DesignSpace
from evonasc.supernet.network_list import networks_digest
from evonasc.supernet.proxy_table import MEASURED, ProxyTable
from evonasc.supernet.rank_aggregation import join_orders
from evonasc.supernet.score_table import ScoreTable

SPACE = NasBench201()

CELLS = canonical_connected_cells()


def made_up_scores(seed, cells=CELLS, header=None):
    rng = np.random.default_rng(seed)
    loss = 1 + rng.random(len(cells))
    n_right = np.rint(1000 * np.exp(-loss)).astype(np.int64)
    return ScoreTable(cells, loss, n_right, 1000, header or {}, space=SPACE)


@pytest.fixture
def table(rng):
    return ProxyTable(CELLS, rng.normal(size=(2, len(CELLS), len(MEASURED))), {}, space=SPACE)


@pytest.fixture
def designs():
    return DesignSpace(NasBench201(), (8,), lambda cells, bits: np.ones((*bits.shape, 20), bool))


def test_the_joined_score_is_the_mean_log_rank_of_every_vote(table):
    """Counted by comparing all pairs, not by sorting."""
    scores = [made_up_scores(1), made_up_scores(2)]
    rows = np.arange(0, len(CELLS), 500)
    supernets = [vote for one in scores for vote in (-one.loss, -one.top1_error)]
    votes = [*proxy_signals(table).values(), *supernets]
    expected = np.zeros(len(rows))
    for vote in votes:
        below = (vote < vote[rows, None]).sum(axis=1)
        equal = (vote == vote[rows, None]).sum(axis=1)
        expected += np.log((below + (equal + 1) / 2) / len(CELLS)) / len(votes)
    assert len(votes) == len(VOTING_PROXIES) + 4
    np.testing.assert_allclose(joined_score(table, scores)[rows], expected)


def test_every_supernet_has_its_votes(table):
    one, two = made_up_scores(1), made_up_scores(2)
    alone, both = joined_score(table, [one]), joined_score(table, [one, two])
    assert not np.array_equal(np.argsort(alone), np.argsort(both))
    np.testing.assert_allclose(joined_score(table, [two, one]), both)


def of_a_choice(seed, cells):
    return made_up_scores(seed, cells, {"networks": networks_digest(cells, space=SPACE)})


def test_supernets_of_a_choice_share_its_places_out_anew(table):
    rows = np.arange(3, len(CELLS), 7)
    whole, choice = made_up_scores(1), of_a_choice(2, CELLS[rows])
    first, both = joined_score(table, [whole]), joined_score(table, [whole, choice])
    others = np.setdiff1d(np.arange(len(CELLS)), rows)
    np.testing.assert_array_equal(both[others], first[others])
    np.testing.assert_array_equal(np.sort(both[rows]), np.sort(first[rows]))
    votes = [-whole.loss[rows], -whole.top1_error[rows], -choice.loss, -choice.top1_error]
    np.testing.assert_array_equal(np.argsort(both[rows]), np.argsort(join_orders(votes)))


def test_smaller_choices_come_after_larger_ones_and_those_vote_again(table):
    large, small = np.arange(2000), np.arange(500, 900)
    scores = [made_up_scores(1), of_a_choice(2, CELLS[small]), of_a_choice(3, CELLS[large])]
    found = joined_score(table, scores)
    before = joined_score(table, [scores[0], scores[2]])
    np.testing.assert_array_equal(np.sort(found[small]), np.sort(before[small]))
    in_small = [(scores[0], small), (scores[1], np.arange(400)), (scores[2], small)]
    votes = [vote[rows] for one, rows in in_small for vote in (-one.loss, -one.top1_error)]
    np.testing.assert_array_equal(np.argsort(found[small]), np.argsort(join_orders(votes)))
    np.testing.assert_array_equal(joined_score(table, scores[::-1]), found)


def test_an_unfinished_choice_is_refused(table):
    choice = of_a_choice(2, CELLS[:50])
    part = ScoreTable(
        choice.networks[:40],
        choice.loss[:40],
        choice.n_right[:40],
        1000,
        choice.header,
        space=SPACE,
    )
    with pytest.raises(ConfigError, match="chosen networks must cover all of these, got 40"):
        joined_score(table, [made_up_scores(1), part])


def test_errors_keep_the_joined_order_on_the_supernets_scale(table, designs):
    scores = made_up_scores(1)
    source = JoinedOrder(table, [scores])
    error = source.errors.of_networks(CELLS)
    assert np.array_equal(np.argsort(error), np.argsort(-joined_score(table, [scores])))
    assert error.min() == pytest.approx(scores.top1_error.min(), abs=0.5 / 1000)
    assert error.max() == pytest.approx(scores.top1_error.max(), abs=0.5 / 1000)
    genes = np.concatenate([CELLS[::50], np.full((len(CELLS[::50]), 1), 3)], axis=1)
    np.testing.assert_array_equal(source.error(genes, designs=designs), error[::50])


def test_every_spelling_has_an_error_and_disconnected_cells_have_none(table):
    cells = all_cells()
    errors = JoinedOrder(table, [made_up_scores(1)]).errors.of_networks(canonical_cells(cells))
    assert np.array_equal(np.isnan(errors), ~is_connected(cells))


def test_the_provenance_says_what_took_part(table):
    one = JoinedOrder(table, [made_up_scores(1)]).provenance
    assert "loss and top-1 error of one supernet" in one
    two = JoinedOrder(table, [made_up_scores(1), made_up_scores(2)]).provenance
    assert "2 supernets" in two
    assert "no benchmark accuracy fitted;" in two
    three = JoinedOrder(table, [made_up_scores(1), of_a_choice(2, CELLS[:1500])]).provenance
    assert "; 1,500 of the best ordered again by supernets trained for them; no" in three


def test_what_does_not_fit_is_refused(table, designs):
    for scores in ([], [of_a_choice(2, CELLS[:50]), made_up_scores(1)]):
        with pytest.raises(ConfigError, match="at least one score file for its scale, and the"):
            JoinedOrder(table, scores)
    with pytest.raises(ConfigError, match="must cover the 5424 networks of the proxies, got 5423"):
        JoinedOrder(table, [made_up_scores(1, CELLS[:-1])])
    table.values[0, 0, 0] = np.nan
    with pytest.raises(ConfigError, match="proxies must be complete"):
        JoinedOrder(table, [made_up_scores(1)])


def test_a_network_without_a_place_is_named(table, designs):
    source = JoinedOrder(table, [made_up_scores(1)])
    with pytest.raises(EvaluationError, match=r"The joined order must hold .* it lacks \|none~0\|"):
        source.error(np.array([[0, 0, 0, 0, 0, 0, 3]]), designs=designs)
    with pytest.raises(ConfigError, match="knows the space 'nasbench201' only"):
        source.error(np.zeros((1, 7), dtype=np.int64), designs=Staircase().designs)


def test_the_shipped_order_covers_every_network():
    error = JoinedOrder().errors.of_networks(CELLS)
    assert np.isfinite(error).all()
    assert error.min() == pytest.approx(shipped_scores().top1_error.min())


def test_the_shipped_voters_are_of_all_networks_then_of_the_best():
    *few_shot, first, second = shipped_votes()
    assert [len(split.networks) for split in few_shot] == [len(CELLS)] * 2
    assert [split.header["split_edge"] for split in few_shot] == [0, 5]
    best = (first, second)
    assert [len(one.networks) for one in best] == [1085, 1085]
    assert all(one.is_complete for one in best)
    # Scored on images that no supernet on the way had seen.
    trainings = [one.header["training"] for one in (*shipped_votes(), shipped_scores())]
    splits = {training.get("split", training["seed"]) for training in trainings}
    assert splits == {0}
    assert {training["n_validation"] for training in trainings} == {5000}


def test_a_run_on_the_joined_error_says_so(tmp_path, capsys):
    run = ["run", "--algo", "random", "--budget", "30", "--accuracy", "joined", "--no-plot"]
    assert main([*run, "--out", str(tmp_path / "r")]) == 0
    capsys.readouterr()
    assert main(["show", str(tmp_path / "r"), "--provenance"]) == 0
    assert "order joined by log ranks" in " ".join(capsys.readouterr().out.split())
    assert read_config(tmp_path / "r").error.name == "joined"


def test_the_shipped_order_is_as_good_as_promised(shared_data):
    """No accuracy took part in it: 0.75 is the bar, on all cells and on the connected ones."""
    truth = read_truth(shared_data / "nasbench201.npz")
    quality = rank_quality(
        "joined", -JoinedOrder().errors.of_networks(canonical_cells(truth.cells)), truth
    )
    assert quality.tau_all >= 0.75
    assert quality.tau_connected >= 0.75
