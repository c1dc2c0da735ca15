"""The documentation: every command it shows is run here or named with the reason why not."""

import itertools
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from evonasc.cli import main
from evonasc.nasbench201.cells import arch_strings, canonical_connected_cells
from evonasc.nasbench201.machines.machine import KnownMachine

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = ("dask", "evonasc", "pip", "python", "python3")
OWN_SUPERNET = "minutes of training first; tests/test_own_supernet.py trains a small one"
PLUGIN = "needs an installed package; the plug-in tests build one"
INSTALLS = "installs packages; CI runs the test command as the README has it"
MINUTES = "minutes, or data to bring"

#: Page -> how a command begins that is not run, and why.
NOT_RUN = {
    "README.md": {
        "python3 -m venv": INSTALLS,
        "evonasc compare": MINUTES,
    },
    "accuracy.md": {
        "evonasc supernet train": OWN_SUPERNET,
        "evonasc supernet score": OWN_SUPERNET,
        "evonasc supernet errors --best": OWN_SUPERNET,
        "evonasc run --scores": OWN_SUPERNET,
        "evonasc run --space fbnet": "tests/test_fbnet_network.py runs it with a smaller supernet",
    },
    "index.md": {"python3 -m venv": INSTALLS},
    "own_machine.md": {
        "evonasc hardware profile": "times this computer for minutes",
        "evonasc hardware import": "a table to bring; test_fbnet_machines.py makes one up",
        "evonasc run --space fbnet": "needs it",
    },
    "plugins.md": {
        "pip install": INSTALLS,
        "evonasc check-plugin": PLUGIN,
        "evonasc run --problem": PLUGIN,
        "evonasc run --space": PLUGIN,
    },
    "runs.md": {
        "dask ": "test_cluster.py starts them",
        "evonasc run --problem mine": "needs them",
    },
    "report.md": {"pip install": INSTALLS},
    "results.md": {
        "evonasc run --algo nasc-cotrain --data cifar10": "CIFAR-10 to bring, and a GPU",
        "evonasc compare --algos nsga2,nsga2+refine": MINUTES,
        "evonasc supernet rank": "accuracies of a benchmark, to bring",
        "python benchmarks/": MINUTES,
    },
}


def commands(page):
    """Return the lines of all blocks that begin with a program; a block is commands or none."""
    lines = []
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        block = text.splitlines()
        if kind == "" and block[0].split()[0] in PROGRAMS:
            assert all(line.split()[0] in PROGRAMS for line in block), f"{page.name}: {block}"
            lines += block
    return lines


def spellings(line):
    """Return what a shell makes of one line: comments left out, one command a word in braces."""
    words = shlex.split(line, comments=True)
    choices = [word[1:-1].split(",") if word[0] == "{" else [word] for word in words]
    return [list(one) for one in itertools.product(*choices)]


def is_run(page, line):
    return not line.startswith(tuple(NOT_RUN.get(page.name, ())))


