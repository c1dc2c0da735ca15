import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evonasc.errors import AssetError, DataFileError, EvaluationError
from evonasc.nasbench201.cells import (
    all_cells,
    canonical_cells,
    canonical_connected_cells,
    is_connected,
)
from evonasc.nasbench201.errors.supernet_scores import SupernetScores, shipped_scores
from evonasc.nasbench201.space import NasBench201
from evonasc.problems import Staircase
from evonasc.space import DesignSpace
from evonasc.supernet.loss_scale import LossToError, match_quantiles
from evonasc.supernet.score_table import ScoreTable, decode_scores, encode_scores, read_scores

SPACE = NasBench201()

CELLS = canonical_connected_cells()


@pytest.fixture
def scores():
    rng = np.random.default_rng(0)
    loss = 1 + rng.random(len(CELLS))
    n_right = np.rint(1000 * np.exp(-loss) + rng.normal(0, 10, len(CELLS))).astype(np.int64)
    header = {"training": {"data": "cifar10"}}
    return ScoreTable(CELLS, loss, n_right, 1000, header, space=SPACE)


@pytest.fixture
def designs():
    return DesignSpace(NasBench201(), (8,), lambda cells, bits: np.ones((*bits.shape, 20), bool))


def test_the_map_follows_its_knots_and_goes_on_beyond_them():
    to_error = LossToError((1.0, 2.0, 4.0), (0.2, 0.3, 0.4))
    # Halfway between knots; slope 0.1 below the first, 0.05 above the last.
    np.testing.assert_allclose(to_error(np.array([1.5, 3.0, 0.5, 5.0])), [0.25, 0.35, 0.15, 0.45])


def test_errors_stay_fractions():
    to_error = LossToError((1.0, 2.0), (0.2, 0.3))
    assert to_error(np.array([-9.0, 99.0])).tolist() == [0.0, 1.0]


def test_matching_quantiles_keeps_the_order_of_losses_and_the_range_of_errors(scores):
    to_error = match_quantiles(scores.loss, scores.top1_error, n_images=scores.n_images)
    error = to_error(scores.loss)
    assert np.array_equal(np.argsort(error), np.argsort(scores.loss))
    assert len(np.unique(error)) == len(np.unique(scores.loss))
    half_an_image = 0.5 / scores.n_images
    assert error.min() == pytest.approx(scores.top1_error.min(), abs=half_an_image)
    assert error.max() == pytest.approx(scores.top1_error.max(), abs=half_an_image)


def test_equal_errors_do_not_tie_different_losses():
    loss, error = np.linspace(1, 2, 100), np.repeat([0.2, 0.5], 50)
    assert len(np.unique(match_quantiles(loss, error, n_images=10)(loss))) == 100


@pytest.mark.parametrize("wrong", [np.repeat([0, 3, 12], [80, 15, 5]), np.zeros(100)])
def test_networks_of_one_error_are_shown_within_half_an_image_of_it(wrong):
    loss, error = np.linspace(1, 2, 100), wrong / 12
    shown = match_quantiles(loss, error, n_images=12)(loss)
    assert (np.diff(shown) > 0).all()
    assert np.abs(shown - error)[:75].max() <= 0.5 / 12  # at the step itself it is interpolated


def test_a_score_file_reads_as_it_was_written(scores):
    again = decode_scores(encode_scores(scores), where="here", space=SPACE)
    assert np.array_equal(again.networks, scores.networks)
    assert np.array_equal(again.n_right, scores.n_right)
    np.testing.assert_allclose(again.loss, scores.loss, rtol=1e-7)  # single precision
    assert (again.n_images, again.header) == (1000, scores.header)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nonsense", b"\x93NUMPY"])
def test_what_is_no_score_file_is_refused(data):
    with pytest.raises(AssetError, match="here is no score file of evonasc"):
        decode_scores(data, where="here", space=SPACE)


def test_every_spelling_of_a_network_has_its_error(scores, designs):
    source = SupernetScores(scores)
    cells = all_cells()
    table = source.errors.of_networks(canonical_cells(cells))
    assert np.array_equal(np.isnan(table), ~is_connected(cells))
    rows = np.flatnonzero(is_connected(cells))[::50]
    genes = np.concatenate([cells[rows], np.full((len(rows), 1), 3)], axis=1)
    error = source.error(designs.canonical(genes), designs=designs)
    np.testing.assert_array_equal(error, table[rows])


def test_a_network_without_a_score_is_named(scores, designs):
    part = ScoreTable(
        CELLS[:-1], scores.loss[:-1], scores.n_right[:-1], 1000, scores.header, space=SPACE
    )
    genes = np.concatenate([CELLS[-1:], [[3]]], axis=1)
    with pytest.raises(EvaluationError, match=r"The supernet's scores must hold .* it lacks \|"):
        SupernetScores(part).error(genes, designs=designs)


