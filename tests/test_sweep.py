"""``evonasc sweep`` through main([...])."""

import csv
import itertools
import shutil

import numpy as np
import pytest

from evonasc.cli import main


@pytest.fixture
def run(small_run, tmp_path):
    return shutil.copytree(small_run, tmp_path / "run")


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_at_the_runs_own_rate_the_front_is_that_of_the_run(run, capsys):
    words = ["--uplink-mbps", "1:100:3", "--no-plot"]
    assert main(["sweep", str(run), *words]) == 0
    own = [row for row in rows_of(run / "sweep.csv") if float(row["uplink_mbps"]) == 10.0]
    columns = ("error", "latency_ms")
    found = [[float(row[name]) for name in columns] for row in own]
    expected = [[float(row[name]) for name in columns] for row in rows_of(run / "front.csv")]
    np.testing.assert_allclose(found, expected)
    out = capsys.readouterr().out
    assert "300 designs" in out
    assert "3 fronts" in out


def test_of_all_designs_the_front_is_the_true_one(run, tmp_path):
    words = ["--uplink-mbps", "5:20:3", "--no-plot", "--exact", "--out", str(tmp_path / "s")]
    assert main(["sweep", str(run), *words]) == 0
    assert main(["exact", "--uplink-mbps", "20", "--no-plot", "--out", str(tmp_path / "e")]) == 0
    swept = [row for row in rows_of(tmp_path / "s" / "sweep.csv") if row["uplink_mbps"] == "20.0"]
    points = [[float(row[name]) for name in ("error", "latency_ms")] for row in swept]
    truth = rows_of(tmp_path / "e" / "front.csv")
    expected = [[float(row[name]) for name in ("error", "latency_ms")] for row in truth]
    np.testing.assert_allclose(points, np.unique(expected, axis=0), rtol=1e-12)


def test_the_policy_covers_the_range_without_gaps(run, capsys):
    number = rows_of(run / "front.csv")[0]["id"]
    words = ["--uplink-mbps", "0.5:200:5", "--no-plot", "--design", number]
    assert main(["sweep", str(run), *words]) == 0
    rows = rows_of(run / "policy.csv")
    assert len(rows) > 1
    assert len({row["arch_str"] for row in rows}) == 1
    assert float(rows[0]["low_mbps"]) == pytest.approx(0.5)
    assert float(rows[-1]["high_mbps"]) == pytest.approx(200)
    for one, after in itertools.pairwise(rows):
        assert one["high_mbps"] == after["low_mbps"]
        crossing = float(one["high_mbps"])
        times = [
            float(row["steady_ms"]) + float(row["sending_ms_at_1_mbps"]) / crossing
            for row in (one, after)
        ]
        assert times[0] == pytest.approx(times[1])
    out = " ".join(capsys.readouterr().out.split())
    assert f"The network of design {number}" in out
    assert "Against the fastest known design of at most its error" in out


