"""`evonasc hardware profile` and `calibrate`, through main([...])."""

import csv
import json

import pytest
from own_machines import KNOWN, SPACE, networks

from evonasc.cli import main
from evonasc.cost.machine_table import machine_of
from evonasc.nasbench201 import BENCHMARK

RUN = ["run", "--budget", "60", "--pop-size", "20", "--no-plot"]


@pytest.fixture
def times(tmp_path):
    """Times of a machine that is half as fast as raspi4."""
    path = tmp_path / "times.csv"
    cells = networks(11)[1:]
    rows = zip(SPACE.to_text(cells), 2 * KNOWN["raspi4"].total_ms(cells), strict=True)
    lines = [f"{text},{ms:.4f}" for text, ms in rows]
    path.write_text("\n".join(["arch_str,latency_ms", *lines]), encoding="utf-8")
    return path


def words(capsys):
    return " ".join(capsys.readouterr().out.split())


def test_a_calibrated_machine_serves_as_head_and_tail(times, tmp_path, capsys):
    out = tmp_path / "mybox.npz"
    told = ["--description", "a board of mine, TFLite"]
    assert main(["hardware", "calibrate", str(times), "--out", str(out), *told]) == 0
    text = words(capsys)
    assert "mybox: a board of mine, TFLite; 10 networks" in text
    assert "leaning on raspi4; networks left out of the fit: mean error" in text
    assert "Left-out error with each machine to lean on: raspi4 " in text
    both = ["--head-hardware", str(out), "--tail-hardware", str(out)]
    assert main([*RUN, *both, "--out", str(tmp_path / "r")]) == 0
    assert main(["show", str(tmp_path / "r"), "--provenance"]) == 0
    assert "mybox (a board of mine, TFLite; file" in words(capsys)
    scenario = json.loads((tmp_path / "r" / "config.json").read_text())["scenario"]
    assert scenario["head_hardware"] == str(out)
    assert main(["show", str(tmp_path / "r")]) == 0
    assert main(["hardware", "table", str(out), "--out", str(tmp_path / "t.csv")]) == 0
    with (tmp_path / "t.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 15625


def test_energy_is_refused_until_the_power_is_known(times, tmp_path, capsys):
    make = ["hardware", "calibrate", str(times), "--like", "raspi4"]
    assert main([*make, "--out", str(tmp_path / "a.npz")]) == 0
    run = [*RUN, "--quiet", "--objectives", "error,energy_mj", "--out", str(tmp_path / "r")]
    assert main([*run, "--head-hardware", str(tmp_path / "a.npz")]) == 2
    error = capsys.readouterr().err
    assert "energy_mj needs the power of" in error
    assert "Give --head-power-mw" in error
    assert main([*make, "--power-mw", "4000", "--out", str(tmp_path / "b.npz")]) == 0
    assert main([*run, "--head-hardware", str(tmp_path / "b.npz")]) == 0


@pytest.mark.slow
def test_this_machine_is_profiled_and_used(tmp_path, capsys):
    out = tmp_path / "box.npz"
    little = ["--networks", "10", "--rounds", "2", "--quick", "--clock", "cpu"]
    named = ["--name", "mine", "--out", str(out)]
    assert main(["hardware", "profile", *little, *named]) == 0
    text = words(capsys)
    assert "mine: measured by evonasc hardware profile on" in text
    assert "11 networks" in text
    assert machine_of(str(out), space=SPACE, known=BENCHMARK.machines).kind == "profiled"
    assert main([*RUN, "--head-hardware", str(out), "--out", str(tmp_path / "r")]) == 0
    assert main(["show", str(tmp_path / "r"), "--provenance"]) == 0
    assert "total fitted to 11 networks measured on it" in words(capsys)


BAD = {
    "got 'raspi4'. Choose another name": ["--name", "raspi4", "--out", "{tmp}/m.npz"],
    "must be 1 to 40 letters": ["--name", "../m", "--out", "{tmp}/m.npz"],
    "must end in .npz, got": ["--out", "{tmp}/m.toml"],
    "power_mw must be positive, got -1.0": ["--power-mw", "-1", "--out", "{tmp}/m.npz"],
    "idle_power_mw must be positive, got 0.0": ["--idle-power-mw", "0", "--out", "{tmp}/m.npz"],
}


@pytest.mark.parametrize("message", BAD)
@pytest.mark.parametrize("action", ["calibrate", "profile"])
def test_what_cannot_be_written_is_refused_before_anything_is_measured(
    message, action, times, tmp_path, capsys
):
    given = [word.format(tmp=tmp_path) for word in BAD[message]]
    first = ["hardware", action, *([str(times)] if action == "calibrate" else [])]
    assert main([*first, *given]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("m.*"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--networks", "2"], "n_networks must lie in [10, 5000], got 2"),
        (["--threads", "0"], "n_threads must be at least 1, got 0"),
        (["--threads", "100000"], "n_threads must be at most"),
        (["--threads", "2", "--clock", "cpu"], "must be used with one thread"),
    ],
)
def test_a_profile_of_nothing_is_refused(given, message, tmp_path, capsys):
    assert main(["hardware", "profile", *given, "--out", str(tmp_path / "m.npz")]) == 2
    assert message in capsys.readouterr().err


def test_a_scenario_with_a_file_that_is_no_machine_is_refused(times, tmp_path, capsys):
    times.rename(tmp_path / "times.npz")
    assert main([*RUN, "--head-hardware", str(tmp_path / "times.npz")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("evonasc: error: ")
    assert "must be a file of `evonasc hardware profile`" in error
    assert len(error.splitlines()) == 1
