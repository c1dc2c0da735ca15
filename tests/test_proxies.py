import numpy as np
import pytest

from evonasc.errors import AssetError, ConfigError, DataFileError
from evonasc.nasbench201.cells import canonical_connected_cells, cell_number
from evonasc.nasbench201.errors.proxies import (
    by_cell_number,
    counted_proxies,
    shipped_proxies,
    vkdnw,
)
from evonasc.nasbench201.space import NasBench201
from evonasc.supernet.proxy_table import (
    MEASURED,
    ProxyTable,
    decode_proxies,
    encode_proxies,
    read_all_proxies,
    read_proxies,
)

SPACE = NasBench201()

CELLS = canonical_connected_cells()


@pytest.fixture
def table(rng):
    values = rng.normal(size=(2, len(CELLS), len(MEASURED)))
    values[1, 0, 2] = -np.inf
    return ProxyTable(CELLS, values, {"config": {"seed": 0}}, space=SPACE)


def test_a_proxy_file_reads_as_it_was_written(table):
    again = decode_proxies(encode_proxies(table), where="here", space=SPACE)
    assert np.array_equal(again.networks, table.networks)
    np.testing.assert_allclose(again.values, table.values, rtol=1e-6)
    assert again.header == table.header


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nonsense", b"\x93NUMPY"])
def test_what_is_no_proxy_file_is_refused(data):
    with pytest.raises(AssetError, match="here is no proxy file of evonasc"):
        decode_proxies(data, where="here", space=SPACE)


def test_a_missing_file_is_the_users_error(tmp_path):
    with pytest.raises(DataFileError, match="Cannot read the proxy file .*none.npz: No such file"):
        read_proxies(tmp_path / "none.npz", space=SPACE)


def test_another_kind_of_file_is_named_once(tmp_path):
    path = tmp_path / "x.npz"
    path.write_text("name,value\n")
    with pytest.raises(DataFileError) as raised:
        read_proxies(path, space=SPACE)
    assert str(raised.value) == (
        f"{path} is no proxy file of evonasc (it must be an npz, got another kind of file). "
        "Make one with: evonasc supernet proxies"
    )


def test_proxies_to_be_joined_must_hold_every_network(table, tmp_path):
    path = tmp_path / "p.npz"
    path.write_bytes(encode_proxies(table))
    assert read_all_proxies(path, space=SPACE).is_complete
    table.values[1, 7, 0] = np.nan
    path.write_bytes(encode_proxies(table))
    with pytest.raises(ConfigError, match="proxies of all 5424 networks, got 5423. Finish it"):
        read_all_proxies(path, space=SPACE)


def test_arrays_that_do_not_fit_are_refused(table):
    short = ProxyTable(table.networks[:-1], table.values, table.header, space=SPACE)
    with pytest.raises(AssetError, match="do not fit together"):
        decode_proxies(encode_proxies(short), where="here", space=SPACE)


def test_repeats_are_averaged_and_gaps_are_seen(table):
    place = list(MEASURED).index("naswot")
    np.testing.assert_allclose(table.mean("naswot"), table.values[:, :, place].sum(axis=0) / 2)
    assert table.is_complete
    table.values[1, 7, 0] = np.nan
    assert not table.is_complete


def test_what_is_counted_by_hand():
    """3x3 on every edge: 6 layers a cell, 15 cells, 1 stem, 2 x 3 in reductions, 1 classifier.

    From the benchmark's construction: 7.783 MFLOPs outside the cells, 35.389 a 3x3 edge.
    """
    cells = np.array(
        [[3, 3, 3, 3, 3, 3], [0, 0, 0, 1, 0, 0], [2, 0, 4, 0, 0, 3], [0, 0, 0, 0, 0, 0]]
    )
    counted = counted_proxies(cells)
    assert counted["layers"].tolist() == [6 * 15 + 8, 8, 2 * 15 + 8, 8]
    assert counted["depth"].tolist() == [3, 0, 2, -np.inf]
    flops = 10 ** counted["flops"] / 1e6
    assert flops[:2] == pytest.approx([7.783 + 6 * 35.389, 7.783], rel=1e-4)


def test_dead_edges_do_not_count():
    dead, alive = np.array([[3, 0, 0, 1, 0, 0]]), np.array([[0, 0, 0, 1, 0, 0]])
    for values, same in zip(
        counted_proxies(dead).values(), counted_proxies(alive).values(), strict=True
    ):
        assert values == same


def test_vkdnw_ranks_by_layers_and_then_by_spectrum(table):
    order = np.argsort(vkdnw(table))
    layers, spectrum = counted_proxies(CELLS)["layers"][order], table.mean("fisher")[order]
    assert (np.diff(layers) >= 0).all()
    assert (np.diff(spectrum)[np.diff(layers) == 0] >= 0).all()


def test_a_table_by_cell_number():
    table = by_cell_number(CELLS[:2], np.array([7.0, 8.0]))
    assert table[cell_number(CELLS[:2])].tolist() == [7.0, 8.0]
    assert np.isnan(table).sum() == len(table) - 2


def test_shipped_proxies_cover_every_network_once():
    table = shipped_proxies()
    assert np.array_equal(table.networks, CELLS)
    assert table.is_complete
    infinite = np.isinf(table.values).any(axis=(0, 1))
    assert [name for name, is_so in zip(MEASURED, infinite, strict=True) if is_so] == [
        "trainability"
    ]
