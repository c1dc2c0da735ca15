import numpy as np
import pytest
from own_machines import SPACE, networks

from evonasc.cost.apportion import Apportioned, layer_weights, macs_and_bytes_weights

CONV, BARE = [[0, 0, 0, 3, 0, 0]], [[0, 0, 0, 1, 0, 0]]
#: Blocks of NAS-Bench-201 that are the same in every network: stem, two reductions, classifier.
FIXED = [0, 6, 12, 18]
SEARCHED = [block for block in range(19) if block not in FIXED]


def blocks(total_ms, weights, cells):
    return np.diff(Apportioned(SPACE, total_ms, weights).head_table_ms(np.array(cells)))


def by_convolutions(bare_ms, each_ms):
    """Return totals: so much for the bare network, and so much for each 3x3 convolution."""
    return lambda cells: bare_ms + each_ms * (cells == 3).sum(axis=1)


def equal_weights(cells):
    return np.ones((len(cells), 19))


def test_fixed_blocks_share_the_bare_network_and_searched_blocks_the_rest():
    times = blocks(by_convolutions(8.0, 30.0), equal_weights, CONV)[0]
    np.testing.assert_allclose(times[FIXED], 8.0 / 4)
    np.testing.assert_allclose(times[SEARCHED], 30.0 / 15)


def test_blocks_share_by_their_weights():
    def weights(cells):
        return np.tile(np.arange(1.0, 20), (len(cells), 1))

    times = blocks(by_convolutions(8.0, 30.0), weights, CONV)[0]
    # weights of the fixed blocks 1, 7, 13, 19 sum to 40, those of the others to 190 - 40
    np.testing.assert_allclose(times[FIXED], 8.0 * np.array([1, 7, 13, 19]) / 40)
    np.testing.assert_allclose(times[SEARCHED], 30.0 * (np.array(SEARCHED) + 1) / 150)


def test_a_network_without_searched_layers_is_all_its_fixed_blocks():
    times = blocks(by_convolutions(8.0, 30.0), equal_weights, BARE)[0]
    np.testing.assert_allclose(times[FIXED], 2.0)
    assert (times[SEARCHED] == 0).all()


def test_a_network_said_to_be_quicker_than_its_fixed_blocks_takes_no_negative_time():
    times = blocks(by_convolutions(8.0, -2.0), equal_weights, CONV)[0]
    np.testing.assert_allclose(times[FIXED], 6.0 / 4)
    assert (times[SEARCHED] == 0).all()


def test_the_last_column_is_the_total_to_the_last_digit(rng):
    cells = networks(50)
    given = dict(zip(map(bytes, cells), rng.uniform(1, 50, 50), strict=True))

    def total_ms(asked):
        return np.array([given[bytes(cell)] for cell in asked])

    table = Apportioned(SPACE, total_ms, equal_weights).head_table_ms(cells)
    np.testing.assert_array_equal(table[:, -1], total_ms(cells))
    assert (table[:, 0] == 0).all()
    assert (np.diff(table, axis=1) >= -1e-9).all()


def test_weights_by_layers_are_the_sums_of_their_times():
    layer_ms = np.arange(1.0, len(SPACE.layers) + 1)
    cells = networks(5)
    found = layer_weights(SPACE, layer_ms)(cells)
    np.testing.assert_array_equal(found, SPACE.block_sums(cells, layer_ms))


def test_weights_by_macs_and_bytes_count_both_alike():
    cells = networks(5)
    found = macs_and_bytes_weights(SPACE)(cells)
    assert found.sum(axis=1) == pytest.approx(2.0)
    macs = SPACE.block_macs(cells)
    values = np.array([layer.elements + layer.params for layer in SPACE.layers], dtype=float)
    moved = SPACE.block_sums(cells, values)
    # the classifier: few multiplications, many values
    expected = macs[:, -1] / macs.sum(axis=1) + moved[:, -1] / moved.sum(axis=1)
    np.testing.assert_allclose(found[:, -1], expected)
