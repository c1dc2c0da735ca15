"""``evonasc pick`` through main([...])."""

import csv
import json
import shutil

import pytest

from evonasc.cli import main


@pytest.fixture
def front(small_run):
    """Rows of the front, numbers as numbers."""
    with (small_run / "front.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [{**row, **{k: float(row[k]) for k in ("error", "latency_ms")}} for row in rows]


def pick(run, *words, capsys):
    assert main(["pick", str(run), *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("words", [["--max-latency-ms", "{}"], ["--max", "latency={}"]])
def test_within_a_bound_it_is_the_least_of_the_first_objective(small_run, front, words, capsys):
    limit = sorted(row["latency_ms"] for row in front)[len(front) // 2]
    chosen = pick(small_run, *(word.format(limit) for word in words), capsys=capsys)
    best = min(row["error"] for row in front if row["latency_ms"] <= limit)
    assert chosen["choice"]["error"] == best
    (binding,) = chosen["binding"]
    assert binding["next_limit"] == min(r["latency_ms"] for r in front if r["latency_ms"] > limit)


def test_least_latency_within_an_increase_of_error(small_run, front, capsys):
    chosen = pick(small_run, "--max-error-increase", "0.03", capsys=capsys)["choice"]
    limit = min(row["error"] for row in front) + 0.03
    assert float(chosen["latency_ms"]) == min(
        row["latency_ms"] for row in front if row["error"] <= limit
    )
    assert float(chosen["error"]) <= limit


def test_weights(small_run, front, capsys):
    chosen = pick(small_run, "--weights", "error=1, latency_ms=0.005", capsys=capsys)["choice"]
    found = float(chosen["error"]) + 0.005 * float(chosen["latency_ms"])
    assert found == min(row["error"] + 0.005 * row["latency_ms"] for row in front)


def test_the_knee_is_the_default_and_further_bounds_move_it(small_run, front, capsys):
    knee = pick(small_run, capsys=capsys)
    assert knee == pick(small_run, "--knee", capsys=capsys)
    assert "the knee" in knee["why"]
    assert knee["binding"] == []
    ends = (front[0]["id"], front[-1]["id"])
    assert str(knee["choice"]["id"]) not in ends
    lower = float(knee["choice"]["error"]) - 1e-6
    moved = pick(small_run, "--knee", "--max", f"error={lower}", capsys=capsys)
    assert float(moved["choice"]["error"]) < lower
    assert [one["next_id"] for one in moved["binding"]] == [knee["choice"]["id"]]


def test_json_holds_numbers_as_numbers(small_run, capsys):
    chosen = pick(small_run, "--max", "error=0.3", capsys=capsys)
    for row in (chosen["choice"], *chosen["neighbours"]):
        texts = [name for name, value in row.items() if isinstance(value, str)]
        assert texts in (["arch_str"], ["better_in", "arch_str"])
        assert isinstance(row["id"], int)
        assert isinstance(row["split_point"], int)


def test_a_weight_of_one_is_said_in_words_that_make_sense(small_run, capsys):
    why = pick(small_run, "--weights", "error=1", capsys=capsys)["why"]
    assert why.startswith("It is that of least error, 0.")
    why = pick(small_run, "--weights", "error=1,latency_ms=0.02,head_ms=0", capsys=capsys)["why"]
    assert why.startswith("It is that of least error + 0.02 x latency_ms, 0.")


def test_a_latency_that_could_be_either_must_be_named(tmp_path, capsys):
    """The bound used to be about the median, where the run was about the 95th percentile."""
    trace = tmp_path / "trace.csv"
    trace.write_text("time_s,mbps\n0,10\n1,20\n2,40\n")
    words = [
        "run",
        "--budget",
        "60",
        "--objectives",
        "error,latency_p95_ms",
        "--no-plot",
        "--quiet",
    ]
    words += ["--link", f"trace:{trace}"]
    out = tmp_path / "run"
    assert main([*words, "--max-latency-ms", "25", "--out", str(out)]) == 2
    assert not out.exists()
    assert main([*words, "--out", str(out)]) == 0
    assert main(["pick", str(out), "--max-latency-ms", "25"]) == 2
    messages = capsys.readouterr().err.splitlines()
    for message in messages:
        assert (
            "got 25 with error, latency_p95_ms. Name the column: --max latency_p95_ms=25" in message
        )
    chosen = pick(out, "--max", "p95=25", capsys=capsys)
    assert chosen["choice"]["latency_p95_ms"] <= 25
    assert main(["pick", str(out), "--max", "latency=25"]) == 2
    assert "got 'latency', which may be latency_ms, latency_p95_ms" in capsys.readouterr().err


def test_the_neighbours_are_the_points_beside(small_run, front, capsys):
    ids = [row["id"] for row in front]
    chosen = pick(small_run, capsys=capsys)
    place = ids.index(str(chosen["choice"]["id"]))
    beside = [(one["better_in"], str(one["id"])) for one in chosen["neighbours"]]
    assert beside == [("error", ids[place - 1]), ("latency_ms", ids[place + 1])]


def test_for_people_it_is_a_sentence_a_table_and_what_to_do_next(small_run, capsys):
    assert main(["pick", str(small_run), "--max-latency-ms", "12"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "It is that of least error" in out
    assert "with latency_ms <= 12" in out
    assert "latency_ms <= 12 binds: from" in out
    assert "Beside it on the front" in out
    assert f"evonasc explain {small_run}" in out


BAD = {
    "the least latency_ms is": ["--max-latency-ms", "0.5"],
    "binds: relax it to": ["--max", "latency_ms=6", "--max", "error=0.2"],
    "Unknown column 'latency_m'. Did you mean 'latency_ms'?": ["--max", "latency_m=3"],
    "A bound must name one column, got 'head', which may be head_ms, head_me": ["--max", "head=3"],
    "A bound must be in ms for latency_ms, got one in bytes.": ["--max", "latency_ms=1MB"],
    "'4 parsec' is no number, or has another unit than %, us, ms, s, b": ["--max=error=4 parsec"],
    "A column must have one bound, got several for error": ["--max", "error=3", "--max=error=4"],
    "Unknown column 'eror'. Did you mean 'error'?": ["--weights", "eror=1"],
    "max must be COLUMN=VALUE, got 'error': it names no": ["--max", "error"],
    "max must be COLUMN=VALUE, got '=3'": ["--max", "=3"],
    "weights must be COLUMN=NUMBER, got 'error=much'": ["--weights", "error=much"],
    "The weight of error must be a number of at least 0, got -1.0": ["--weights", "error=-1"],
    "weights must hold one above 0": ["--weights", " "],
    "max must be COLUMN=VALUE, got 'latency_ms=nan': 'nan' is no": ["--max-latency-ms", "nan"],
    "max_error_increase must be at least 0, got -0.1": ["--max-error-increase", "-0.1"],
    "max_error_increase must be at least 0, got nan": ["--max-error-increase", "nan"],
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_one_line_and_exit_code_2(message, small_run, capsys):
    assert main(["pick", str(small_run), *BAD[message]]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("evonasc: error: ")
    assert message in line


def test_runs_that_do_not_exist_or_did_not_end_are_refused(small_run, tmp_path, capsys):
    copy = shutil.copytree(small_run, tmp_path / "copy")
    for name in ("run.json", "run.sqlite"):
        (copy / name).unlink()
    for folder, message in ((tmp_path / "none", "is no run folder"), (copy, "Cannot read")):
        assert main(["pick", str(folder)]) == 2
        assert message in capsys.readouterr().err


def test_a_run_of_the_toy_problem_has_a_knee_too(tmp_path, capsys):
    run = ["run", "--problem", "toy", "--budget", "200", "--no-plot", "--quiet"]
    assert main([*run, "--out", str(tmp_path / "toy")]) == 0
    assert main(["pick", str(tmp_path / "toy"), "--max-latency-ms", "9"]) == 0
    assert "network" in capsys.readouterr().out


def test_designs_without_cuts_have_neighbours_without_cuts(tmp_path, monkeypatch, capsys):
    (tmp_path / "bag_for_pick.py").write_text(
        "import numpy as np\n"
        "from pymoo.core.problem import Problem\n"
        "class Bag(Problem):\n"
        "    def __init__(self):\n"
        "        super().__init__(n_var=3, n_obj=2, xl=0, xu=3, vtype=int)\n"
        "    def _evaluate(self, x, out, *args, **kwargs):\n"
        "        out['F'] = np.stack([x @ [3, 5, 8], -(x @ [4, 7, 9])], axis=1)\n"
        "def bag(config):\n"
        "    return Bag()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("EVONASC_TRUST_CODE", "1")
    run = ["run", "--problem", "bag_for_pick:bag", "--budget", "40", "--no-plot", "--quiet"]
    assert main([*run, "--out", str(tmp_path / "bag")]) == 0
    assert main(["pick", str(tmp_path / "bag")]) == 0
    text = capsys.readouterr().out
    assert "Beside it on the front" in text
    assert "cut after" not in text
    assert text.count("design ") >= 2  # the heading of both tables


def test_a_run_in_hand_is_picked_from_like_its_folder(small_run):
    from evonasc import Bound, load_run, pick, run

    stored = load_run(small_run)
    for wish in (
        {"bounds": (Bound("latency_ms", 15.0),)},
        {"weights": {"error": 1.0, "latency_ms": 0.01}},
        {},
    ):
        assert pick(run(stored.config), **wish) == pick(stored, **wish)
