import numpy as np

from evonasc.cli import main
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.space import NasBench201
from evonasc.nasbench201.supernet import FAMILY
from evonasc.supernet.proxy_file import ProxyConfig, file_header
from evonasc.supernet.proxy_table import MEASURED, ProxyTable, encode_proxies

SPACE = NasBench201()


def test_a_finished_file_is_reported_at_once(tmp_path, capsys, rng):
    cells, config = canonical_connected_cells(), ProxyConfig(*FAMILY.proxy_configs(), seed=4)
    values = rng.normal(size=(1, len(cells), len(MEASURED)))
    path = tmp_path / "p.npz"
    path.write_bytes(
        encode_proxies(ProxyTable(cells, values, file_header(config, SPACE), space=SPACE))
    )
    command = ["supernet", "proxies", "--out", str(path), "--repeats", "1"]
    assert main([*command, "--seed", "4"]) == 0
    assert "Measured 5424 networks, 1 random initialisations" in capsys.readouterr().out
    assert main([*command, "--seed", "5"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("evonasc: error: ")
    assert "was made with other settings" in line
    assert np.isfinite(values).all()
