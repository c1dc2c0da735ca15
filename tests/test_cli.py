"""Real runs of seconds through main([...])."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evonasc import __version__
from evonasc.cli import COMMANDS, main
from evonasc.cost.scenario import FIELD_HELP, FIELD_KINDS
from evonasc.nasbench201.machines.known import HARDWARE
from evonasc.search.algorithms import ALGORITHMS, own_algorithms

RUN = ["run", "--budget", "120", "--no-plot"]


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_a_folder_and_shows_the_front(tmp_path, capsys):
    assert main([*RUN, "--algo", "nsga2", "--out", str(tmp_path / "r")]) == 0
    out = capsys.readouterr().out
    assert "cut after" in out
    assert "of the exact front" in " ".join(out.split())
    names = {path.name for path in (tmp_path / "r").iterdir()}
    tables = {"evaluations.csv", "front.csv", "exact.csv"}
    assert names == {*tables, "config.json", "run.json", "run.lock", "run.sqlite"}
    assert len(rows_of(tmp_path / "r" / "evaluations.csv")) == 120


@pytest.mark.slow
def test_a_run_draws_its_front_and_runs_can_be_shown_and_drawn_again(tmp_path, capsys):
    for seed in ("1", "2"):
        arguments = ["run", "--budget", "120", "--seed", seed, "--quiet"]
        assert main([*arguments, "--out", str(tmp_path / seed)]) == 0
        assert (tmp_path / seed / "front.png").stat().st_size > 10_000
        assert (tmp_path / seed / "front.svg").exists()
    assert capsys.readouterr().out == ""
    assert main(["show", str(tmp_path / "1")]) == 0
    assert "120 distinct designs" in capsys.readouterr().out
    both = [str(tmp_path / "1"), str(tmp_path / "2")]
    assert main(["plot", *both, "--out", str(tmp_path / "both")]) == 0
    assert (tmp_path / "both.png").exists()


def test_json_is_one_document_with_the_front(tmp_path, capsys):
    assert main([*RUN, "--json", "--out", str(tmp_path / "r")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["n_evaluated"] == 120
    assert len(document["front"]) == document["n_front"]
    assert document["versions"]["evonasc"] == __version__


@pytest.mark.parametrize(
    "algorithm",
    [name for name, one in own_algorithms().items() if not (one.trains or one.enumerates)],
)
def test_every_algorithm_runs_from_the_command_line(algorithm, tmp_path):
    out = tmp_path / "r"
    assert main([*RUN, "--quiet", "--algo", algorithm, "--out", str(out)]) == 0
    assert 0 < len(rows_of(out / "evaluations.csv")) <= 120


def test_any_field_of_a_scenario_can_be_given(tmp_path):
    out = tmp_path / "r"
    given = ["--uplink-mbps", "80", "--payload-bits", "4,8", "--min-split", "7"]
    assert main([*RUN, "--quiet", *given, "--out", str(out)]) == 0
    scenario = json.loads((out / "config.json").read_text())["scenario"]
    assert (scenario["uplink_mbps"], scenario["payload_bits"]) == (80.0, [4, 8])
    rows = rows_of(out / "evaluations.csv")
    assert {row["payload_bits"] for row in rows} == {"4", "8"}
    assert min(int(row["split_point"]) for row in rows) >= 7


def test_objectives_are_taken_in_any_order(tmp_path):
    out = tmp_path / "r"
    names = "energy_mj,error,head_memory_bytes"
    assert main([*RUN, "--quiet", "--objectives", names, "--out", str(out)]) == 0
    assert json.loads((out / "config.json").read_text())["objectives"] == names.split(",")
    assert float(rows_of(out / "front.csv")[0]["energy_mj"]) > 0


@pytest.mark.parametrize("kind", ["algorithms", "problems", "hardware", "scenarios"])
def test_lists_name_what_exists(kind, capsys):
    assert main(["list", kind]) == 0
    out = capsys.readouterr().out
    known = {"algorithms": ALGORITHMS, "hardware": HARDWARE}.get(kind, {"": ""})
    assert all(name in out for name in known)


def test_the_table_of_a_machine_has_every_cell(tmp_path):
    assert main(["hardware", "table", "fpga", "--out", str(tmp_path / "t.csv")]) == 0
    rows = rows_of(tmp_path / "t.csv")
    assert len(rows) == 15625
    assert list(rows[0]) == ["arch_str", "total_ms"]


def test_the_scores_have_every_cell_and_leave_disconnected_ones_empty(tmp_path):
    assert main(["supernet", "errors", "--out", str(tmp_path / "s.csv")]) == 0
    rows = rows_of(tmp_path / "s.csv")
    assert len(rows) == 15625
    assert sum(row["error"] == "" for row in rows) == 341
    none = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    assert next(row for row in rows if row["arch_str"] == none)["error"] == ""


BAD = {
    "Unknown algorithm 'nsga22'. Did you mean 'nsga2'?": [*RUN, "--algo", "nsga22"],
    "Unknown scenario 'raspi4-edgegpu-10mbp'. Did you mean": [
        *RUN,
        "--scenario",
        "raspi4-edgegpu-10mbp",
    ],
    "Unknown objective 'latency'. Did you mean 'latency_ms'?": [
        *RUN,
        "--objectives",
        "error,latency",
    ],
    "Unknown hardware 'raspi5'. Did you mean 'raspi4'?": [*RUN, "--head-hardware", "raspi5"],
    "--uplink-mbps must be positive and below 1e9, got -1": [*RUN, "--uplink-mbps", "-1"],
    "--uplink-mbps must be a number, got 'fast'": [*RUN, "--uplink-mbps", "fast"],
    "--payload-bits must be one of 2, 4, 8, 16, 32, got 3": [*RUN, "--payload-bits", "3"],
    "leaves no valid cut for any network": [*RUN, "--max-head-memory-bytes", "10"],
    "min_split must lie in [0, n_blocks] = [0, 19], got 20": [*RUN, "--min-split", "20"],
    "budget must be at least 1, got 0": [*RUN, "--budget", "0"],
    "Unknown search space 'nasbench'. Did you mean 'nasbench201'?": [*RUN, "--space", "nasbench"],
    "needs the folder of its data": [*RUN, "--accuracy", "live"],
    "Cannot read the scenario": [*RUN, "--scenario", "nowhere.toml"],
}


@pytest.mark.parametrize("message", BAD, ids=lambda text: text[:30])
def test_bad_input_is_one_line_and_exit_code_2_and_writes_nothing(
    message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(BAD[message]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("evonasc: error: ")
    assert message in line
    assert list(tmp_path.iterdir()) == []


def test_a_used_folder_is_refused_and_kept(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("keep")
    assert main([*RUN, "--out", str(tmp_path)]) == 2
    assert "must be empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("command", ["show", "plot"])
def test_what_is_no_run_folder_is_refused(command, tmp_path, capsys):
    assert main([command, str(tmp_path)]) == 2
    assert "is no run folder" in capsys.readouterr().err


def test_an_unknown_machine_has_no_table(tmp_path, capsys):
    assert main(["hardware", "table", "raspi", "--out", str(tmp_path / "t.csv")]) == 2
    assert "Did you mean 'raspi4'?" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_training_without_data_says_what_to_give(tmp_path, capsys):
    arguments = ["--data-root", str(tmp_path), "--out", str(tmp_path / "o")]
    assert main(["supernet", "train", *arguments]) == 2
    assert "cifar-10-batches-py" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"evonasc {__version__}\n"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert "usage: evonasc" in capsys.readouterr().out


def test_help_imports_nothing_heavy():
    heavy = "{'torch', 'seaborn', 'pandas', 'pymoo', 'matplotlib', 'scipy', 'numpy', 'rich'}"
    code = (
        "import sys\nfrom evonasc.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print('loaded', {heavy} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "loaded set()"


@pytest.mark.slow
def test_a_run_on_stored_scores_imports_neither_torch_nor_seaborn(tmp_path):
    code = (
        "import sys\nfrom evonasc.cli import main\n"
        f"main([*{RUN!r}, '--quiet', '--out', {str(tmp_path / 'r')!r}])\n"
        "print('loaded', {'torch', 'seaborn', 'pandas'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "loaded set()"


@pytest.mark.slow
def test_ctrl_c_keeps_and_shows_what_was_evaluated(tmp_path):
    folder = tmp_path / "r"
    command = [sys.executable, "-m", "evonasc", "run", "--budget", "90000", "--no-plot"]
    process = subprocess.Popen(
        [*command, "--out", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    log = folder / "run.sqlite-wal"
    for _ in range(600):
        if log.exists() and log.stat().st_size > 50_000:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "(interrupted)" in " ".join(out.split())
    summary = json.loads((folder / "run.json").read_text())
    assert summary["status"] == "interrupted"
    assert len(rows_of(folder / "evaluations.csv")) == summary["n_evaluated"]


def test_markup_in_names_is_printed_not_read(tmp_path, capsys):
    out = tmp_path / "[red]x"
    assert main([*RUN, "--out", str(out)]) == 0
    assert "[red]x" in capsys.readouterr().out
    assert main(["show", str(out)]) == 0


def test_what_cannot_be_searched_leaves_no_folder(tmp_path, capsys):
    for arguments in (
        ["--algo", "moead", "--objectives", "error"],
        ["--head-power-mw", "inf", "--objectives", "error,energy_mj"],
    ):
        assert main([*RUN, *arguments, "--out", str(tmp_path / "r")]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("evonasc: error: ")
        assert list(tmp_path.iterdir()) == []


def test_every_scenario_field_is_explained():
    assert set(FIELD_HELP) == set(FIELD_KINDS)


def test_loss_is_short_for_packet_loss(tmp_path):
    for option, folder in (("--loss", "a"), ("--packet-loss", "b")):
        given = [option, "0.01", "--no-retransmit", "--quiet", "--out", str(tmp_path / folder)]
        assert main([*RUN, *given]) == 0
    configs = [json.loads((tmp_path / name / "config.json").read_text()) for name in "ab"]
    assert configs[0] == configs[1]
    assert configs[0]["scenario"]["packet_loss"] == 0.01


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("def search(archive, config):\n    yield 1 / 0\n", ["--algo", "mine:search"]),
        (
            "from pymoo.core.mutation import Mutation\n\n\nclass Mine(Mutation):\n"
            "    def _do(self, problem, X, **kwargs):\n        raise ValueError('broken')\n",
            ["--mutation", "mine:Mine"],
        ),
    ],
    ids=["algorithm", "mutation"],
)
def test_code_of_others_that_fails_gets_one_line(code, options, tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert main([*RUN, "--quiet", *options, "--out", "r"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "mine:" in error
    monkeypatch.delitem(sys.modules, "mine", raising=False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "--out", ""], "argument --out: must name a file or a folder, got ''"),
        (["show", ""], "argument RUN: must name a file or a folder, got ''"),
        (["run", "--budget", "1e20"], "argument --budget: must be a whole number, got '1e20'"),
        (["run", "--penalty-weight", "x"], "argument --penalty-weight: must be a number, got 'x'"),
        (["run", "--algo", "x" * 100_000], "Unknown algorithm"),
        (["run", "--seed", "x" * 100_000], "argument --seed: must be a whole number"),
    ],
)
def test_a_value_is_told_in_a_short_line(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    try:
        code = main(words)
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr().err
    assert code == 2
    assert message in said
    assert said.count("\n") == 1
    assert len(said) < 4000
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["run", "compare"])
def test_the_help_says_what_nasc_is(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "only the paper's abstract was available to us" in text
    assert "nasc and hwnas search on frozen weights, nasc-cotrain trains them" in text


@pytest.mark.slow
@pytest.mark.parametrize("words", [["list", "hardware"], ["run", "--budget", "30"]])
def test_whoever_reads_may_stop_reading(words, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "evonasc", *words],
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        check=False,
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGPIPE, b"")