@pytest.mark.slow
def test_the_diagram_is_drawn(run):
    assert main(["sweep", str(run), "--uplink-mbps", "1:100:4"]) == 0
    assert (run / "sweep.png").stat().st_size > 10_000
    assert (run / "sweep.svg").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--uplink-mbps", "fast"], "must be LOW:HIGH or LOW:HIGH:COUNT"),
        (["--uplink-mbps", "9:1"], "must be a range LOW < HIGH"),
        (["--uplink-mbps", "1:9:1"], "must have 2 to 10000 rates, got 1"),
        (["--uplink-mbps", "1:9", "--design", "999"], "ID must be one of the run's"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(words, message, run, capsys):
    before = sorted(run.iterdir())
    assert main(["sweep", str(run), *words]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert message in line
    assert captured.out == ""
    assert sorted(run.iterdir()) == before


def test_the_bounds_of_a_run_hold_in_everything_a_sweep_shows(tmp_path, capsys):
    out = str(tmp_path / "r")
    words = ["--objectives", "error,latency_ms,energy_mj", "--max", "energy=45"]
    words += ["--head-idle-power-mw", "0"]
    assert main(["run", "--budget", "300", "--no-plot", "--quiet", "--out", out, *words]) == 0
    number = rows_of(tmp_path / "r" / "front.csv")[0]["id"]
    sweep = ["sweep", out, "--uplink-mbps", "1:100:9", "--no-plot", "--design", number]
    assert main(sweep) == 0
    swept, policy = (rows_of(tmp_path / "r" / name) for name in ("sweep.csv", "policy.csv"))
    assert {row["uplink_mbps"] for row in swept} >= {"1.0", "100.0"}
    assert max(float(row["energy_mj"]) for row in swept) <= 45
    assert max(float(row["most_energy_mj"]) for row in policy) <= 45
    assert float(policy[0]["low_mbps"]) > 1  # its all-local cut takes 160 mJ
    text = " ".join(capsys.readouterr().out.split())
    assert "of designs with energy_mj <= 45" in text
    assert f"Below {float(policy[0]['low_mbps']):.4g} Mbit/s none of its cuts keeps to" in text
    assert main([*sweep[:3], "0.1:0.2:3", *sweep[4:]]) == 0
    assert "None of its cuts keeps to energy_mj <= 45 at any of the rates" in " ".join(
        capsys.readouterr().out.split()
    )
    assert rows_of(tmp_path / "r" / "policy.csv") == []


def test_bounds_that_no_design_keeps_to_at_the_rates_leave_no_diagram(tmp_path, capsys):
    out = str(tmp_path / "r")
    words = ["--max", "head_ms=1", "--max", "latency_ms=30"]
    assert main(["run", "--budget", "100", "--no-plot", "--quiet", "--out", out, *words]) == 0
    assert main(["sweep", out, "--uplink-mbps", "0.01:0.02:3"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "No diagram: at no rate does a design keep to head_ms <= 1 and latency_ms <= 30" in text
    assert not (tmp_path / "r" / "sweep.png").exists()


def test_runs_without_times_or_without_an_end_are_refused(run, tmp_path, capsys):
    out = str(tmp_path / "toy")
    words = ["run", "--problem", "toy", "--budget", "50", "--no-plot", "--quiet", "--out", out]
    assert main(words) == 0
    assert main(["sweep", out, "--uplink-mbps", "1:9"]) == 2
    assert "got no head_ms, tail_ms, payload_bytes" in capsys.readouterr().err


def test_a_run_on_a_trace_can_be_swept_and_needs_its_trace(tmp_path, capsys):
    trace, out = tmp_path / "trace.csv", str(tmp_path / "r")
    trace.write_text("time_s,mbps\n0,2\n1,40\n2,0\n3,9\n")
    words = ["--link", f"trace:{trace}", "--deadline-ms", "20"]
    words += ["--objectives", "error,latency_ms,latency_p95_ms,miss_probability"]
    words += ["--max", "p95=2000"]
    assert main(["run", "--budget", "60", "--no-plot", "--quiet", "--out", out, *words]) == 0
    assert main(["sweep", out, "--uplink-mbps", "1:9:2", "--no-plot"]) == 0
    header = list(rows_of(tmp_path / "r" / "sweep.csv")[0])
    assert "latency_ms" in header
    assert "latency_p95_ms" not in header
    swept = rows_of(tmp_path / "r" / "sweep.csv")
    assert max(float(row["latency_ms"]) for row in swept) <= 2000
    assert "On a link of one rate latency_p95_ms <= 2000 is latency_ms <= 2000" in " ".join(
        capsys.readouterr().out.split()
    )
    capsys.readouterr()
    trace.write_text("time_s,mbps\n0,3\n")
    assert main(["explain", out, "1", "--no-plot"]) == 2
    assert "a machine, a table, a trace or evonasc changed since" in capsys.readouterr().err
    trace.unlink()
    assert main(["explain", out, "1", "--no-plot"]) == 2
    assert "Cannot read the link trace" in capsys.readouterr().err
