"""Every option of run, exact and compare is read, or refused by its own name."""

import argparse
from dataclasses import fields

import pytest

from evonasc.cli import _Parser, compare, exact, main, run
from evonasc.cost.scenario import FIELD_KINDS
from evonasc.search.algorithms import own_algorithms
from evonasc.search.config import SearchConfig, option_of

ALGORITHMS = own_algorithms()
FIELDS = [field.name for field in fields(SearchConfig) if field.name != "algorithm"]


def unread():
    """Yield every algorithm with every option that it does not read."""
    for name, entry in ALGORITHMS.items():
        for field in FIELDS:
            is_read = field in entry.options or (
                field in ("budget", "seed") and not entry.enumerates
            )
            if not is_read:
                yield name, field


@pytest.mark.parametrize(("algorithm", "field"), list(unread()))
def test_an_option_at_its_default_is_refused_where_the_algorithm_reads_none(
    algorithm, field, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    default, option = getattr(SearchConfig, field), option_of(field)
    values = [] if isinstance(default, bool) else [str(5 if default is None else default)]
    assert main(["run", "--algo", algorithm, option, *values]) == 2
    error = capsys.readouterr().err
    assert f"{option} must be used with one of" in error
    assert f"--algo {algorithm}, which does not read it" in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["run", "exact", "compare --out c"])
@pytest.mark.parametrize("name", [name for name in FIELD_KINDS if name != "name"])
def test_a_field_of_the_scenario_is_refused_where_the_problem_reads_none(
    name, command, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    option = f"--{name.replace('_', '-')}"
    value = [] if FIELD_KINDS[name] == "bool" else ["8"]
    assert main([*command.split(), "--problem", "toy", option, *value]) == 2
    assert f"{option} is not read by the problem 'toy'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "--problem", "toy", "--space", "nasbench201"], "--space is not read"),
        (["run", "--problem", "toy", "--scenario", "raspi4-edgegpu-10mbps"], "--scenario is not"),
        (["run", "--problem", "toy", "--error-resolution", "0.0"], "--error-resolution is not"),
        (["run", "--link", "trace:t.csv", "--uplink-mbps", "10"], "--uplink-mbps is not read by a"),
        (["exact", "--link", "trace:t.csv", "--uplink-mbps", "10"], "--uplink-mbps is not read"),
    ],
)
def test_what_means_nothing_is_refused_though_it_changes_nothing(
    words, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("time_s,mbps\n0,4\n1,8\n")
    assert main(words) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("module", [run, exact, compare])
def test_every_option_is_one_of_those_that_are_looked_at(module):
    """A new option must be entered here, and so be thought about."""
    parser = _Parser(prog="x")
    module.add_arguments(parser)
    known = {
        *FIELDS, "algorithm", *(f"set_{name}" for name in FIELD_KINDS),  # tested above
        *("problem", "space", "scenario", "objectives", "max", "max_latency_ms", "margin"),
        # of a source of errors: refused by it, see test_accuracy_arguments.py
        *("accuracy", "accuracy_option", "accuracy_table", "scores", "weights"), "data",
        "data_root",
        *("images", "no_cache", "device", "threads"),
        *("error_resolution", "calibration", "out", "exact", "no_plot", "quiet", "json", "help"),
        "strict",  # whatever is searched may fail
        "log_to",  # whatever is searched can be followed
        *("backend", "scheduler"),  # test_cluster.py
        *("rows", "provenance", "algos", "arm", "seeds", "jobs"),
    }  # fmt: skip
    found = {action.dest for action in parser._actions if action.dest != argparse.SUPPRESS}
    assert found <= known


def test_options_are_written_in_full(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["run", "--budg", "5"])
    assert "unrecognized arguments: --budg 5" in capsys.readouterr().err
