"""What the wheel holds, and that checkout and wheel agree."""

import doctest
import importlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import evonasc
import evonasc.operators

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONFIG = PYPROJECT["tool"]["setuptools"]
FOLDERS = {
    name: CONFIG["package-dir"].get(name, name.replace(".", "/")) for name in CONFIG["packages"]
}
SOURCES = {
    ".".join(part for part in (name, path.stem) if part != "__init__"): path
    for name, folder in FOLDERS.items()
    for path in sorted((ROOT / folder).glob("*.py"))
}
WITH_EXAMPLES = [name for name, path in SOURCES.items() if ">>> " in path.read_text("utf-8")]


def test_every_package_is_listed():
    """A folder missing from the explicit list would silently be left out of the wheel."""
    found = {
        path.parent.relative_to(ROOT).as_posix()
        for top in ("evonasc", "problems", "operators")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert found == set(FOLDERS.values())


def test_no_module_lies_outside_a_package():
    found = {
        path for top in ("evonasc", "problems", "operators") for path in (ROOT / top).rglob("*.py")
    }
    assert found == set(SOURCES.values())


def kind_then_name(name):
    """Order as ruff does: CONSTANTS, Classes, functions."""
    return (not name.isupper(), not name[0].isupper(), name)


@pytest.mark.parametrize("name", [n for n in SOURCES if "__all__" in SOURCES[n].read_text("utf-8")])
def test_exported_names_exist_and_are_sorted(name):
    module = importlib.import_module(name)
    assert module.__all__ == sorted(module.__all__, key=kind_then_name)
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, public) for public in module.__all__)


def test_every_operator_is_exported():
    """The contract test walks the exported names, so a forgotten one would go untested."""
    defined = set()
    for name in SOURCES:
        if name.startswith("evonasc.operators."):
            module = importlib.import_module(name)
            defined |= {
                key
                for key, value in vars(module).items()
                if isinstance(value, type) and value.__module__ == name and key[0] != "_"
            }
    assert defined == set(evonasc.operators.__all__)


@pytest.mark.parametrize("name", [n for n in SOURCES if not n.startswith("evonasc.cli")])
def test_modules_are_short_enough_to_read(name):
    n_lines = len(SOURCES[name].read_text(encoding="utf-8").splitlines())
    assert n_lines < 350, f"{name} is two concepts"


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings(name):
    """pytest --doctest-modules would import operators/ by the wrong name, so run them here."""
    result = doctest.testmod(importlib.import_module(name))
    # one that doctest does not find, in a comment or on a wrapped function, would never be run
    assert result.attempted == SOURCES[name].read_text(encoding="utf-8").count(">>> ")
    assert not result.failed


def test_there_are_examples():
    assert len(WITH_EXAMPLES) >= 3


def test_third_parties_are_declared():
    """Also those that another dependency brings along today."""
    project = PYPROJECT["project"]
    extras = [
        project["optional-dependencies"][name] for name in ("digits", "images", "plugins", "report")
    ]
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    modules = {"pillow": "PIL", "scikit-learn": "sklearn"}  # where they are named differently
    names = {re.split(r"[<>=]", line)[0] for line in lines}
    declared = {modules.get(name, name) for name in names}
    pattern = re.compile(r"^\s*(?:from|import) (\w+)", re.MULTILINE)
    used = {
        top for path in SOURCES.values() for top in pattern.findall(path.read_text("utf-8"))
    } - set(sys.stdlib_module_names)
    # matplotlib is what seaborn draws on, and seaborn's own interface hands it out
    third_parties = {name for name in used if is_installed_elsewhere(name)} - {"matplotlib"}
    assert third_parties <= declared, sorted(third_parties - declared)
    assert declared <= third_parties, f"not used: {sorted(declared - third_parties)}"


def is_installed_elsewhere(name):
    """Tell a third party from a word at the start of a docstring's line, and from ourselves."""
    if name == "evonasc":
        return False
    spec = importlib.util.find_spec(name)
    return spec is not None and "site-packages" in str(spec.origin)


@pytest.mark.slow
def test_wheel_holds_every_file_and_no_other(tmp_path):
    """Needs a package index. Also catches a deleted module that setuptools finds in build/lib."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith(f"evonasc-{evonasc.__version__}-py3-none-any")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {
        f"evonasc/{path.relative_to(ROOT / top).as_posix()}"
        if top == "evonasc"
        else f"evonasc/{path.relative_to(ROOT).as_posix()}"
        for top in ("evonasc", "problems", "operators")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == expected
    assert "evonasc/py.typed" in names
