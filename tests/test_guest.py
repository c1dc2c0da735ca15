"""A second benchmark that no list holds, from a package of its own, through every command."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from evonasc import plugins
from evonasc.cli import main
from evonasc.names import from_cell

GUEST = Path(__file__).parent / "guest"
SPACE = ["--space", "ladder"]


@pytest.fixture(scope="module", autouse=True)
def _installed():
    """Put the guest where an installed package would be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(GUEST))
        patch.setenv("EVONASC_TRUST_CODE", "1")  # what is installed needs no such word
        plugins._points.cache_clear()
        yield
    plugins._points.cache_clear()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a finished run."""
    out = tmp_path_factory.mktemp("ladder") / "run"
    words = ["run", *SPACE, "--objectives", "error,latency_ms,energy_mj", "--budget", "200"]
    assert main([*words, "--out", str(out)]) == 0
    return out


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def said(capsys, *words, code=0):
    assert main([str(word) for word in words]) == code
    streams = capsys.readouterr()
    return " ".join((streams.out if code in (0, 1) else streams.err).split())


def test_the_space_keeps_its_promises():
    from evonasc.contracts.checking import check

    findings = check("spaces", "ladder", n_cases=8)
    assert not [one for one in findings if one.fault]


def test_its_networks_are_more_than_64_bits_count():
    from evonasc.runs.benchmarks import search_space

    space = search_space("ladder")
    rows = space.sample(50, rng=np.random.default_rng(0))
    assert max(space.numbers(rows).tolist()) > 2**63
    order = np.lexsort(rows.T[::-1])
    assert space.numbers(rows[order]).tolist() == sorted(space.numbers(rows).tolist())


def test_a_run_records_what_was_used(folder):
    config = json.loads((folder / "config.json").read_text())
    assert config["space"] == "ladder"
    assert config["error"] == {"accuracy": "by-size", "pattern": 0.01}
    assert config["scenario"]["head_hardware"] == "ladder-phone"
    rows = rows_of(folder / "front.csv")
    assert {len(from_cell(row["network"])) for row in rows} == {22}
    assert "arch_str" not in rows[0]
    summary = json.loads((folder / "run.json").read_text())
    assert summary["n_evaluated"] == 200
    assert summary["exact"] is None


def test_its_values_are_those_of_its_own_tables(folder):
    from evonasc.runs.benchmarks import benchmark

    row = rows_of(folder / "front.csv")[0]
    guest = benchmark("ladder")
    space, cut = guest.make_space(), int(row["split_point"])
    operations = space.from_text([row["network"]])
    phone, server = (
        guest.machines.make(f"ladder-{end}", f"ladder-{end}") for end in ("phone", "server")
    )
    head = phone.head_table_ms(operations)[0]
    tail = server.head_table_ms(operations)[0]
    assert float(row["head_ms"]) == pytest.approx(head[cut])
    assert float(row["tail_ms"]) == pytest.approx(tail[-1] - tail[cut])


def test_show_speaks_of_networks(folder, capsys):
    text = said(capsys, "show", folder, "--provenance")
    assert "network" in text
    assert "cell" not in text
    assert "made up from the number of multiply-accumulates" in text
    assert "count as harmless (assumed)" in text
    assert "shipped supernet" not in text


@pytest.mark.slow
def test_plot_pick_explain_sweep_and_report(folder, capsys, tmp_path):
    said(capsys, "plot", folder, "--out", tmp_path / "front")
    assert (tmp_path / "front.png").stat().st_size > 0
    picked = json.loads(said(capsys, "pick", folder, "--json"))
    text = said(capsys, "explain", folder, rows_of(folder / "front.csv")[0]["id"])
    assert "layer 1" in text
    assert "k3_e6" in text or "k5_e6" in text
    text = said(capsys, "sweep", folder, "--uplink-mbps", "1:100:5", "--out", tmp_path)
    assert "Mbit/s" in text
    said(capsys, "report", folder, "--out", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "k5_e3" in page
    assert "layer 22" in page
    assert picked


@pytest.mark.slow
def test_compare_and_its_folder(capsys, tmp_path):
    words = ["compare", *SPACE, "--algos", "nsga2,nsga2+refine,nasc,hwnas,random", "--seeds", "2"]
    text = said(capsys, *words, "--budget", "120", "--no-plot", "--out", tmp_path / "cmp")
    assert "best known front" in text
    settings = json.loads((tmp_path / "cmp" / "comparison.json").read_text())["settings"]
    assert settings["space"] == "ladder"


def test_lists_and_checks_name_the_guest(capsys):
    spaces = said(capsys, "list", "spaces")
    assert "evonasc-guest 1.0" in spaces
    assert "ladders of 22 layers, made up" in spaces
    assert "ladder-server" in said(capsys, "list", "hardware", *SPACE)
    assert "raspi4" not in said(capsys, "list", "hardware", *SPACE)
    assert "by-size" in said(capsys, "list", "errors", *SPACE)
    assert "ladder-10mbps" in said(capsys, "list", "scenarios")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("ladder-phone", "hardware"), ("by-size", "errors"), ("ladder-10mbps", "scenarios")],
)
def test_what_it_brings_is_found_and_checked_by_name_alone(name, kind, capsys):
    text = said(capsys, "check-plugin", name, *SPACE, "--cases", "4")
    assert f"{name} ({kind})" in text
    assert "All rules hold." in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--head-hardware", "raspi4"], "Unknown hardware 'raspi4'. Known: ladder-phone"),
        (["--head-hardware", "raspi4"], "declare a machine for the networks of 'ladder'"),
        (["--accuracy", "supernet"], "Unknown accuracy 'supernet'. Known: by-size, table"),
        (["--scores", "s.npz"], "--scores is not read"),
        (["--algo", "gdas", "--data", "digits"], "brings no weights that a search can train"),
        (["--algo", "exact"], "too many to list"),
    ],
)
def test_what_the_guest_does_not_know_is_refused_by_name(words, message, capsys, tmp_path):
    text = said(capsys, "run", *SPACE, *words, "--out", tmp_path / "run", code=2)
    assert message in text
    assert not (tmp_path / "run").exists()


def test_an_option_of_its_errors_is_given_by_name_recorded_and_repeated(folder, capsys, tmp_path):
    from evonasc.cli.run_command import run_command
    from evonasc.runs.folder import read_config

    out, option = tmp_path / "run", ["--accuracy-option", "pattern=0.03"]
    said(capsys, "run", *SPACE, *option, "--budget", "200", "--no-plot", "--out", out)
    assert json.loads((out / "config.json").read_text())["error"] == {
        "accuracy": "by-size",
        "pattern": 0.03,
    }
    assert "--accuracy-option pattern=0.03" in run_command(read_config(out))
    errors = [{row["error"] for row in rows_of(one / "evaluations.csv")} for one in (out, folder)]
    assert errors[0] != errors[1]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("patern=1", "--accuracy-option patern is not read by --accuracy by-size"),
        ("pattern=high", "pattern of --accuracy by-size must be a number, got 'high'"),
        ("pattern=true", "pattern of --accuracy by-size must be a number, got True"),
        ("pattern", "--accuracy-option must be NAME=VALUE, got 'pattern'"),
        ("scores=x", "Give it as --scores"),
        ("pattern=0.1 --accuracy-option pattern=0.2", "must give 'pattern' once"),
    ],
)
def test_an_option_that_does_not_fit_is_refused_by_name(option, message, capsys, tmp_path):
    words = ["run", *SPACE, "--accuracy-option", *option.split(), "--out", tmp_path / "run"]
    assert message in said(capsys, *words, code=2)
    assert not (tmp_path / "run").exists()


def test_python_takes_the_scenario_of_the_space_too(folder):
    from evonasc import RunConfig, SearchConfig, load_run, run

    search = SearchConfig(budget=200)
    objectives = ("error", "latency_ms", "energy_mj")
    found = run(RunConfig(space="ladder", objectives=objectives, search=search))
    assert found.config == load_run(str(folder)).config
    assert found.config.scenario.name == "ladder-10mbps"


@pytest.mark.parametrize(
    "words",
    [
        ["supernet", "rank"],
        ["hardware", "fit"],
        ["supernet", "payload-effects", "--out", "x.npz"],
    ],
)
def test_what_only_another_benchmark_can_do_is_refused_by_name(words, capsys, tmp_path):
    text = said(capsys, *words, *SPACE, code=2)
    assert "The space 'ladder' has no tool for" in text


def test_a_declared_machine_serves_any_space(capsys, tmp_path):
    box = tmp_path / "box.toml"
    box.write_text(
        'name = "box"\ndescription = "made up"\nmacs_per_ms = 1e6\nbytes_per_ms = 1e6\n'
        "memory_bytes = 3e6\n"
    )
    words = ["run", *SPACE, "--head-hardware", box, "--budget", "60", "--no-plot"]
    said(capsys, *words, "--out", tmp_path / "run")
    assert "box (made up" in said(capsys, "show", tmp_path / "run", "--provenance")
    rows = rows_of(tmp_path / "run" / "evaluations.csv")
    assert max(float(row["head_memory_bytes"]) for row in rows) <= 3e6


def test_nothing_of_the_other_benchmark_is_loaded(tmp_path):
    import os
    import subprocess

    code = (
        "import sys; from evonasc.cli import main; "
        f"main(['run', '--space', 'ladder', '--budget', '20', '--quiet', '--no-plot', '--out', "
        f"{str(tmp_path / 'run')!r}]); "
        "print([name for name in sys.modules if name.startswith('evonasc.nasbench201')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(GUEST), str(GUEST.parents[1])])},
    )
    assert done.stdout.strip() == "[]"