def bring_what_pages_ask_of_the_user():
    """Write the files and run folders that a page's reader has, into the folder we are in."""
    networks = canonical_connected_cells()[::600]
    cells, times = arch_strings(networks), KnownMachine("raspi4").total_ms(networks)
    table = "".join(f"{cell},{1.5 * ms:.4f}\n" for cell, ms in zip(cells, times, strict=True))
    Path("times.csv").write_text(f"arch_str,latency_ms\n{table}", encoding="utf-8")
    Path("my.toml").write_text('base = "raspi4-edgegpu-10mbps"\nuplink_mbps = 7\n', "utf-8")
    # From a 3x3 convolution on every edge to a mere skip: surely in the order of the run's errors.
    edges = "|{0}~0|+|{1}~0|{1}~1|+|{2}~0|{1}~1|{1}~2|"
    conv, small, skip, none = "nor_conv_3x3", "nor_conv_1x1", "skip_connect", "none"
    errors = {
        edges.format(conv, conv, skip): 0.06,
        edges.format(small, small, skip): 0.09,
        edges.format(none, none, small): 0.16,
        edges.format(none, none, skip): 0.30,
    }
    rows = "".join(f"{cell},{error}\n" for cell, error in errors.items())
    Path("pairs.csv").write_text(f"arch_str,error\n{rows}", encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(is_run(page, line) for line in commands(page))],
    ids=lambda page: page.name,
)
def test_every_command_works(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bring_what_pages_ask_of_the_user()
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind.startswith("csv "):
            Path(kind.removeprefix("csv ")).write_text(text, encoding="utf-8")
    if page.name == "report.md":
        for seed, name in enumerate(("mine", "other")):
            options = ["--budget", "200", "--no-plot", "--seed", str(seed)]
            assert main(["run", *options, "--out", f"runs/{name}"]) == 0
    for line in filter(lambda line: is_run(page, line), commands(page)):
        for program, *words in spellings(line):
            assert program == "evonasc", line
            if words[0] == "run":
                words += [] if "--budget" in words else ["--budget", "500"]
                words += ["--no-plot"]
            assert main(words) == 0, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_not_run_is_still_shown(page):
    shown = commands(page)
    for start, reason in NOT_RUN.get(page.name, {}).items():
        assert reason
        assert any(line.startswith(start) for line in shown), f"{page.name} has no {start!r} now"


def test_pages_without_commands_are_few():
    """Or the expression that finds blocks has lost them."""
    assert {page.name for page in PAGES if not commands(page)} == {"api.md"}


def test_every_benchmark_is_on_the_page_of_results():
    shown = {line.split()[1] for line in commands(ROOT / "docs/results.md")}
    there = {f"benchmarks/{path.name}" for path in (ROOT / "benchmarks").glob("*.py")}
    assert there == {name for name in shown if name.startswith("benchmarks/")}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["README.md", "docs/api.md"])
def test_python_examples_print_a_front(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))
    (code,) = [text for kind, text in blocks if kind == "python"]
    exec(compile(code, name, "exec"), {})
    assert "|nor_conv" in capsys.readouterr().out


def test_the_installation_is_that_of_the_readme():
    (shown,) = [line for line in commands(ROOT / "docs/index.md") if line.startswith("python3")]
    assert shown in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_every_page_is_in_the_navigation():
    """mkdocs only remarks on one that is not."""
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    named = re.findall(r": (\w+\.md)$", navigation, re.MULTILINE)
    assert {path.name for path in PAGES[1:]} <= set(named)
    assert len(named) == len(set(named))


@pytest.mark.slow
def test_the_site_is_built_strictly_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("mkdocs", reason="the site needs the extra `docs`")
    site = tmp_path / "site"
    # The README's test command does not activate the environment that has mkdocs.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [ROOT / "scripts/docs", site],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, done.stderr
    # told to be quiet, mkdocs would drop its warnings before it counts them
    assert "Documentation built" in done.stderr
    pages = {path.name: path.read_text(encoding="utf-8") for path in site.glob("*.html")}
    for name, text in pages.items():
        loaded = re.findall(r"<(?:img|script|link|iframe)\b[^>]*?\b(?:src|href)=\"([^\"]+)", text)
        assert loaded, name
        assert not [to for to in loaded if re.match(r"(\w+:)?//", to)], name
        assert not re.search(r":(?:class|func|meth|mod|data|attr):<code>", text), name
    # links out of docs/, which the hook turns, and what they lead to
    assert 'href="overview.html#cite"' in pages["index.html"]
    assert 'href="benchmarks/results/comparison/report.html"' in pages["results.html"]
    assert 'href="choosing.html"' in pages["overview.html"]
    assert (site / "benchmarks/results/comparison/report.html").is_file()
    # of the reference: a class, a field's comment `#:`, and a name that lies at the top
    api = pages["api.html"]
    assert 'id="evonasc.cost.scenario.Scenario"' in api
    assert "Rate of the uplink, Mbit/s." in api
    assert 'id="evonasc.runs.run.run"' in api
    assert 'id="evonasc.operators.mutation.DesignMutation"' in api
