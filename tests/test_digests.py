"""Code and files are known by their content, not by their names."""

import sys
from dataclasses import replace

import pytest

from evonasc.cli import main
from evonasc.errors import PluginError
from evonasc.foreign_code import code_digest, refuse_code
from evonasc.plugins import all_points
from evonasc.runs.config import RunConfig
from evonasc.runs.digests import input_digests, path_digest, problem_inputs
from evonasc.runs.prepare import prepare
from evonasc.search.config import SearchConfig

PROBLEM = """
import helper_of_digests
from evonasc.problems.toy import Staircase

class Mine(Staircase):
    def columns(self, genes):
        columns = super().columns(genes)
        return {**columns, "error": columns["error"] * helper_of_digests.FACTOR}
"""
ALGORITHM = """
import numpy as np

def draw(archive, config):
    rng = np.random.default_rng(config.seed)
    while True:
        yield archive.problem.designs.sample(10, rng=rng)
"""
MODULES = ("problem_of_digests", "helper_of_digests", "algorithm_of_digests")


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    texts = dict(zip(MODULES, (PROBLEM, "FACTOR = 0.5\n", ALGORITHM), strict=True))
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    yield tmp_path
    for name in MODULES:
        sys.modules.pop(name, None)


def test_the_code_of_a_module_is_its_file_and_what_it_imports_beside_it(files):
    target, seen = "problem_of_digests:Mine", set()
    (files / "unrelated.py").write_text("x = 1\n")
    for name, text in (
        ("problem_of_digests", PROBLEM),
        ("problem_of_digests", PROBLEM + "# other\n"),
        ("helper_of_digests", "import deeper_of_digests\nFACTOR = 0.5\n"),
        ("deeper_of_digests", "y = 1\n"),
        ("deeper_of_digests", "y = 2\n"),
    ):
        (files / f"{name}.py").write_text(text)
        seen.add(code_digest(target))
    assert len(seen) == 5
    (files / "unrelated.py").write_text("x = 2\n")
    assert code_digest(target) in seen
    assert not set(MODULES) & set(sys.modules)  # found out without running any
    assert code_digest("nothing_of_digests:Mine") == ""


def test_the_code_of_a_package_is_all_its_files(files):
    (files / "package_of_digests" / "deep").mkdir(parents=True)
    for name in ("__init__", "deep/__init__", "deep/inner"):
        (files / "package_of_digests" / f"{name}.py").write_text("")
    before = code_digest("package_of_digests.deep:Mine")
    (files / "package_of_digests" / "deep" / "inner.py").write_text("x = 1\n")
    assert code_digest("package_of_digests:Mine") == code_digest("package_of_digests.deep:X")
    assert code_digest("package_of_digests:Mine") != before


def test_a_folder_is_the_names_and_contents_of_its_files(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.png").write_bytes(b"12")
    seen = {path_digest(tmp_path)}
    (tmp_path / "a" / "y.png").write_bytes(b"")
    seen.add(path_digest(tmp_path))
    (tmp_path / "a" / "x.png").write_bytes(b"1")
    (tmp_path / "a" / "y.png").write_bytes(b"2")
    seen.add(path_digest(tmp_path))
    (tmp_path / "a" / "y.png").rename(tmp_path / "y.png")
    seen.add(path_digest(tmp_path))
    assert len(seen) == 4


COMPARE = (
    *("compare", "--problem", "problem_of_digests:Mine", "--seeds", "1", "--budget", "30"),
    *("--algos", "nsga2,algorithm_of_digests:draw", "--no-plot", "--quiet", "--out", "c"),
)


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("problem_of_digests.py", "problem problem_of_digests:Mine"),
        ("helper_of_digests.py", "problem problem_of_digests:Mine"),
        ("algorithm_of_digests.py", "algorithm algorithm_of_digests:draw"),
    ],
)
def test_a_comparison_is_not_gone_on_with_by_other_code(file, named, files, capsys):
    assert main([*COMPARE]) == 0
    before = (files / "c" / "summary.csv").read_bytes()
    with (files / file).open("a") as text:
        text.write("\n# a change\n")
    capsys.readouterr()
    assert main([*COMPARE]) == 2
    error = capsys.readouterr().err
    assert f"{named} changed since" in error
    assert error.count("\n") == 1
    assert (files / "c" / "summary.csv").read_bytes() == before


def test_inputs_of_a_run_are_its_files_and_code(files, tmp_path):
    (tmp_path / "trace.csv").write_text("time_s,mbps\n0,4\n1,8\n")
    (tmp_path / "errors.csv").write_text("arch_str,error\n")
    config = prepare(RunConfig()).config
    scenario = replace(config.scenario, link="trace:trace.csv")
    search = SearchConfig(algorithm="algorithm_of_digests:draw")
    inputs, packages = input_digests(replace(config, scenario=scenario, search=search))
    assert list(inputs) == [
        *("hardware raspi4", "hardware edgegpu", "link trace:trace.csv"),
        "algorithm algorithm_of_digests:draw",
    ]
    assert all(len(digest) == 64 for digest in inputs.values())
    assert packages == {}
    assert problem_inputs(config) == {}


def test_a_name_that_nobody_installed_is_code_in_hand(tmp_path, monkeypatch):
    metadata = tmp_path / "evil-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[evonasc.problems]\nevil = evil:make\n")
    monkeypatch.delenv("EVONASC_TRUST_CODE", raising=False)
    refuse_code(["evil", None, 3], where=tmp_path)
    all_points.cache_clear()
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with pytest.raises(PluginError, match="asks to import 'evil', which would run its code"):
            refuse_code(["toy", "evil"], where=tmp_path)
        refuse_code(["toy", "nsga2"], where=tmp_path)
        monkeypatch.setenv("EVONASC_TRUST_CODE", "1")
        refuse_code(["evil"], where=tmp_path)
    finally:
        all_points.cache_clear()


@pytest.mark.slow
def test_runs_of_one_file_before_and_after_a_change_look_different(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, speed in (("before", "2e6"), ("after", "1e6")):
        (tmp_path / "box.toml").write_text(
            f'name = "box"\ndescription = "mine"\nmacs_per_ms = {speed}\nbytes_per_ms = 1e6\n'
        )
        words = ["run", "--budget", "40", "--head-hardware", "box.toml", "--out", name]
        assert main([*words, "--no-plot", "--quiet"]) == 0
        digest = path_digest(tmp_path / "box.toml")[:8]
        (tmp_path / f"{name}.txt").write_text(f"hardware box.toml with SHA-256 {digest}")
    assert main(["report", "before", "after", "--out", "both.html"]) == 0
    assert main(["plot", "before", "after", "--out", "both"]) == 0
    for name in ("before", "after"):
        told = (tmp_path / f"{name}.txt").read_text()
        assert told in (tmp_path / "both.html").read_text()
        assert told in (tmp_path / "both.svg").read_text()
