"""``evonasc hardware plan``: networks to measure, for ``calibrate``."""

import csv

import numpy as np
import pytest
from own_machines import KNOWN, SPACE

from evonasc.cli import main


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_planned_and_filled_in_is_calibrated(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["hardware", "plan", "12", "--out", "times.csv", "--seed", "3"]) == 0
    assert "12 networks, no two of which build the same" in capsys.readouterr().out
    rows = rows_of(tmp_path / "times.csv")
    networks = SPACE.canonical(SPACE.from_text([row["arch_str"] for row in rows]))
    assert len(np.unique(networks, axis=0)) == len(rows) == 12
    assert main(["hardware", "calibrate", "times.csv", "--out", "box.npz"]) == 2
    assert "line 2: latency_ms must be a positive number" in capsys.readouterr().err
    times = KNOWN["raspi4"].total_ms(networks) * 3
    lines = [f"{row['arch_str']},{ms:.4f}" for row, ms in zip(rows, times, strict=True)]
    (tmp_path / "times.csv").write_text("\n".join(["arch_str,latency_ms", *lines]))
    words = ["hardware", "calibrate", "times.csv", "--like", "raspi4", "--out", "box.npz"]
    assert main(words) == 0


def test_a_plan_is_that_of_its_seed_and_replaces_nothing(tmp_path, capsys):
    words = ["hardware", "plan", "5", "--out"]
    for name, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        assert main([*words, str(tmp_path / name), "--seed", seed]) == 0
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c
    assert main([*words, str(tmp_path / "a")]) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize("n", ["0", "2", "-1", "many", "1e3", "--"])
def test_what_is_no_number_of_networks_is_one_line(n, tmp_path, capsys):
    try:
        code = main(["hardware", "plan", n, "--out", str(tmp_path / "t.csv")])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_all_rows_that_build_the_same_are_named_at_once(tmp_path, capsys):
    networks = SPACE.to_text(SPACE.networks()[100:105])
    path = tmp_path / "t.csv"
    rows = [*networks, *networks[:2], networks[0]]
    path.write_text("\n".join(["arch_str,latency_ms", *(f"{text},3" for text in rows)]))
    assert main(["hardware", "calibrate", str(path), "--out", str(tmp_path / "m.npz")]) == 2
    assert "these lines build the same: 2, 7, 9; 3, 8." in capsys.readouterr().err


@pytest.mark.parametrize("words", [["hardware", "table", "raspi4"], ["supernet", "errors"]])
def test_an_option_without_its_value_is_one_line_in_every_action(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*words, "--out", "--"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
