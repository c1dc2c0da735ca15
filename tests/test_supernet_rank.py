from dataclasses import replace

import numpy as np
import pytest

from evonasc.cli import main, supernet_rank
from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.cells import arch_strings, canonical_connected_cells
from evonasc.nasbench201.space import NasBench201
from evonasc.plugins import Registry
from evonasc.supernet.proxy_table import MEASURED, ProxyTable, encode_proxies
from evonasc.supernet.score_table import ScoreTable, encode_scores

SPACE = NasBench201()

CELLS = canonical_connected_cells()


@pytest.fixture
def files(tmp_path, rng):
    """Write a made-up benchmark, and a supernet whose loss orders it perfectly."""
    accuracy = rng.uniform(50, 94, len(CELLS))
    sample = np.where(np.arange(len(CELLS)) % 20 == 0, accuracy, np.nan)
    np.savez(
        tmp_path / "truth.npz",
        arch_str=np.array(arch_strings(CELLS)),
        test_accuracy_200epochs_cifar10_sample=sample,
    )
    right = np.full(len(CELLS), 500)
    right[0] = 600
    scores = ScoreTable(
        CELLS, 100 - accuracy, right, 1000, {"training": {"data": "cifar10"}}, space=SPACE
    )
    (tmp_path / "s.npz").write_bytes(encode_scores(scores))
    values = rng.normal(size=(1, len(CELLS), len(MEASURED)))
    (tmp_path / "p.npz").write_bytes(encode_proxies(ProxyTable(CELLS, values, {}, space=SPACE)))
    return tmp_path, float(np.nanmax(sample))


def test_every_signal_has_a_row_that_fits_a_terminal(files, capsys):
    folder, best = files
    command = ["supernet", "rank", "--measurements", str(folder / "truth.npz")]
    proxies = ["--proxies", str(folder / "p.npz")]
    one = ["--scores", str(folder / "s.npz")]
    assert main([*command, *proxies, *one]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    for name in (*MEASURED, "FLOPs", "parameters", "layers", "depth", "vkdnw"):
        assert f"\n{name}" in text
    (row,) = [line for line in lines if line.startswith("supernet loss")]
    taus, front = ["1.000"] * 4, ["100.0", "100.0", "0.00"]
    assert row.split()[2:] == [*taus, f"{best:.2f}", *front]
    assert any(line.startswith("proxies joined") for line in lines)
    assert main([*command, *proxies, *one, *one]) == 0
    assert "\nsupernet 2 loss" in capsys.readouterr().out


def told(measurements, scores, proxies):
    """Stand for a benchmark's table."""
    return [{"read": measurements.name}], "That was all."


def test_the_measurements_are_those_of_the_space(monkeypatch, capsys):
    tools = Registry("tool", "tools", {"rank": (f"{__name__}:told", "")})
    other = replace(BENCHMARK, name="other", tools=tools)
    monkeypatch.setattr(supernet_rank, "benchmark", lambda name: other)
    assert main(["supernet", "rank", "--space", "other"]) == 0
    assert "other.npz" in capsys.readouterr().out


def test_unfinished_files_are_refused_in_one_line(files, rng, capsys):
    """The files as Ctrl-C leaves them; they ended in tracebacks."""
    folder, _ = files
    values = rng.normal(size=(1, len(CELLS), len(MEASURED)))
    values[0, 32:] = np.nan
    (folder / "part.npz").write_bytes(encode_proxies(ProxyTable(CELLS, values, {}, space=SPACE)))
    few = ProxyTable(CELLS[:32], values[:, :32], {}, space=SPACE)
    (folder / "few.npz").write_bytes(encode_proxies(few))
    header = {"training": {"data": "cifar10"}}
    some = ScoreTable(CELLS[:9], np.arange(9.0), np.arange(9), 1000, header, space=SPACE)
    (folder / "some.npz").write_bytes(encode_scores(some))
    command = ["supernet", "rank", "--measurements", str(folder / "truth.npz")]
    whole = ["--scores", str(folder / "s.npz")]
    for given, message in (
        (["--proxies", str(folder / "part.npz")], "of all 5424 networks, got 32. Finish it with"),
        (["--proxies", str(folder / "few.npz")], "of all 5424 networks, got 32. Finish it with"),
        ([*whole, "--scores", str(folder / "some.npz")], "must cover the 5424 networks"),
    ):
        assert main([*command, *given]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