def test_another_space_is_refused(scores):
    from evonasc.errors import ConfigError

    toy = Staircase().designs
    with pytest.raises(ConfigError, match="knows the space 'nasbench201' only, got 'toy'"):
        SupernetScores(scores).error(np.zeros((1, 7), dtype=np.int64), designs=toy)


def test_shipped_scores_cover_every_network_once():
    scores = shipped_scores()
    assert np.array_equal(scores.networks, CELLS)
    assert np.isfinite(scores.loss).all()
    assert ((scores.n_right >= 0) & (scores.n_right <= scores.n_images)).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_images": 0}, "n_images must be at least 1, got 0"),
        ({"n_images": 3}, r"n_right must lie in \[0, n_images\] = \[0, 3\], got"),
        ({"n_right": np.full(len(CELLS), -1)}, r"n_right must lie in .* got -1"),
        ({"loss": np.full(len(CELLS), np.nan)}, "its losses must be finite numbers"),
    ],
)
def test_scores_that_no_images_give_are_refused(scores, changed, message):
    with pytest.raises(AssetError, match=message):
        decode_scores(encode_scores(replace(scores, **changed)), where="here", space=SPACE)


def test_scores_say_their_space_and_those_of_another_are_refused_in_one_line(scores, tmp_path):
    path = tmp_path / "s.npz"
    path.write_bytes(encode_scores(replace(scores, header={**scores.header, "space": "guest"})))
    with pytest.raises(DataFileError) as raised:
        read_scores(path, space=SPACE)
    assert str(raised.value) == (
        f"{path} must hold scores of the space 'nasbench201', got those of 'guest'. "
        "Make one with: evonasc supernet score"
    )
    named = replace(scores, header={**scores.header, "space": "nasbench201"})
    assert decode_scores(encode_scores(named), where="here", space=SPACE).header == named.header


def test_a_file_that_does_not_say_its_space_reads_and_writes_as_before():
    shipped = shipped_scores()
    assert "space" not in shipped.header
    again = decode_scores(encode_scores(shipped), where="here", space=SPACE)
    assert again.header == shipped.header
    np.testing.assert_array_equal(again.loss, shipped.loss)


def test_another_kind_of_file_is_named_without_advice_on_pickles(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("arch_str,error\n")
    with pytest.raises(DataFileError) as raised:
        read_scores(path, space=SPACE)
    assert str(raised.value) == (
        f"{path} is no score file of evonasc (it must be an npz, got another kind of file). "
        "Make one with: evonasc supernet score"
    )


def test_a_header_nested_too_deeply_is_refused(scores, tmp_path):
    data = encode_scores(scores)
    with np.load(io.BytesIO(data)) as file:
        arrays = {**file, "header": np.array("[" * 100_000)}
    np.savez(tmp_path / "deep.npz", **arrays)
    with pytest.raises(DataFileError, match="its JSON is nested too deeply"):
        read_scores(tmp_path / "deep.npz", space=SPACE)


def test_a_damaged_score_file_of_the_user_is_named_once(tmp_path):
    path = tmp_path / "bad.npz"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(DataFileError, match="is no score file of evonasc") as raised:
        read_scores(path, space=SPACE)
    assert str(raised.value).count("bad.npz") == 1
    with pytest.raises(DataFileError, match="Cannot read the score file none.npz: No such file"):
        read_scores(Path("none.npz"), space=SPACE)


def test_scores_that_guessing_would_reach_say_so(scores):
    n = len(scores.networks)
    size = {"training": {"data": "digits", "supernet": {"n_classes": 10}}}
    for share, is_near in ((0.11, True), (0.5, False)):
        right = np.full(n, round(share * scores.n_images))
        table = replace(scores, n_right=right, header={**scores.header, **size})
        assert ("NEAR CHANCE" in table.chance_note) == is_near
        assert ("hardly better than guessing among 10" in table.chance_note) == is_near


def test_errors_on_own_images_are_those_that_were_counted(scores):
    own = replace(scores, header={**scores.header, "training": {"data": "folder:photos"}})
    assert own.is_of_own_images
    assert not scores.is_of_own_images
    np.testing.assert_allclose(own.errors(), own.top1_error, atol=1e-6)
    np.testing.assert_array_equal(scores.errors(), scores.loss_to_error()(scores.loss))
    order = np.lexsort([own.loss, own.top1_error])
    assert (np.diff(own.errors()[order]) >= 0).all()
    assert "as measured" in SupernetScores(own).provenance
